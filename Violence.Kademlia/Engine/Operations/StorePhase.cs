using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Sends STORE to the closest nodes until so many acknowledged, and counts the answers. A node that has no room, fails or is
/// slow is replaced by the next closest; the late answer of a slow one counts.
/// </summary>
internal sealed class StorePhase(Operation operation, Record record, int holdersWanted)
{
    private readonly List<Target> _targets = [];
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

    /// <summary>Everybody who may be asked, in the order they are.</summary>
    public Contact[] Targets => [.. _targets.Select(static target => target.Contact)];

    /// <summary>Who acknowledged, in that order.</summary>
    public IReadOnlyList<Contact> Holders => _holders;

    public IReadOnlyDictionary<StoreStatus, int> Refusals => _refusals;

    /// <summary>The highest believable sequence that a holder named when it called the record stale.</summary>
    public ulong NewestSequence { get; private set; }

    public int Stale => _refusals.GetValueOrDefault(StoreStatus.Stale);

    /// <summary>How many more would be asked if there were anybody.</summary>
    public int Missing => _next < _targets.Count ? 0 : Math.Max(0, holdersWanted - UnderWay);

    /// <summary>
    /// Those who have acknowledged or may yet, and those whose refusal is the record's fault: the next closest would say the
    /// same.
    /// </summary>
    private int UnderWay =>
        _holders.Count
        + _targets.Count(static target => target.State == TargetState.Asked)
        + _refusals.Where(static refusal => refusal.Key is not (StoreStatus.Full or StoreStatus.QuotaExceeded)).Sum(static refusal => refusal.Value);

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

    /// <summary>Adds those who are not among the targets yet.</summary>
    public void Offer(ReadOnlySpan<Contact> contacts)
    {
        foreach (Contact contact in contacts)
        {
            if (Find(contact.Id) is null)
            {
                _targets.Add(new Target(contact));
            }
        }
    }

    public void Pump(KademliaEngine engine, Instant now)
    {
        for (int underWay = UnderWay; underWay < holdersWanted && _next < _targets.Count; _next++)
        {
            Target target = _targets[_next];
            var request = new OutgoingRequest
            {
                Kind = MessageKind.Store,
                To = target.Contact,
                Operation = operation,
                Target = record.Key.Position,
                Record = record,
            };
            bool isSent = engine.Send(request, now);
            target.State = isSent ? TargetState.Asked : TargetState.Settled;
            underWay += isSent ? 1 : 0;
        }
    }

    /// <param name="from">Who answered.</param>
    /// <param name="status">What it says.</param>
    /// <param name="sequence">The sequence it says it holds; 0 when it is not to be believed.</param>
    public void OnStored(NodeId from, StoreStatus status, ulong sequence)
    {
        if (Find(from) is not { } target || target.State == TargetState.Settled)
        {
            return;
        }

        target.State = TargetState.Settled;
        if (status is StoreStatus.Stored or StoreStatus.Refreshed)
        {
            _holders.Add(target.Contact);
            return;
        }

        _refusals[status] = _refusals.GetValueOrDefault(status) + 1;
        if (status == StoreStatus.Stale)
        {
            NewestSequence = Math.Max(NewestSequence, sequence);
        }
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
