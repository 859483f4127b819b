using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// What is saved, to and from the values of rows. Reading never throws: a row that makes no sense is none. Its record is
/// well-formed and in its right place; that its signature is the one that was verified is the checksum's word.
/// </summary>
internal static class StateRows
{
    /// <summary>Length, id and the longest endpoint.</summary>
    private const int MaxHolderSize = 1 + NodeId.Size + NodeEndpoint.IPv6Size;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static StateTable Records { get; } = new(
        "records",
        Place(),
        new StateColumn("held_since", IsBlob: false),
        new StateColumn("expires", IsBlob: false),
        new StateColumn("source_network", IsBlob: false),
        new StateColumn("record", IsBlob: true, 1, Record.MaxSize));

    public static StateTable Owned { get; } = new(
        "owned",
        Place(),
        new StateColumn("due", IsBlob: false),
        new StateColumn("holders", IsBlob: true, 0, StateLimits.MaxHolders * MaxHolderSize),
        new StateColumn("record", IsBlob: true, 1, Record.MaxSize));

    public static StateTable Contacts { get; } = new(
        "contacts",
        new StateColumn("rank", IsBlob: false),
        new StateColumn("id", IsBlob: true, NodeId.Size, NodeId.Size),
        new StateColumn("endpoint", IsBlob: true, NodeEndpoint.IPv4Size, NodeEndpoint.IPv6Size),
        new StateColumn("last_seen", IsBlob: false));

    public static IReadOnlyList<StateTable> All { get; } = [Records, Owned, Contacts];

    public static object[] Write(SavedRecord saved) =>
    [
        SavedPlace.Of(saved.Record).ToBytes(),
        saved.HeldSince.ToUnixTimeMilliseconds(),
        saved.Expires.ToUnixTimeMilliseconds(),
        unchecked((long)saved.SourceNetwork),
        saved.Record.Bytes.ToArray(),
    ];

    public static object[] Write(SavedOwned saved) =>
    [
        SavedPlace.Of(saved.Record).ToBytes(),
        saved.Due.ToUnixTimeMilliseconds(),
        WriteHolders(saved.Holders),
        saved.Record.Bytes.ToArray(),
    ];

    public static object[] Write(SavedContact saved, int rank)
    {
        byte[] id = new byte[NodeId.Size];
        saved.Contact.Id.CopyTo(id);
        byte[] endpoint = new byte[saved.Contact.Endpoint.WireSize];
        saved.Contact.Endpoint.CopyTo(endpoint);
        return [(long)rank, id, endpoint, saved.LastSeen.ToUnixTimeMilliseconds()];
    }

    public static SavedRecord? ReadRecord(object[] row) =>
        TryTime(row[1], out DateTimeOffset heldSince) && TryTime(row[2], out DateTimeOffset expires) && TryRecord(row[0], row[4]) is { } record
            ? new SavedRecord(record, heldSince, expires, unchecked((ulong)(long)row[3]))
            : null;

    public static SavedOwned? ReadOwned(object[] row) =>
        TryTime(row[1], out DateTimeOffset due) && TryHolders((byte[])row[2]) is { } holders && TryRecord(row[0], row[3]) is { } record
            ? new SavedOwned(record, due, holders)
            : null;

    public static SavedContact? ReadContact(object[] row) =>
        TryTime(row[3], out DateTimeOffset lastSeen) && NodeEndpoint.TryRead((byte[])row[2], out NodeEndpoint endpoint) && endpoint.IsSendable
            ? new SavedContact(new Contact(new NodeId((byte[])row[1]), endpoint), lastSeen)
            : null;

    private static StateColumn Place() => new("place", IsBlob: true, SavedPlace.MinSize, SavedPlace.MaxSize);

    private static Record? TryRecord(object place, object bytes) =>
        RecordCodec.TryParse((byte[])bytes, out Record? record, out _) && SavedPlace.Of(record).ToBytes().AsSpan().SequenceEqual((byte[])place)
            ? record
            : null;

    private static bool TryTime(object value, out DateTimeOffset time)
    {
        long milliseconds = (long)value;
        bool isTime = milliseconds >= 0 && milliseconds <= LastMillisecond;
        time = isTime ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return isTime;
    }

    private static byte[] WriteHolders(IReadOnlyList<Contact> holders)
    {
        Span<byte> bytes = stackalloc byte[StateLimits.MaxHolders * MaxHolderSize];
        int length = 0;
        foreach (Contact holder in holders.Take(StateLimits.MaxHolders))
        {
            bytes[length] = (byte)holder.Endpoint.WireSize;
            holder.Id.CopyTo(bytes[(length + 1)..]);
            length += 1 + NodeId.Size;
            length += holder.Endpoint.CopyTo(bytes[length..]);
        }

        return bytes[..length].ToArray();
    }

    private static List<Contact>? TryHolders(ReadOnlySpan<byte> bytes)
    {
        var holders = new List<Contact>();
        while (!bytes.IsEmpty)
        {
            int size = 1 + NodeId.Size + bytes[0];
            if (bytes.Length < size || !NodeEndpoint.TryRead(bytes[(1 + NodeId.Size)..size], out NodeEndpoint endpoint))
            {
                return null;
            }

            holders.Add(new Contact(new NodeId(bytes[1..]), endpoint));
            bytes = bytes[size..];
        }

        return holders;
    }
}
