using System.Numerics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation;

/// <summary>What happens at a moment.</summary>
internal enum EventKind : byte
{
    /// <summary>A datagram arrives at a node.</summary>
    Arrival,

    /// <summary>A node's engine wants to be called.</summary>
    Alarm,

    /// <summary>The scenario does something.</summary>
    Action,
}

/// <summary>
/// One event, 32 bytes. <paramref name="Order"/> is the order of scheduling: of two events at one moment the one scheduled
/// first happens first, so that nothing is left to chance.
/// </summary>
internal readonly record struct Event(Instant At, long Order, EventKind Kind, ushort Length, int Node, int From, int Payload)
{
    public bool IsBefore(in Event other) => At != other.At ? At < other.At : Order < other.Order;
}

/// <summary>
/// What is to happen, by time. Three rooms: a heap of what happens within the present 0.2 ms; a wheel of lists, one for each
/// 0.2 ms of the next 3 s, where datagrams wait unsorted; and a heap of all that is later. Each step touches a few
/// neighbouring events, however many are waiting.
/// </summary>
internal sealed class EventQueue
{
    private const int SlotBits = 11;
    private const int Slots = 1 << 14;
    private const int None = -1;

    private readonly EventHeap _present = new();
    private readonly EventHeap _later = new();
    private readonly int[] _heads = new int[Slots];
    private readonly ulong[] _taken = new ulong[Slots / 64];
    private Waiting[] _waiting = new Waiting[1_024];
    private int _waitingUsed;
    private int _free = None;
    private long _order;

    // Everything before the end of this slot is in the heap of the present.
    private long _slot;

    public EventQueue() => _heads.AsSpan().Fill(None);

    public int Count { get; private set; }

    public Instant Next
    {
        get
        {
            Advance();
            return _present.Count == 0 ? Instant.Never : _present.Next;
        }
    }

    public void Add(Instant at, EventKind kind, int node, int from = 0, int payload = 0, int length = 0)
    {
        Count++;
        Place(new Event(at, _order++, kind, (ushort)length, node, from, payload));
    }

    public Event Take()
    {
        Advance();
        Count--;
        return _present.Take();
    }

    private static long SlotOf(Instant at) => at.Ticks >> SlotBits;

    private void Place(in Event added)
    {
        long slot = SlotOf(added.At);
        if (slot <= _slot)
        {
            _present.Add(added);
        }
        else if (slot - _slot < Slots)
        {
            Wait(added, (int)(slot & (Slots - 1)));
        }
        else
        {
            _later.Add(added);
        }
    }

    private void Wait(in Event added, int place)
    {
        int index = _free;
        if (index != None)
        {
            _free = _waiting[index].Next;
        }
        else
        {
            if (_waitingUsed == _waiting.Length)
            {
                Array.Resize(ref _waiting, _waiting.Length * 2);
            }

            index = _waitingUsed++;
        }

        _waiting[index] = new Waiting { Event = added, Next = _heads[place] };
        _heads[place] = index;
        _taken[place / 64] |= 1UL << place;
    }

    /// <summary>Makes the next slot that has events the present one, when the present is over.</summary>
    private void Advance()
    {
        while (_present.Count == 0 && Count > 0)
        {
            long next = NextTaken();
            long later = _later.Count == 0 ? long.MaxValue : SlotOf(_later.Next);

            // What comes into reach of the wheel must be in it before the wheel turns past its place.
            _slot = Math.Min(next, later);
            while (_later.Count > 0 && SlotOf(_later.Next) - _slot < Slots)
            {
                Place(_later.Take());
            }

            Empty((int)(_slot & (Slots - 1)));
        }
    }

    private void Empty(int place)
    {
        int index = _heads[place];
        while (index != None)
        {
            ref Waiting waiting = ref _waiting[index];
            _present.Add(waiting.Event);
            int next = waiting.Next;
            waiting.Next = _free;
            _free = index;
            index = next;
        }

        _heads[place] = None;
        _taken[place / 64] &= ~(1UL << place);
    }

    /// <summary>The next slot after the present one with something in its list.</summary>
    private long NextTaken()
    {
        int start = (int)((_slot + 1) & (Slots - 1));
        for (int step = 0; step <= _taken.Length; step++)
        {
            int word = (start / 64 + step) % _taken.Length;
            ulong taken = _taken[word];
            if (step == 0)
            {
                taken &= ulong.MaxValue << start;
            }

            if (taken != 0)
            {
                int place = word * 64 + BitOperations.TrailingZeroCount(taken);
                return _slot + 1 + ((place - start) & (Slots - 1));
            }
        }

        return long.MaxValue;
    }

    private struct Waiting
    {
        public Event Event;
        public int Next;
    }
}

/// <summary>Events in order: a heap with four children to a node.</summary>
internal sealed class EventHeap
{
    private const int Children = 4;

    private Event[] _heap = new Event[256];

    public int Count { get; private set; }

    /// <summary>When the first one happens; there must be one.</summary>
    public Instant Next => _heap[0].At;

    public void Add(in Event added)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, _heap.Length * 2);
        }

        int place = Count++;
        while (place > 0)
        {
            int parent = (place - 1) / Children;
            if (!added.IsBefore(_heap[parent]))
            {
                break;
            }

            _heap[place] = _heap[parent];
            place = parent;
        }

        _heap[place] = added;
    }

    public Event Take()
    {
        Event first = _heap[0];
        Event last = _heap[--Count];
        int place = 0;
        while (true)
        {
            int child = place * Children + 1;
            if (child >= Count)
            {
                break;
            }

            int end = Math.Min(child + Children, Count);
            int least = child;
            for (child++; child < end; child++)
            {
                least = _heap[child].IsBefore(_heap[least]) ? child : least;
            }

            if (!_heap[least].IsBefore(last))
            {
                break;
            }

            _heap[place] = _heap[least];
            place = least;
        }

        _heap[place] = last;
        return first;
    }
}
