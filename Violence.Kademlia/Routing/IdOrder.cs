using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// Slots in the order of their entries' ids. Ids with a common prefix stand side by side, so every bucket, and every subtree
/// of the paper's tree, is a range of this array, and <see cref="NearestWalk"/> needs no other structure to find the nearest.
/// </summary>
internal sealed class IdOrder(EntryPool pool)
{
    private int[] _slots = [];

    // The ids' first 64 bits, side by side: a search passes over these instead of over entries that lie all over the pool.
    private ulong[] _heads = [];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, Count);

    /// <summary>The heads of the ids in <see cref="Slots"/>, see <see cref="NodeId.Head"/>.</summary>
    public ReadOnlySpan<ulong> Heads => _heads.AsSpan(0, Count);

    /// <summary>Takes a slot in whose id is not here yet.</summary>
    public void Insert(int slot)
    {
        NodeId id = pool[slot].Contact.Id;
        int index = ~IndexOf(id);
        if (Count == _slots.Length)
        {
            Array.Resize(ref _slots, Growth.Next(Count));
            Array.Resize(ref _heads, _slots.Length);
        }

        _slots.AsSpan(index, Count - index).CopyTo(_slots.AsSpan(index + 1));
        _heads.AsSpan(index, Count - index).CopyTo(_heads.AsSpan(index + 1));
        _slots[index] = slot;
        _heads[index] = id.Head;
        Count++;
    }

    /// <summary>Takes a slot out that is here; its entry must still hold the id it was inserted with.</summary>
    public void Remove(int slot)
    {
        int index = IndexOf(pool[slot].Contact.Id);
        _slots.AsSpan(index + 1, Count - index - 1).CopyTo(_slots.AsSpan(index));
        _heads.AsSpan(index + 1, Count - index - 1).CopyTo(_heads.AsSpan(index));
        Count--;
    }

    private int IndexOf(NodeId id)
    {
        ReadOnlySpan<BucketEntry> entries = pool.Entries;
        ReadOnlySpan<ulong> heads = Heads;
        int low = 0;
        int high = heads.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            int comparison = heads[middle].CompareTo(id.Head);
            if (comparison == 0)
            {
                comparison = entries[_slots[middle]].Contact.Id.CompareTo(id);
            }

            if (comparison == 0)
            {
                return middle;
            }

            if (comparison < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return ~low;
    }
}
