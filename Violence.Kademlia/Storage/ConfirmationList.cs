using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// All entries of a store, linked in the order they were last confirmed. Invariant: no entry was confirmed later than the
/// one after it; times that run backwards count as the latest seen.
/// </summary>
internal sealed class ConfirmationList
{
    private RecordEntry? _last;

    /// <summary>The entry that was confirmed longest ago.</summary>
    public RecordEntry? First { get; private set; }

    public void Add(RecordEntry entry, Instant now)
    {
        entry.LastConfirmed = _last is null ? now : Instant.Max(now, _last.LastConfirmed);
        entry.Previous = _last;
        if (_last is null)
        {
            First = entry;
        }
        else
        {
            _last.Next = entry;
        }

        _last = entry;
    }

    public void Remove(RecordEntry entry)
    {
        if (entry.Previous is null)
        {
            First = entry.Next;
        }
        else
        {
            entry.Previous.Next = entry.Next;
        }

        if (entry.Next is null)
        {
            _last = entry.Previous;
        }
        else
        {
            entry.Next.Previous = entry.Previous;
        }

        entry.Previous = null;
        entry.Next = null;
    }

    public void Confirm(RecordEntry entry, Instant now)
    {
        Remove(entry);
        Add(entry, now);
    }
}
