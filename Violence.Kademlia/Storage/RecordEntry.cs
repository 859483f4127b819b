using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The place of one key, owner and label in the store. It outlives the record in it: a winner takes over the entry, and
/// with it the time since when the place has been held. Only the store and its parts write to it.
/// </summary>
internal sealed class RecordEntry(Record record, Instant heldSince, Instant changedAt)
{
    /// <summary>Where the heap of all entries by expiry keeps this one.</summary>
    public int ExpiryIndex = IndexedHeap<RecordEntry, ByExpiry>.Absent;

    /// <summary>Where its source's heap by order of eviction keeps this one.</summary>
    public int EvictionIndex = IndexedHeap<RecordEntry, ByEviction>.Absent;

    public Record Record { get; private set; } = record;

    public ulong Fingerprint => Record.Fingerprint;

    public Instant HeldSince { get; } = heldSince;

    /// <summary>When this version came from its owner, as far as that is known: not moved by the same bytes again.</summary>
    public Instant ChangedAt { get; private set; } = changedAt;

    public Instant Expires { get; set; }

    /// <summary>When somebody, owner or fellow holder, last checked the copies of this record, as far as this node knows.</summary>
    public Instant LastConfirmed { get; set; }

    /// <summary>Whose account it is on; null while it is on none.</summary>
    public SourceAccount? Account { get; set; }

    /// <summary>Its neighbours in the <see cref="ConfirmationList"/>.</summary>
    public RecordEntry? Previous { get; set; }

    public RecordEntry? Next { get; set; }

    /// <summary>Whether the entry is in the store still.</summary>
    public bool IsHeld => ExpiryIndex >= 0;

    /// <summary>Puts a winner in the place; the entry must be on no account and in no index.</summary>
    public void Replace(Record winner, Instant changedAt)
    {
        Record = winner;
        ChangedAt = changedAt;
    }

    public HeldRecord ToHeld(Instant now) => new(Record, Seconds(now - HeldSince), Seconds(now - ChangedAt));

    public StoredRecord ToStored() => new(Record, HeldSince, Expires, Account!.Source);

    private static uint Seconds(TimeSpan span) => (uint)Math.Clamp(span.Ticks / TimeSpan.TicksPerSecond, 0, uint.MaxValue);
}

/// <summary>What expires first stands first.</summary>
internal readonly struct ByExpiry : IHeapOrder<RecordEntry>
{
    public static bool IsBefore(RecordEntry left, RecordEntry right) => left.Expires < right.Expires;

    public static ref int IndexOf(RecordEntry item) => ref item.ExpiryIndex;
}

/// <summary>
/// What goes first when a source has to give way: what expires first, and tombstones after all others, because what they
/// bury could come back. The fingerprint decides between the rest.
/// </summary>
internal readonly struct ByEviction : IHeapOrder<RecordEntry>
{
    public static bool IsBefore(RecordEntry left, RecordEntry right)
    {
        if (left.Record.IsTombstone != right.Record.IsTombstone)
        {
            return right.Record.IsTombstone;
        }

        return left.Expires < right.Expires || (left.Expires == right.Expires && left.Fingerprint < right.Fingerprint);
    }

    public static ref int IndexOf(RecordEntry item) => ref item.EvictionIndex;
}
