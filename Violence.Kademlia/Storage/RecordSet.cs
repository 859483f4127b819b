using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The records under one key. Invariant: sorted by <see cref="RecordPlace"/>, at most one of each owner and label.
/// </summary>
internal sealed class RecordSet
{
    // Most keys hold a single record.
    private readonly List<RecordEntry> _entries = new(capacity: 1);

    public int Count => _entries.Count;

    public IReadOnlyList<RecordEntry> Entries => _entries;

    public RecordEntry? Find(NodeId owner, string label)
    {
        int index = CountUpTo(owner, label);
        return index > 0 && Compare(_entries[index - 1], owner, label) == 0 ? _entries[index - 1] : null;
    }

    /// <summary>Adds an entry whose owner and label the set does not have yet.</summary>
    public void Add(RecordEntry entry) => _entries.Insert(CountUpTo(entry.Record.Owner, entry.Record.Label), entry);

    public void Remove(RecordEntry entry) => _entries.RemoveAt(CountUpTo(entry.Record.Owner, entry.Record.Label) - 1);

    /// <summary>One page of the set, or of one owner's records in it.</summary>
    /// <param name="owner">Only this owner's, or null for all.</param>
    /// <param name="after">Only what stands after this place; the place itself need not be held any more.</param>
    /// <param name="destination">Gets the page; its length is the most that is read.</param>
    /// <param name="now">What the times held are counted to.</param>
    /// <param name="total">How many records there are, on all pages.</param>
    /// <param name="more">Whether others follow after the page.</param>
    /// <returns>How many records were written.</returns>
    public int Read(
        NodeId? owner, RecordCursor? after, Span<HeldRecord> destination, Instant now, out int total, out bool more)
    {
        int start = 0;
        int end = _entries.Count;
        if (owner is { } wanted)
        {
            start = CountBefore(wanted);
            end = CountUpTo(wanted, label: null);
        }

        total = end - start;
        if (after is { } cursor)
        {
            start = Math.Clamp(CountUpTo(cursor.Owner, cursor.Label), start, end);
        }

        int count = Math.Min(destination.Length, end - start);
        for (int i = 0; i < count; i++)
        {
            destination[i] = _entries[start + i].ToHeld(now);
        }

        more = start + count < end;
        return count;
    }

    private int CountBefore(NodeId owner)
    {
        int index = CountUpTo(owner, "");

        // The empty label is the first of its owner, and CountUpTo includes it.
        return index > 0 && _entries[index - 1].Record.Owner == owner ? index - 1 : index;
    }

    /// <summary>How many entries stand before this place or at it; no label means after all of the owner's.</summary>
    private int CountUpTo(NodeId owner, string? label)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Compare(_entries[middle], owner, label) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static int Compare(RecordEntry entry, NodeId owner, string? label)
    {
        Record record = entry.Record;
        return label is null
            ? record.Owner.CompareTo(owner)
            : RecordPlace.Compare(record.Owner, record.Label, owner, label);
    }
}
