using System.Net;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Persistence;

/// <summary>State to save. Records are well-formed, and their signatures are not checked by anybody here.</summary>
internal static class StateSamples
{
    public const uint Network = 7;

    public static DateTimeOffset Utc { get; } = new(2026, 11, 22, 17, 43, 9, TimeSpan.Zero);

    public static StateLimits Limits { get; } = new() { Network = Network };

    public static Record Record(
        int number = 0,
        string label = "",
        ulong sequence = 1,
        DateTimeOffset? issued = null,
        TimeSpan? timeToLive = null,
        bool tombstone = false,
        int payload = 100,
        uint network = Network)
    {
        byte[] ownerKey = new byte[WireLimits.PublicKeySize];
        BitConverter.TryWriteBytes(ownerKey, number);
        var fields = new RecordFields(
            network,
            new RecordKey(new NodeId((ulong)number << 40, 0, (uint)number)),
            ownerKey,
            default,
            label,
            sequence,
            issued ?? Utc,
            timeToLive ?? TimeSpan.FromHours(8),
            tombstone);
        byte[] body = new byte[RecordCodec.MaxBodySize];
        byte[] content = new byte[tombstone ? 0 : payload];
        new Random(number).NextBytes(content);
        int size = RecordCodec.EncodeBody(fields, content, body);
        byte[] signature = new byte[Kademlia.Primitives.Record.SignatureSize];
        signature[0] = (byte)number;
        return RecordCodec.Assemble(body.AsSpan(0, size), signature);
    }

    public static SavedRecord Saved(Record record, TimeSpan? age = null) =>
        new(record, Utc - (age ?? TimeSpan.FromMinutes(1)), Utc - (age ?? TimeSpan.FromMinutes(1)) + record.TimeToLive, 0x8000_0000_00C0_0002);

    public static StateChange.Kept Kept(int number, string label = "", int payload = 100) => new(Saved(Record(number, label, payload: payload)));

    public static SavedContact Contact(int number) => new(
        new Contact(
            new NodeId((ulong)number, 1, 2),
            NodeEndpoint.From(IPAddress.Parse(number % 2 == 0 ? "192.0.2.1" : "2001:db8::1"), (ushort)(1 + number))),
        Utc - TimeSpan.FromMinutes(number));

    public static SavedOwned Owned(int number, int holders = 2) => new(
        Record(number, "own"), Utc + TimeSpan.FromMinutes(number), [.. Enumerable.Range(0, holders).Select(i => Contact(i).Contact)]);

    /// <summary>All of it in one list of lines, to compare.</summary>
    public static string[] Describe(this SavedState state) =>
    [
        .. state.Records.Select(saved => $"{Hex(saved.Record)} {saved.HeldSince:O} {saved.Expires:O} {saved.SourceNetwork}"),
        .. state.Owned.Select(saved => $"{Hex(saved.Record)} {saved.Due:O} {string.Join(',', saved.Holders)}"),
        .. state.Contacts.Select(saved => $"{saved.Contact} {saved.LastSeen:O}"),
    ];

    private static string Hex(Record record) => Convert.ToHexStringLower(record.Bytes.Span);
}
