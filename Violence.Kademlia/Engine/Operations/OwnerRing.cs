using System.Buffers.Binary;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// The ring of places, measured: owners' ids are hashes, spread evenly over it, so that a share of the ring has the same share of the
/// records. Only the first 64 bits of an id are looked at.
/// </summary>
internal static class OwnerRing
{
    private const double Whole = 18_446_744_073_709_551_616.0;

    /// <summary>The whole ring divided by the golden ratio: so far apart, any few places in a row are spread evenly (Weyl's sequence).</summary>
    private const ulong GoldenStep = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Before everything, but for the owner whose id is zero, whom nobody can be.</summary>
    public static RecordCursor Beginning { get; } = At(0);

    /// <summary>One of a row of places that begins at <paramref name="first"/>.</summary>
    public static RecordCursor Spread(ulong first, int index) => At(unchecked(first + GoldenStep * (ulong)index));

    /// <summary>The share of the ring between two places: 0 to 1, which it is all the way around from a place to itself.</summary>
    public static double Width(RecordCursor from, RecordCursor to)
    {
        ulong positions = unchecked(PositionOf(to.Owner) - PositionOf(from.Owner));
        if (positions != 0)
        {
            return positions / Whole;
        }

        // The same owner's: a few labels on, or all the way around.
        return RecordPlace.Compare(from.Owner, from.Label, to.Owner, to.Label) < 0 ? 0 : 1;
    }

    /// <summary>The place a share of the ring further on.</summary>
    public static RecordCursor Onward(RecordCursor from, double share) => At(unchecked(PositionOf(from.Owner) + (ulong)(share * Whole)));

    private static RecordCursor At(ulong position) => new(new NodeId(position, 0, 0), "");

    private static ulong PositionOf(NodeId owner)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        owner.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
