using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// The entries of a table in one array that grows by a quarter. A slot stays an entry's name until it is returned; slot numbers
/// follow from history, so nothing may be ordered by them.
/// </summary>
internal sealed class EntryPool
{
    /// <summary>No slot: the end of a list.</summary>
    public const int None = -1;

    private BucketEntry[] _entries = [];
    private int _used;
    private int _free = None;

    public ref BucketEntry this[int slot] => ref _entries[slot];

    public ReadOnlySpan<BucketEntry> Entries => _entries;

    public int Rent(Contact contact, Instant now)
    {
        int slot = _free;
        if (slot != None)
        {
            _free = _entries[slot].Next;
        }
        else
        {
            if (_used == _entries.Length)
            {
                Array.Resize(ref _entries, Growth.Next(_used));
            }

            slot = _used++;
        }

        _entries[slot] = new BucketEntry { Contact = contact, FirstSeen = now, LastSeen = now, Previous = None, Next = None };
        return slot;
    }

    public void Return(int slot)
    {
        _entries[slot] = new BucketEntry { Previous = None, Next = _free };
        _free = slot;
    }
}
