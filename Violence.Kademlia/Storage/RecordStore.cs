using System.Runtime.InteropServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The records a node holds for others. Invariants: one record of each key, owner and label, the winner of
/// <see cref="RecordOrder"/> among those that arrived while it was held; never above its <see cref="StorageLimits"/>; no
/// call shows a record that has expired by the <c>now</c> it was given, whether or not <see cref="Expire"/> ran before.
/// </summary>
internal sealed class RecordStore
{
    private readonly StorageLimits _limits;
    private readonly Dictionary<RecordKey, RecordSet> _sets;
    private readonly Dictionary<NodeId, int> _countByOwner = [];
    private readonly ExpiryHeap _expiries = new();

    public RecordStore(StorageLimits limits, EntropySource entropy)
    {
        _limits = limits;
        _sets = new Dictionary<RecordKey, RecordSet>(new RecordKeyComparer(entropy));
    }

    /// <summary>Records held; expired ones count until the next call that is given the time.</summary>
    public int Count => _expiries.Count;

    /// <summary>Bytes of the records held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Keys with a record.</summary>
    public int KeyCount => _sets.Count;

    /// <summary>When the next record expires; <see cref="Instant.Never"/> when none is held.</summary>
    public Instant NextExpiry => _expiries.TryPeek(out RecordEntry? first) ? first.Expires : Instant.Never;

    /// <summary>Whether exactly these bytes are held: they were verified when they came, and need not be again.</summary>
    public bool Holds(Record record) => Find(record) is { } entry && entry.Record.SameBytes(record);

    /// <summary>
    /// What <see cref="Put"/> would answer. Asked before a signature is verified: whatever is refused anyway isn't worth it.
    /// </summary>
    public StoreResult Foresee(Record record, DateTimeOffset utc)
    {
        RecordEntry? entry = Find(record);
        TimeSpan remaining = RecordRules.RemainingLife(record, utc, _limits.ClockTolerance);
        StoreStatus status = RecordRules.Judge(record, entry?.Record, remaining);
        return new StoreResult(
            status == StoreStatus.Stored ? CheckLimits(record, entry?.Record) : status,
            entry?.Record.Sequence ?? 0);
    }

    /// <summary>Keeps a record, or says why not.</summary>
    /// <param name="verified">A record of this network whose signature the caller has verified.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="utc">The wall clock, which a record's issue date is compared with once, on arrival.</param>
    public StoreResult Put(Record verified, Instant now, DateTimeOffset utc)
    {
        Expire(now);
        RecordEntry? entry = Find(verified);
        TimeSpan remaining = RecordRules.RemainingLife(verified, utc, _limits.ClockTolerance);
        StoreStatus status = RecordRules.Judge(verified, entry?.Record, remaining);
        if (status == StoreStatus.Stored)
        {
            status = CheckLimits(verified, entry?.Record);
        }

        Instant expires = now + remaining;
        switch (status)
        {
            case StoreStatus.Stored when entry is null:
                entry = Insert(verified, now, expires);
                break;
            case StoreStatus.Stored:
                Bytes += verified.Size - entry.Record.Size;
                entry.Record = verified;
                entry.Expires = expires;
                _expiries.Moved(entry);
                break;
            case StoreStatus.Refreshed when expires > entry!.Expires:
                // Never shortened: a wall clock that jumped forward must not take away what is held.
                entry.Expires = expires;
                _expiries.Moved(entry);
                break;
        }

        return new StoreResult(status, entry?.Record.Sequence ?? 0);
    }

    /// <summary>
    /// One page of the records under a key, in the order of <see cref="RecordPlace"/>. Parameters and result as
    /// <see cref="RecordSet.Read"/>.
    /// </summary>
    public int Read(
        RecordKey key,
        NodeId? owner,
        RecordCursor? after,
        Span<HeldRecord> destination,
        Instant now,
        out int total,
        out bool more)
    {
        Expire(now);
        if (_sets.TryGetValue(key, out RecordSet? set))
        {
            return set.Read(owner, after, destination, now, out total, out more);
        }

        total = 0;
        more = false;
        return 0;
    }

    /// <summary>Drops what has expired.</summary>
    /// <returns>How many records went.</returns>
    public int Expire(Instant now)
    {
        int expired = 0;
        while (_expiries.TryPeek(out RecordEntry? first) && first.Expires <= now)
        {
            Remove(first);
            expired++;
        }

        return expired;
    }

    /// <summary>The keys with a record, in ascending order: for repair, which walks through them.</summary>
    public RecordKey[] Keys(Instant now)
    {
        Expire(now);
        RecordKey[] keys = [.. _sets.Keys];
        Array.Sort(keys, static (left, right) => left.Position.CompareTo(right.Position));
        return keys;
    }

    /// <summary>Everything held, by key and then in the order of <see cref="RecordPlace"/>: for persistence and diagnostics.</summary>
    public List<StoredRecord> Snapshot(Instant now)
    {
        RecordKey[] keys = Keys(now);
        var records = new List<StoredRecord>(Count);
        foreach (RecordKey key in keys)
        {
            foreach (RecordEntry entry in _sets[key].Entries)
            {
                records.Add(new StoredRecord(entry.Record, entry.HeldSince, entry.Expires));
            }
        }

        return records;
    }

    private RecordEntry? Find(Record record) =>
        _sets.TryGetValue(record.Key, out RecordSet? set) ? set.Find(record.Owner, record.Label) : null;

    private StoreStatus CheckLimits(Record candidate, Record? replaced)
    {
        if (replaced is null)
        {
            if (_sets.TryGetValue(candidate.Key, out RecordSet? set) && set.Count >= _limits.MaxRecordsPerKey)
            {
                return StoreStatus.QuotaExceeded;
            }

            if (_countByOwner.GetValueOrDefault(candidate.Owner) >= _limits.MaxRecordsPerOwner)
            {
                return StoreStatus.QuotaExceeded;
            }

            if (Count >= _limits.MaxRecords)
            {
                return StoreStatus.Full;
            }
        }

        long bytes = Bytes + candidate.Size - (replaced?.Size ?? 0);
        return bytes > _limits.MaxBytes ? StoreStatus.Full : StoreStatus.Stored;
    }

    private RecordEntry Insert(Record record, Instant now, Instant expires)
    {
        ref RecordSet? set = ref CollectionsMarshal.GetValueRefOrAddDefault(_sets, record.Key, out _);
        set ??= new RecordSet();
        var entry = new RecordEntry(record, now, expires);
        set.Add(entry);
        CollectionsMarshal.GetValueRefOrAddDefault(_countByOwner, record.Owner, out _)++;
        _expiries.Add(entry);
        Bytes += record.Size;
        return entry;
    }

    private void Remove(RecordEntry entry)
    {
        Record record = entry.Record;
        RecordSet set = _sets[record.Key];
        set.Remove(entry);
        if (set.Count == 0)
        {
            _sets.Remove(record.Key);
        }

        ref int ofOwner = ref CollectionsMarshal.GetValueRefOrNullRef(_countByOwner, record.Owner);
        ofOwner--;
        if (ofOwner == 0)
        {
            _countByOwner.Remove(record.Owner);
        }

        _expiries.Remove(entry);
        Bytes -= record.Size;
    }
}
