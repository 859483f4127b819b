using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>
/// Writes and signs this node's own records. Its sequences follow the wall clock and never repeat or go back, so that
/// they keep rising over restarts without anything saved.
/// </summary>
internal sealed class RecordAuthor(NodeIdentity identity, uint network)
{
    // No clock is that wrong; and a liar who names the highest number there is would leave the owner none above it.
    private const ulong ClockErrorMax = 100UL * 365 * 24 * 3_600 * 1_000;

    private ulong _lastSequence;

    /// <summary>The highest sequence given out or outrun so far.</summary>
    public ulong LastSequence => _lastSequence;

    public NodeId Owner => identity.Id;

    public Record Write(RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, DateTimeOffset utc) =>
        Write(key, label, payload, timeToLive, isTombstone: false, utc);

    /// <summary>Withdraws: lives as long as any record can, so that it outlives the one it buries.</summary>
    public Record Tombstone(RecordKey key, string label, DateTimeOffset utc) =>
        Write(key, label, [], Record.MaxTimeToLive, isTombstone: true, utc);

    /// <summary>The same content once more, issued now.</summary>
    public Record Renew(Record record, DateTimeOffset utc) =>
        Write(record.Key, record.Label, record.Payload.Span, record.TimeToLive, record.IsTombstone, utc);

    /// <summary>Whether a sequence could be one that this owner gave out in an earlier run, with its clock ahead.</summary>
    public static bool IsPlausible(ulong sequence, DateTimeOffset utc) => sequence <= Clock(utc) + ClockErrorMax;

    /// <summary>Makes the next sequences higher than one that others hold.</summary>
    public void Outrun(ulong sequence) => _lastSequence = Math.Max(_lastSequence, sequence);

    private static ulong Clock(DateTimeOffset utc) => (ulong)Math.Max(0, utc.ToUnixTimeMilliseconds());

    private Record Write(RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, bool isTombstone, DateTimeOffset utc)
    {
        ulong clock = Clock(utc);
        _lastSequence = Math.Max(clock, _lastSequence + 1);
        var fields = new RecordFields(
            network,
            key,
            identity.PublicKey,
            identity.Id,
            label,
            _lastSequence,
            DateTimeOffset.FromUnixTimeMilliseconds((long)clock),
            timeToLive,
            isTombstone);
        Span<byte> bytes = stackalloc byte[Record.MaxSize];
        int body = RecordCodec.EncodeBody(fields, payload, bytes);
        RecordSigner.Sign(identity, bytes[..body], bytes.Slice(body, Record.SignatureSize));
        bytes = bytes[..(body + Record.SignatureSize)];
        return RecordCodec.TryParse(bytes, out Record? record, out RecordError error)
            ? record
            : throw new InvalidOperationException($"A record of our own is not well-formed: {error}.");
    }
}
