using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Descriptions, records and generators for the directory's tests. Records are unsigned: nothing here verifies.</summary>
internal static class DirectorySamples
{
    private const string NameAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ";
    private const string WordAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-";

    public static readonly DateTimeOffset Issued = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000);

    public static readonly Gen<string> Words = Gen.String[Gen.Char[WordAlphabet], 1, 24];

    public static readonly Gen<string> Names =
        Gen.String[Gen.Char[NameAlphabet], 1, 48].Where(name => name[0] != ' ' && name[^1] != ' ');

    private static readonly Gen<int> Ports = Gen.Int[1, 65535];

    private static readonly Gen<string> Addresses = Gen.OneOf(
        Gen.Select(Gen.Int[1, 223], Gen.Byte, Ports, (first, last, port) => $"{first}.0.2.{last}:{port}"),
        Gen.Select(Gen.UShort, Ports, (group, port) => $"[2001:db8::{group:x}]:{port}"),
        Gen.Select(Gen.Int[1, 200], Ports, (length, port) => $"{HostOf(length)}.example:{port}"));

    /// <summary>Valid descriptions in normalized form.</summary>
    public static readonly Gen<ServerInfo> Servers = Gen.Select(
        Gen.Select(Names, Addresses, Words, Words),
        Gen.Select(Gen.Int[0, 65535], Gen.Int[0, 65535]),
        Gen.String[Gen.Char[' ', '~'], 0, 24],
        Words.Array[0, 8],
        Gen.Select(Gen.OneOf(Gen.Const(""), Words), Gen.Bool),
        (texts, counts, version, tags, play) => new ServerInfo
        {
            Name = texts.Item1,
            Address = texts.Item2,
            Genre = texts.Item3,
            Region = texts.Item4,
            Players = counts.Item2 == 0 ? counts.Item1 : Math.Min(counts.Item1, counts.Item2),
            MaxPlayers = counts.Item2,
            Version = version,
            Mode = play.Item1,
            HasPassword = play.Item2,
            Tags = tags,
        });

    public static ServerInfo Arena { get; } = new()
    {
        Name = "Arena One",
        Address = "203.0.113.7:27015",
        Genre = "arena",
        Region = "eu-west",
        Players = 3,
        MaxPlayers = 16,
        Version = "1.4.2",
        Tags = ["ranked", "no-bots"],
    };

    /// <summary>A description with every field as long as it may be.</summary>
    public static ServerInfo Longest { get; } = new()
    {
        Name = new string('n', 48),
        Address = $"{HostOf(253)}:65535",
        Genre = new string('g', 24),
        Region = new string('r', 24),
        Players = 65535,
        MaxPlayers = 65535,
        Version = new string('v', 24),
        Mode = new string('m', 24),
        HasPassword = true,
        Tags = [.. Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 24))],
    };

    /// <summary>Ids in the order of their numbers, with different fingerprints.</summary>
    public static NodeId Owner(uint number) => new((ulong)number << 40, 0, number);

    public static Record NameRecord(ServerInfo server, NodeId owner, ulong sequence = 1) =>
        Record(DirectoryKeys.Name(DirectoryText.NormalizeName(server.Name)), owner, "", sequence, ServerRowCodec.Encode(server));

    public static Record GenreRecord(ServerInfo server, NodeId owner, ulong sequence = 1) =>
        Record(DirectoryKeys.Genre(server.Genre), owner, DirectoryText.NormalizeName(server.Name), sequence, ServerRowCodec.Encode(server));

    public static Record Tombstone(Record buried) => Record(buried.Key, buried.Owner, buried.Label, buried.Sequence + 1, null);

    /// <summary>A record; a tombstone when there is no payload.</summary>
    public static Record Record(RecordKey key, NodeId owner, string label, ulong sequence, byte[]? payload)
    {
        byte[] bytes = [.. payload ?? [], .. new byte[Kademlia.Primitives.Record.SignatureSize]];
        RecordFields fields = new(
            0, key, new byte[32], owner, label, sequence, Issued, Kademlia.Primitives.Record.MaxTimeToLive, IsTombstone: payload is null);
        return new Record(bytes, fields, payloadStart: 0, payload?.Length ?? 0);
    }

    public static GetResult Found(params FoundRecord[] records) => new(GetStatus.Found, records, default);

    public static GetResult Found(params Record[] records) =>
        new(GetStatus.Found, [.. records.Select(record => new FoundRecord(record, 3, TimeSpan.FromMinutes(1)))], default);

    private static string HostOf(int length) =>
        string.Concat(Enumerable.Range(1, length).Select(i => i % 50 == 0 && i < length ? '.' : 'h'));
}
