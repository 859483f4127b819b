using System.Diagnostics.CodeAnalysis;

namespace Violence.Kademlia.Storage;

/// <summary>
/// All entries of a store, the one that expires first on top: a binary heap whose entries know their index, so that a
/// refreshed or removed entry leaves nothing behind. Invariant: no entry expires before its parent.
/// </summary>
internal sealed class ExpiryHeap
{
    private readonly List<RecordEntry> _entries = [];

    public int Count => _entries.Count;

    public bool TryPeek([NotNullWhen(true)] out RecordEntry? first)
    {
        first = _entries.Count > 0 ? _entries[0] : null;
        return first is not null;
    }

    public void Add(RecordEntry entry)
    {
        _entries.Add(entry);
        Rise(entry, _entries.Count - 1);
    }

    public void Remove(RecordEntry entry)
    {
        int index = entry.HeapIndex;
        RecordEntry last = _entries[^1];
        _entries.RemoveAt(_entries.Count - 1);
        entry.HeapIndex = -1;
        if (last != entry)
        {
            Place(last, index);
            Moved(last);
        }
    }

    /// <summary>Restores the order after the entry's <see cref="RecordEntry.Expires"/> changed.</summary>
    public void Moved(RecordEntry entry)
    {
        int index = entry.HeapIndex;
        if (index > 0 && entry.Expires < _entries[Parent(index)].Expires)
        {
            Rise(entry, index);
        }
        else
        {
            Sink(entry, index);
        }
    }

    private void Rise(RecordEntry entry, int index)
    {
        while (index > 0 && entry.Expires < _entries[Parent(index)].Expires)
        {
            Place(_entries[Parent(index)], index);
            index = Parent(index);
        }

        Place(entry, index);
    }

    private void Sink(RecordEntry entry, int index)
    {
        while (true)
        {
            int child = 2 * index + 1;
            if (child >= _entries.Count)
            {
                break;
            }

            if (child + 1 < _entries.Count && _entries[child + 1].Expires < _entries[child].Expires)
            {
                child++;
            }

            if (entry.Expires <= _entries[child].Expires)
            {
                break;
            }

            Place(_entries[child], index);
            index = child;
        }

        Place(entry, index);
    }

    private void Place(RecordEntry entry, int index)
    {
        _entries[index] = entry;
        entry.HeapIndex = index;
    }

    private static int Parent(int index) => (index - 1) / 2;
}
