using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Whose account a record is put on: the network it was sent from (<see cref="NodeEndpoint.NetworkPrefix"/>), or this node
/// itself. Private and loopback addresses are networks of their own, one each: nobody far away has one, and those who share
/// a network at home or in a test are different hosts.
/// </summary>
internal readonly record struct RecordSource
{
    // Bit 63 is set in the prefixes of IPv4 networks, and bit 62 in none: it tells single addresses apart from networks.
    private const ulong SingleAddress = 1UL << 62;
    private const ulong IPv4 = 1UL << 63;

    private RecordSource(ulong network)
    {
        Network = network;
    }

    /// <summary>The node's own records: they are never evicted.</summary>
    public static RecordSource Self { get; } = new(ulong.MaxValue);

    /// <summary>A number to account by; stays the same over restarts.</summary>
    public ulong Network { get; }

    public bool IsSelf => Network == Self.Network;

    /// <summary>The source of what came from this address.</summary>
    public static RecordSource Of(NodeEndpoint endpoint) =>
        new(endpoint.IsPrivate ? OfAddress(endpoint) : endpoint.NetworkPrefix);

    /// <summary>A source as it was saved: its <see cref="Network"/>.</summary>
    public static RecordSource FromSaved(ulong network) => new(network);

    private static ulong OfAddress(NodeEndpoint endpoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        endpoint.WriteIPv6Address(bytes);
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        return endpoint.IsIPv4
            ? IPv4 | SingleAddress | (uint)low
            : SingleAddress | (high * 0x9E37_79B9_7F4A_7C15 ^ low * 0xC2B2_AE3D_27D4_EB4F) >> 2;
    }
}
