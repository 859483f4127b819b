using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>What repair, hand-over and persistence see of the store.</summary>
internal sealed partial class RecordStore
{
    private readonly Queue<StoreChange>? _changes;

    /// <summary>Changes that <see cref="TryTakeChange"/> has still to give out.</summary>
    public int PendingChanges => _changes?.Count ?? 0;

    /// <summary>
    /// The next change since this was asked last, in the order they happened; none when the store does not note them. Whoever
    /// turned that on takes all after every step: nothing else bounds them.
    /// </summary>
    public bool TryTakeChange(out StoreChange change)
    {
        if (_changes is null)
        {
            change = default;
            return false;
        }

        return _changes.TryDequeue(out change);
    }

    /// <summary>The record with this fingerprint; the first one held when somebody made several.</summary>
    public bool TryFind(ulong fingerprint, Instant now, [NotNullWhen(true)] out RecordEntry? entry)
    {
        Expire(now);
        return _fingerprints.TryFind(fingerprint, out entry);
    }

    /// <summary>Whether the record with this fingerprint is held; if so, notes that somebody has just checked its copies.</summary>
    public bool Confirm(ulong fingerprint, Instant now)
    {
        if (!TryFind(fingerprint, now, out RecordEntry? entry))
        {
            return false;
        }

        _confirmations.Confirm(entry, now);
        return true;
    }

    /// <summary>Notes that this node has checked the copies of a record; an entry that has gone meanwhile is left alone.</summary>
    public void MarkConfirmed(RecordEntry entry, Instant now)
    {
        if (entry.IsHeld)
        {
            _confirmations.Confirm(entry, now);
        }
    }

    /// <summary>The record whose copies were checked longest ago.</summary>
    public bool TryPeekLeastConfirmed([NotNullWhen(true)] out RecordEntry? entry)
    {
        entry = _confirmations.First;
        return entry is not null;
    }

    /// <summary>When the first record has gone unconfirmed for an interval; <see cref="Instant.Never"/> when none is held.</summary>
    public Instant NextConfirmationDue(TimeSpan interval) =>
        _confirmations.First is { } first ? first.LastConfirmed + interval : Instant.Never;

    /// <summary>Finds records that were last confirmed at a time or before, those of longest ago first.</summary>
    /// <param name="notConfirmedSince">The time.</param>
    /// <param name="into">Gets them; they stay first in line until they are confirmed.</param>
    /// <param name="max">The most that are wanted.</param>
    /// <returns>How many were added.</returns>
    public int Collect(Instant notConfirmedSince, List<RecordEntry> into, int max)
    {
        int count = 0;
        RecordEntry? entry = _confirmations.First;
        while (count < max && entry is not null && entry.LastConfirmed <= notConfirmedSince)
        {
            into.Add(entry);
            entry = entry.Next;
            count++;
        }

        return count;
    }

    /// <summary>
    /// Visits what is held under some keys, by ascending key and then in the order of <see cref="RecordPlace"/>. The visitor may
    /// drop the entry it is shown, and change nothing else.
    /// </summary>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="visit">Is shown every entry.</param>
    /// <param name="isWanted">Whether a key's records are to be visited, all keys' when null. Is asked in no certain order.</param>
    public void ForEach(Instant now, Action<RecordEntry> visit, Func<RecordKey, bool>? isWanted = null)
    {
        foreach (RecordKey key in Keys(now, isWanted))
        {
            IReadOnlyList<RecordEntry> entries = _sets[key].Entries;
            for (int i = 0; i < entries.Count;)
            {
                RecordEntry entry = entries[i];
                visit(entry);
                i += entry.IsHeld ? 1 : 0;
            }
        }
    }

    /// <summary>The keys with a record, in ascending order; only some of them when asked so.</summary>
    public RecordKey[] Keys(Instant now, Func<RecordKey, bool>? isWanted = null)
    {
        Expire(now);
        RecordKey[] keys = isWanted is null ? [.. _sets.Keys] : [.. _sets.Keys.Where(isWanted)];
        Array.Sort(keys, static (left, right) => left.Position.CompareTo(right.Position));
        return keys;
    }

    /// <summary>Everything held, as <see cref="ForEach"/> visits it: for persistence and diagnostics.</summary>
    public List<StoredRecord> Snapshot(Instant now)
    {
        Expire(now);
        var records = new List<StoredRecord>(Count);
        ForEach(now, entry => records.Add(entry.ToStored()));
        return records;
    }

    private void Note(StoreChangeKind kind, RecordEntry entry) =>
        _changes?.Enqueue(new StoreChange(kind, entry.ToStored()));
}
