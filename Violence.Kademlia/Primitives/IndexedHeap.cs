using System.Diagnostics.CodeAnalysis;

namespace Violence.Kademlia.Primitives;

/// <summary>What stands before what in an <see cref="IndexedHeap{T, TOrder}"/>, and where an item keeps its index in it.</summary>
internal interface IHeapOrder<in T>
{
    static abstract bool IsBefore(T left, T right);

    static abstract ref int IndexOf(T item);
}

/// <summary>
/// A binary heap whose items know their index, so that one that changed or went leaves nothing behind. Invariant: no item
/// stands before its parent.
/// </summary>
internal sealed class IndexedHeap<T, TOrder>
    where T : class
    where TOrder : struct, IHeapOrder<T>
{
    /// <summary>The index of an item that is in no heap of this order.</summary>
    public const int Absent = -1;

    // Most sources have a single record.
    private readonly List<T> _items = new(capacity: 1);

    public int Count => _items.Count;

    public bool TryPeek([NotNullWhen(true)] out T? first)
    {
        first = _items.Count > 0 ? _items[0] : null;
        return first is not null;
    }

    public void Add(T item)
    {
        _items.Add(item);
        Rise(item, _items.Count - 1);
    }

    public void Remove(T item)
    {
        int index = TOrder.IndexOf(item);
        T last = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        TOrder.IndexOf(item) = Absent;
        if (last != item)
        {
            Place(last, index);
            Moved(last);
        }
    }

    /// <summary>Restores the order after what the item is ordered by changed.</summary>
    public void Moved(T item)
    {
        int index = TOrder.IndexOf(item);
        if (index > 0 && TOrder.IsBefore(item, _items[Parent(index)]))
        {
            Rise(item, index);
        }
        else
        {
            Sink(item, index);
        }
    }

    private void Rise(T item, int index)
    {
        while (index > 0 && TOrder.IsBefore(item, _items[Parent(index)]))
        {
            Place(_items[Parent(index)], index);
            index = Parent(index);
        }

        Place(item, index);
    }

    private void Sink(T item, int index)
    {
        while (true)
        {
            int child = 2 * index + 1;
            if (child >= _items.Count)
            {
                break;
            }

            if (child + 1 < _items.Count && TOrder.IsBefore(_items[child + 1], _items[child]))
            {
                child++;
            }

            if (!TOrder.IsBefore(_items[child], item))
            {
                break;
            }

            Place(_items[child], index);
            index = child;
        }

        Place(item, index);
    }

    private void Place(T item, int index)
    {
        _items[index] = item;
        TOrder.IndexOf(item) = index;
    }

    private static int Parent(int index) => (index - 1) / 2;
}
