using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The place of one key, owner and label in the store. It outlives the record in it: a winner takes over the entry, and
/// with it the time since when the place has been held.
/// </summary>
internal sealed class RecordEntry(Record record, Instant heldSince, Instant expires)
{
    public Record Record { get; set; } = record;

    public Instant HeldSince { get; } = heldSince;

    public Instant Expires { get; set; } = expires;

    /// <summary>Where <see cref="ExpiryHeap"/> keeps the entry; its own to write.</summary>
    public int HeapIndex { get; set; } = -1;

    public HeldRecord ToHeld(Instant now)
    {
        long seconds = (now - HeldSince).Ticks / TimeSpan.TicksPerSecond;
        return new HeldRecord(Record, (uint)Math.Clamp(seconds, 0, uint.MaxValue));
    }
}
