using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// Slots in the order of their entries' networks (/24 or /48), and within a network of their ids. The contacts of a network
/// stand side by side, and so do those of them that are in one bucket: to count either is to find both ends of a range.
/// </summary>
internal sealed class NetworkOrder(EntryPool pool)
{
    private int[] _slots = [];

    // The entries' networks, side by side: a search passes over these instead of over entries that lie all over the pool.
    private ulong[] _prefixes = [];
    private int _count;

    /// <summary>The contacts of a network whose ids share at least so many leading bits with <paramref name="id"/>.</summary>
    public ReadOnlySpan<int> Range(ulong network, NodeId id, int sharedBits)
    {
        int start = IndexOf(network, id, sharedBits);
        int end = start;
        int reach = start;

        // Most networks are small: their end is looked for in growing strides from where they begin.
        for (int stride = 1; reach < _count && IsInRange(reach); stride *= 2)
        {
            end = reach + 1;
            reach += stride;
        }

        reach = Math.Min(reach, _count);
        while (end < reach)
        {
            int middle = (end + reach) >>> 1;
            if (IsInRange(middle))
            {
                end = middle + 1;
            }
            else
            {
                reach = middle;
            }
        }

        return _slots.AsSpan(start, end - start);

        bool IsInRange(int index)
        {
            return _prefixes[index] == network && pool[_slots[index]].Contact.Id.CommonPrefixLength(id) >= sharedBits;
        }
    }

    /// <summary>Takes a slot in whose id is not here yet.</summary>
    public void Insert(int slot)
    {
        int index = IndexOf(slot);
        if (_count == _slots.Length)
        {
            Array.Resize(ref _slots, Growth.Next(_count));
            Array.Resize(ref _prefixes, _slots.Length);
        }

        _slots.AsSpan(index, _count - index).CopyTo(_slots.AsSpan(index + 1));
        _prefixes.AsSpan(index, _count - index).CopyTo(_prefixes.AsSpan(index + 1));
        _slots[index] = slot;
        _prefixes[index] = pool[slot].Contact.Endpoint.NetworkPrefix;
        _count++;
    }

    /// <summary>Takes a slot out that is here; its entry must still hold the contact it was inserted with.</summary>
    public void Remove(int slot)
    {
        int index = IndexOf(slot);
        _slots.AsSpan(index + 1, _count - index - 1).CopyTo(_slots.AsSpan(index));
        _prefixes.AsSpan(index + 1, _count - index - 1).CopyTo(_prefixes.AsSpan(index));
        _count--;
    }

    private int IndexOf(int slot)
    {
        Contact contact = pool[slot].Contact;
        return IndexOf(contact.Endpoint.NetworkPrefix, contact.Id, NodeId.Bits);
    }

    /// <summary>Where the contacts of a network begin that share so many bits with an id, or would stand.</summary>
    private int IndexOf(ulong network, NodeId id, int sharedBits)
    {
        ReadOnlySpan<BucketEntry> entries = pool.Entries;
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            int comparison = _prefixes[middle].CompareTo(network);
            if (comparison == 0)
            {
                ref readonly Contact other = ref entries[_slots[middle]].Contact;
                comparison = other.Id.CommonPrefixLength(id) < sharedBits ? other.Id.CompareTo(id) : 0;
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

        return low;
    }
}
