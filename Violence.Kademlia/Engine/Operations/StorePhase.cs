using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Sends STORE to the closest nodes until so many acknowledged, and counts the answers. A node that refuses, fails or is
/// slow is replaced by the next closest; a slow one is sent the record once more, and its late answer counts.
/// </summary>
internal sealed class StorePhase(Operation operation, Record record, Contact[] targets, int holdersWanted)
{
    private readonly TargetState[] _states = new TargetState[targets.Length];
    private readonly byte[] _requestsOut = new byte[targets.Length];
    private readonly List<Contact> _holders = [];
    private readonly SortedDictionary<StoreStatus, int> _refusals = [];
    private int _next;

    private enum TargetState : byte
    {
        Waiting,
        Asked,
        Slow,
        Settled,
    }

    public Record Record => record;

    public Contact[] Targets => targets;

    /// <summary>Who acknowledged, in that order.</summary>
    public IReadOnlyList<Contact> Holders => _holders;

    public IReadOnlyDictionary<StoreStatus, int> Refusals => _refusals;

    /// <summary>The highest sequence that a holder named when it called the record stale.</summary>
    public ulong NewestSequence { get; private set; }

    public int Stale => _refusals.GetValueOrDefault(StoreStatus.Stale);

    /// <summary>
    /// Whether nothing is left to wait for: all have settled, or only slow ones are out and <paramref name="enough"/> have
    /// acknowledged.
    /// </summary>
    public bool IsSettled(int enough)
    {
        bool anySlow = false;
        foreach (TargetState state in _states)
        {
            if (state == TargetState.Asked)
            {
                return false;
            }

            anySlow |= state == TargetState.Slow;
        }

        return !anySlow || _holders.Count >= enough;
    }

    public void Pump(KademliaEngine engine, Instant now)
    {
        int underWay = _holders.Count + _states.Count(static state => state == TargetState.Asked);
        for (; underWay < holdersWanted && _next < targets.Length; _next++)
        {
            bool isSent = Send(engine, _next, now);
            _states[_next] = isSent ? TargetState.Asked : TargetState.Settled;
            underWay += isSent ? 1 : 0;
        }
    }

    public void OnStored(NodeId from, StoreStatus status, ulong sequence)
    {
        int index = IndexOf(from);
        if (index < 0 || _states[index] == TargetState.Settled)
        {
            return;
        }

        _states[index] = TargetState.Settled;
        if (status is StoreStatus.Stored or StoreStatus.Refreshed)
        {
            _holders.Add(targets[index]);
            return;
        }

        _refusals[status] = _refusals.GetValueOrDefault(status) + 1;
        if (status == StoreStatus.Stale)
        {
            NewestSequence = Math.Max(NewestSequence, sequence);
        }
    }

    public void OnSlow(KademliaEngine engine, NodeId to, Instant now)
    {
        int index = IndexOf(to);
        if (index >= 0 && _states[index] == TargetState.Asked)
        {
            _states[index] = TargetState.Slow;
            Send(engine, index, now);
        }
    }

    /// <summary>
    /// No answer to one of the (up to two) requests to this node. While the second may still be answered the node stays
    /// slow.
    /// </summary>
    public void OnFailure(NodeId to)
    {
        int index = IndexOf(to);
        if (index >= 0 && --_requestsOut[index] == 0)
        {
            _states[index] = TargetState.Settled;
        }
    }

    private bool Send(KademliaEngine engine, int index, Instant now)
    {
        var request = new OutgoingRequest
        {
            Kind = MessageKind.Store,
            To = targets[index],
            Operation = operation,
            Target = record.Key.Position,
            Record = record,
        };
        bool isSent = engine.Send(request, now);
        _requestsOut[index] += (byte)(isSent ? 1 : 0);
        return isSent;
    }

    private int IndexOf(NodeId id) => Array.FindIndex(targets, target => target.Id == id);
}
