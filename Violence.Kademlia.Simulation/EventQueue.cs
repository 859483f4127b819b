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
/// One event. <paramref name="Order"/> is the order of scheduling: of two events at one moment the one scheduled first
/// happens first, so that nothing is left to chance.
/// </summary>
internal readonly record struct Event(Instant At, long Order, EventKind Kind, int Node, int From, int Payload, int Length);

/// <summary>What is to happen, by time: a heap with four children to a node, whose arrays are all the memory it takes.</summary>
internal sealed class EventQueue
{
    private const int Children = 4;

    private Event[] _heap = new Event[1_024];
    private long _order;

    public int Count { get; private set; }

    public Instant Next => Count == 0 ? Instant.Never : _heap[0].At;

    public void Add(Instant at, EventKind kind, int node, int from = 0, int payload = 0, int length = 0)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, _heap.Length * 2);
        }

        var added = new Event(at, _order++, kind, node, from, payload, length);
        int place = Count++;
        while (place > 0)
        {
            int parent = (place - 1) / Children;
            if (!IsBefore(added, _heap[parent]))
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
                least = IsBefore(_heap[child], _heap[least]) ? child : least;
            }

            if (!IsBefore(_heap[least], last))
            {
                break;
            }

            _heap[place] = _heap[least];
            place = least;
        }

        _heap[place] = last;
        return first;
    }

    private static bool IsBefore(in Event left, in Event right) =>
        left.At != right.At ? left.At < right.At : left.Order < right.Order;
}
