using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// A binary heap of deadlines over small slot numbers, ordered by deadline, then by order of insertion. Each slot knows
/// its place in the heap, so one that was answered leaves at once: the heap never holds more than what is in flight.
/// </summary>
internal sealed class DeadlineQueue
{
    private Entry[] _heap = [];
    private int[] _placeOf = [];

    public int Count { get; private set; }

    /// <summary>The earliest deadline; <see cref="Instant.Never"/> when empty.</summary>
    public Instant Next => Count == 0 ? Instant.Never : _heap[0].Deadline;

    /// <summary>The slot with the earliest deadline. The queue must not be empty.</summary>
    public int NextSlot => _heap[0].Slot;

    /// <summary>Queues a slot that is not queued. Of equal deadlines the smaller <paramref name="order"/> comes first.</summary>
    public void Add(int slot, Instant deadline, long order)
    {
        if (slot >= _placeOf.Length)
        {
            Array.Resize(ref _placeOf, Math.Max(slot + 1, Math.Max(8, _placeOf.Length + _placeOf.Length / 2)));
        }

        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Math.Max(8, _heap.Length + _heap.Length / 2));
        }

        Rise(Count++, new Entry(deadline, order, slot));
    }

    /// <summary>Takes a queued slot out.</summary>
    public void Remove(int slot)
    {
        int place = _placeOf[slot];
        Entry last = _heap[--Count];
        if (place < Count)
        {
            Place(place, last);
        }
    }

    /// <summary>Gives a queued slot another deadline; its order among equals stays.</summary>
    public void Change(int slot, Instant deadline)
    {
        int place = _placeOf[slot];
        Place(place, _heap[place] with { Deadline = deadline });
    }

    private void Place(int place, Entry entry)
    {
        if (place > 0 && entry.IsBefore(_heap[(place - 1) / 2]))
        {
            Rise(place, entry);
        }
        else
        {
            Sink(place, entry);
        }
    }

    private void Rise(int place, Entry entry)
    {
        while (place > 0)
        {
            int parent = (place - 1) / 2;
            if (!entry.IsBefore(_heap[parent]))
            {
                break;
            }

            Set(place, _heap[parent]);
            place = parent;
        }

        Set(place, entry);
    }

    private void Sink(int place, Entry entry)
    {
        while (true)
        {
            int child = 2 * place + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && _heap[child + 1].IsBefore(_heap[child]))
            {
                child++;
            }

            if (!_heap[child].IsBefore(entry))
            {
                break;
            }

            Set(place, _heap[child]);
            place = child;
        }

        Set(place, entry);
    }

    private void Set(int place, Entry entry)
    {
        _heap[place] = entry;
        _placeOf[entry.Slot] = place;
    }

    private readonly record struct Entry(Instant Deadline, long Order, int Slot)
    {
        public bool IsBefore(Entry other) =>
            Deadline < other.Deadline || (Deadline == other.Deadline && Order < other.Order);
    }
}
