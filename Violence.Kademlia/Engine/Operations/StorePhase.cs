using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Has a record acknowledged: sends STORE to whoever is offered, once each, and counts the answers. Invariant: whoever can't
/// hold the record (has no room, is silent) is told to the caller, who offers the next closest instead.
/// </summary>
internal sealed class StorePhase(Operation operation, Record record)
{
    private readonly List<Target> _targets = [];
    private readonly List<Contact> _holders = [];
    private readonly SortedDictionary<StoreStatus, int> _refusals = [];

    private enum TargetState : byte
    {
        Asked,
        Slow,
        Settled,
    }

    public Record Record => record;

    /// <summary>How many were asked.</summary>
    public int Asked => _targets.Count;

    /// <summary>Who acknowledged, in that order.</summary>
    public IReadOnlyList<Contact> Holders => _holders;

    public IReadOnlyDictionary<StoreStatus, int> Refusals => _refusals;

    /// <summary>The highest believable sequence that a holder named when it called the record stale.</summary>
    public ulong NewestSequence { get; private set; }

    public int Stale => _refusals.GetValueOrDefault(StoreStatus.Stale);

    /// <summary>
    /// Whether nothing is left to wait for: all have settled, or only slow ones are out and <paramref name="enough"/> have
    /// acknowledged.
    /// </summary>
    public bool IsSettled(int enough)
    {
        if (_targets.Exists(static target => target.State == TargetState.Asked))
        {
            return false;
        }

        return _holders.Count >= enough || !_targets.Exists(static target => target.State == TargetState.Slow);
    }

    /// <summary>How many may still acknowledge.</summary>
    public int Open => _targets.Count(static target => target.State != TargetState.Settled);

    /// <summary>Forgets everybody who has not acknowledged: whoever is offered again is asked again.</summary>
    public void AskOthersAnew()
    {
        _targets.RemoveAll(target => !_holders.Contains(target.Contact));
        _refusals.Clear();
    }

    /// <summary>
    /// Whether one of so many closest to the key has acknowledged: the closest of those that were asked, without who is late or
    /// has failed.
    /// </summary>
    public bool IsHeldAmongClosest(int closest) => _holders.Exists(holder => CountCloser(holder) < closest);

    private int CountCloser(Contact than)
    {
        NodeId position = record.Key.Position;
        Distance distance = than.Id.DistanceTo(position);
        return _targets.Count(target =>
            (target.State == TargetState.Asked || _holders.Contains(target.Contact)) && target.Contact.Id.DistanceTo(position) < distance);
    }

    /// <summary>How many of these have acknowledged.</summary>
    public int CountHolders(ReadOnlySpan<Contact> among)
    {
        int count = 0;
        foreach (Contact contact in among)
        {
            count += _holders.Contains(contact) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Asks a node to keep the record, unless it was asked before.</summary>
    /// <param name="holder">The node.</param>
    /// <param name="engine">Sends the request.</param>
    /// <param name="now">When.</param>
    /// <param name="asksForContacts">Whether it is also to name the nodes closest to the key.</param>
    /// <returns>False when the request could not be sent.</returns>
    public bool TryAsk(Contact holder, KademliaEngine engine, Instant now, bool asksForContacts = false)
    {
        if (Find(holder.Id) is not null)
        {
            return true;
        }

        var target = new Target(holder);
        _targets.Add(target);
        var request = new OutgoingRequest
        {
            Kind = MessageKind.Store,
            To = holder,
            Operation = operation,
            Target = record.Key.Position,
            Record = record,
            AsksForContacts = asksForContacts,
        };
        bool isSent = engine.Send(request, now);
        target.State = isSent ? TargetState.Asked : TargetState.Settled;
        return isSent;
    }

    /// <param name="from">Who answered.</param>
    /// <param name="status">What it says.</param>
    /// <param name="sequence">The sequence it says it holds; 0 when it is not to be believed.</param>
    /// <returns>
    /// Whether another should be asked in its place: it has no room. Where the record itself was refused the next closest would
    /// say the same.
    /// </returns>
    public bool OnStored(NodeId from, StoreStatus status, ulong sequence)
    {
        if (Find(from) is not { } target || target.State == TargetState.Settled)
        {
            return false;
        }

        target.State = TargetState.Settled;
        if (status is StoreStatus.Stored or StoreStatus.Refreshed)
        {
            _holders.Add(target.Contact);
            return false;
        }

        _refusals[status] = _refusals.GetValueOrDefault(status) + 1;
        if (status == StoreStatus.Stale)
        {
            NewestSequence = Math.Max(NewestSequence, sequence);
        }

        return status is StoreStatus.Full or StoreStatus.QuotaExceeded;
    }

    public void OnSlow(NodeId to)
    {
        if (Find(to) is { State: TargetState.Asked } target)
        {
            target.State = TargetState.Slow;
        }
    }

    public void OnFailure(NodeId to)
    {
        if (Find(to) is { } target)
        {
            target.State = TargetState.Settled;
        }
    }

    private Target? Find(NodeId id) => _targets.Find(target => target.Contact.Id == id);

    private sealed class Target(Contact contact)
    {
        public Contact Contact => contact;

        public TargetState State { get; set; }
    }
}
