using System.Text;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Output;

/// <summary>What <c>put --json</c> prints.</summary>
internal sealed record PutDocument(
    string Event, string Key, string Owner, string Fingerprint, string Label, ulong Sequence, DateTimeOffset Expires, int Acks, int Wanted, bool Stored, string Status)
{
    public static PutDocument Of(PutResult result) => new(
        "put",
        result.Record.Key.ToString(),
        result.Record.Owner.ToString(),
        NodeIdentity.FingerprintOf(result.Record.Owner),
        result.Record.Label,
        result.Record.Sequence,
        result.Record.Issued + result.Record.TimeToLive,
        result.Acknowledgements,
        result.Wanted,
        result.IsStored,
        result.Status switch
        {
            PutStatus.Stored => "stored",
            PutStatus.TooFewReplicas => "too_few_replicas",
            PutStatus.Stale => "stale",
            PutStatus.Refused => "refused",
            _ => "no_peers",
        });
}

/// <summary>A record that a get found.</summary>
internal sealed record FoundDocument(
    string Owner, string Fingerprint, string Label, ulong Sequence, DateTimeOffset Issued, int TimeToLive, int Holders, int HeldFor, string? Text, byte[] Payload)
{
    public static FoundDocument Of(FoundRecord found) => new(
        found.Record.Owner.ToString(),
        NodeIdentity.FingerprintOf(found.Record.Owner),
        found.Record.Label,
        found.Record.Sequence,
        found.Record.Issued,
        (int)found.Record.TimeToLive.TotalSeconds,
        found.Holders,
        (int)found.HeldFor.TotalSeconds,
        RecordText.Of(found.Record),
        found.Record.Payload.ToArray());
}

/// <summary>What <c>get --json</c> prints.</summary>
internal sealed record GetDocument(string Status, IReadOnlyList<FoundDocument> Records, double ElapsedMs, int Requests, int Hops)
{
    public static GetDocument Of(GetResult result) => new(
        result.Status switch
        {
            GetStatus.Found => "found",
            GetStatus.Withdrawn => "withdrawn",
            GetStatus.NoPeers => "no_peers",
            _ => "not_found",
        },
        [.. result.Records.Select(FoundDocument.Of)],
        Math.Round(result.Cost.Elapsed.TotalMilliseconds, 3),
        result.Cost.Requests,
        result.Cost.Hops);
}

/// <summary>A record in a data directory that is held for others; times in seconds.</summary>
internal sealed record HeldDocument(
    string Key, string Owner, string Fingerprint, string Label, ulong Sequence, int Bytes, bool Withdrawn, double Remaining, double HeldFor)
{
    public static HeldDocument Of(HeldRecordInfo held) => new(
        held.Record.Key.ToString(),
        held.Record.Owner.ToString(),
        NodeIdentity.FingerprintOf(held.Record.Owner),
        held.Record.Label,
        held.Record.Sequence,
        held.Record.Bytes.Length,
        held.Record.IsTombstone,
        Math.Round(held.Remaining.TotalSeconds, 3),
        Math.Round(held.HeldFor.TotalSeconds, 3));
}

/// <summary>A record in a data directory that its node keeps alive; times in seconds.</summary>
internal sealed record OwnedDocument(
    string Key, string Owner, string Fingerprint, string Label, ulong Sequence, int Bytes, bool Withdrawn, double Remaining, double NextPublication, IReadOnlyList<string> Holders)
{
    public static OwnedDocument Of(OwnedRecordInfo owned) => new(
        owned.Record.Key.ToString(),
        owned.Record.Owner.ToString(),
        NodeIdentity.FingerprintOf(owned.Record.Owner),
        owned.Record.Label,
        owned.Record.Sequence,
        owned.Record.Bytes.Length,
        owned.Record.IsTombstone,
        Math.Round(owned.Remaining.TotalSeconds, 3),
        Math.Round(owned.NextPublication.TotalSeconds, 3),
        [.. owned.Holders.Select(static holder => holder.Endpoint.ToString())]);
}

/// <summary>What <c>records --json</c> prints.</summary>
internal sealed record RecordsDocument(IReadOnlyList<HeldDocument> Held, IReadOnlyList<OwnedDocument> Owned, int Damaged)
{
    public static RecordsDocument Of(SavedRecords saved) =>
        new([.. saved.Held.Select(HeldDocument.Of)], [.. saved.Owned.Select(OwnedDocument.Of)], saved.Damaged);
}

/// <summary>A record's content as text.</summary>
internal static class RecordText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null when it is not UTF-8.</summary>
    public static string? Of(Record record)
    {
        try
        {
            return Strict.GetString(record.Payload.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
