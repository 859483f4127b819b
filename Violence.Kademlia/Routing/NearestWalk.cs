using System.Numerics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// Visits slots in the order of their distance to a target, nearest first, by walking the binary tree that the sorted ids
/// spell out: at each branch the half that agrees with the target's bit comes wholly before the other. Nothing is sorted, and
/// what is not reached is not looked at.
/// </summary>
internal ref struct NearestWalk
{
    private readonly ReadOnlySpan<BucketEntry> _entries;
    private readonly ReadOnlySpan<int> _slots;
    private readonly ReadOnlySpan<ulong> _heads;
    private readonly Span<Branch> _stack;
    private readonly NodeId _target;
    private int _waiting;

    public NearestWalk(EntryPool pool, IdOrder order, NodeId target, Span<Branch> stack)
    {
        _entries = pool.Entries;
        _slots = order.Slots;
        _heads = order.Heads;
        _stack = stack;
        _target = target;
        if (!_slots.IsEmpty)
        {
            _stack[_waiting++] = new Branch(0, _slots.Length);
        }
    }

    /// <summary>The other half waits at every branch on the way down: branches lie at rising bits of 160, and part what is there.</summary>
    public static int StackSize(IdOrder order) => Math.Min(order.Count, NodeId.Bits);

    /// <summary>The next ones, as many as there is room for and as are left.</summary>
    /// <returns>How many were written.</returns>
    public int Take(Span<int> slots)
    {
        int count = 0;
        while (count < slots.Length && TryNext(out slots[count]))
        {
            count++;
        }

        return count;
    }

    public bool TryNext(out int slot)
    {
        if (_waiting == 0)
        {
            slot = EntryPool.None;
            return false;
        }

        (int low, int high) = _stack[--_waiting];
        while (high - low > 1)
        {
            // First and last of a sorted range share exactly what the whole range shares: the next bit is the branch.
            ulong difference = _heads[low] ^ _heads[high - 1];
            int middle;
            bool isTargetBeyond;
            if (difference != 0)
            {
                ulong bit = 1UL << (63 - BitOperations.LeadingZeroCount(difference));
                middle = FirstWithHeadBit(bit, low, high);
                isTargetBeyond = (_target.Head & bit) != 0;
            }
            else
            {
                int bit = IdAt(low).CommonPrefixLength(IdAt(high - 1));
                middle = FirstWithBit(bit, low, high);
                isTargetBeyond = _target.Bit(bit);
            }

            if (isTargetBeyond)
            {
                _stack[_waiting++] = new Branch(low, middle);
                low = middle;
            }
            else
            {
                _stack[_waiting++] = new Branch(middle, high);
                high = middle;
            }
        }

        slot = _slots[low];
        return true;
    }

    /// <summary>Where the ones begin; the first id of the range has a zero there, the last a one.</summary>
    private readonly int FirstWithHeadBit(ulong bit, int low, int high)
    {
        low++;
        high--;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if ((_heads[middle] & bit) != 0)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>The same, of ids that share their heads: somebody has taken pains to make them.</summary>
    private readonly int FirstWithBit(int bit, int low, int high)
    {
        low++;
        high--;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (IdAt(middle).Bit(bit))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private readonly NodeId IdAt(int index) => _entries[_slots[index]].Contact.Id;

    /// <summary>A range of the sorted slots, the end excluded.</summary>
    internal readonly record struct Branch(int Low, int High);
}
