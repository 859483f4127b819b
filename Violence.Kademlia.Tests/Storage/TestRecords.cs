using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>Records as a store sees them: verified already, so the bytes only have to differ when the fields do.</summary>
internal static class TestRecords
{
    public static readonly DateTimeOffset Utc = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly Instant Now = Instant.FromMilliseconds(1_000_000);

    /// <summary>Senders in three networks.</summary>
    public static readonly RecordSource A = Source(1);
    public static readonly RecordSource B = Source(2);
    public static readonly RecordSource C = Source(3);

    /// <summary>
    /// Labels whose order as UTF-8 and as UTF-16 differs (U+FF5E against U+1F600), and prefixes of each other.
    /// </summary>
    public static readonly string[] Labels = ["", "a", "ab", "\u00e9", "\uff5e", "\U0001f600", "a\uff5e", "a\U0001f600"];

    public static RecordKey Key(int number) => new(new NodeId((ulong)number << 62, 0, (uint)number));

    // The differing bits stand at both ends of the id, so that an order by a part of it would show.
    public static NodeId Owner(int number) => new((ulong)(number % 2) << 63, 0, (uint)number);

    /// <summary>A sender in the network of this number.</summary>
    public static RecordSource Source(int network) =>
        RecordSource.Of(NodeEndpoint.FromIPv4([20, (byte)(network >> 8), (byte)network, 1], 4_001));

    public static Record Create(
        int key = 0,
        int owner = 0,
        string label = "",
        ulong sequence = 1,
        DateTimeOffset? issued = null,
        TimeSpan? timeToLive = null,
        bool tombstone = false,
        int salt = 0,
        int padding = 0)
    {
        var fields = new RecordFields(
            1, Key(key), new byte[32], Owner(owner), label, sequence, issued ?? Utc, timeToLive ?? Record.MaxTimeToLive, tombstone);
        string text = $"{key}|{owner}|{label}|{sequence}|{fields.Issued.Ticks}|{fields.TimeToLive.Ticks}|{tombstone}|{salt}|";
        byte[] body = [.. Encoding.UTF8.GetBytes(text), .. new byte[padding]];
        return new Record([.. body, .. SHA512.HashData(body)], fields, 0, 0);
    }

    /// <summary>Records of a small world, so that keys, places, sequences and whole records meet often.</summary>
    public static readonly Gen<Record> Any = Gen.Select(
        Gen.Int[0, 2], Gen.Int[0, 3], Gen.OneOf(Labels), Gen.ULong[0, 3], Gen.Int[0, 2], Gen.Bool,
        (key, owner, label, sequence, salt, tombstone) =>
            Create(key, owner, label, sequence, salt: salt, tombstone: tombstone));

    public static byte[] Hash(this Record record)
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        record.Hash(hash);
        return hash;
    }

    /// <summary>The order of a page, by the bytes themselves.</summary>
    public static int ComparePlaces(Record left, Record right)
    {
        int byOwner = string.CompareOrdinal(left.Owner.ToString(), right.Owner.ToString());
        return byOwner != 0
            ? byOwner
            : Encoding.UTF8.GetBytes(left.Label).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right.Label));
    }

    public static (RecordKey Key, NodeId Owner, string Label) Place(this Record record) =>
        (record.Key, record.Owner, record.Label);
}
