using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Stores a record at the nodes closest to its key. Who answers the search and is, of all that are known of by then, among the
/// closest is asked to keep the record at once, not when the search is over: the slowest of eight would hold up all others,
/// twice. The caller hears of the end as soon as the promised number has acknowledged; the remaining holders are seen to after
/// that. Where this node's table knows the neighbourhood it stores right away, and the acknowledgements name who is closer.
/// A renewal begins with those who held the version before, and searches only when too few of them acknowledge.
/// </summary>
internal sealed class PutOperation : Operation
{
    private readonly FindPhase _find;
    private readonly bool _isOwn;
    private readonly Contact[] _remembered;
    private StorePhase _store;
    private bool _isReissued;
    private bool _isKeptHere;
    private bool _isSearching;
    private bool _knowsAround;

    /// <param name="record">The record, signed.</param>
    /// <param name="lookup">A search for its position, done when as many have answered as shall hold the record.</param>
    /// <param name="isOwn">Whether this node is the record's owner and may sign it anew.</param>
    /// <param name="remembered">Who held the version before and is to have this one without a search; null: a search.</param>
    public PutOperation(Record record, Lookup lookup, bool isOwn, Contact[]? remembered = null)
    {
        _remembered = remembered ?? [];
        Record = record;
        _isOwn = isOwn;
        _find = new FindPhase(this, MessageKind.FindNode, lookup) { SendInstead = StoreAtOnce };
        _store = new StorePhase(this, record);
    }

    public Record Record { get; private set; }

    public PutStatus Status { get; private set; } = PutStatus.NoPeers;

    /// <summary>Who has acknowledged by now, in that order; never this node itself.</summary>
    public IReadOnlyList<Contact> Holders => _store.Holders;

    public IReadOnlyDictionary<StoreStatus, int> Refusals => _store.Refusals;

    public override int Hops => _find.Hops;

    public override void Start(KademliaEngine engine, Instant now)
    {
        if (_remembered.Length == 0)
        {
            Search(engine);
        }

        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        if (IsSearch(request))
        {
            _find.OnReply(from.Id, message);
        }

        if (IsCurrent(request))
        {
            ulong sequence = engine.IsPlausible(message.Sequence, now) ? message.Sequence : 0;
            if (_store.OnStored(from.Id, message.Status, sequence))
            {
                PassOver(from.Id);
            }
        }

        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (IsSearch(request))
        {
            _find.OnSlow(request);
        }

        if (IsCurrent(request))
        {
            // Its late answer counts, but another is asked beside it.
            _store.OnSlow(request.To.Id);
            PassOver(request.To.Id);
        }

        Continue(engine, now);
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (IsSearch(request))
        {
            _find.OnFailure(request);
        }

        if (IsCurrent(request))
        {
            _store.OnFailure(request.To.Id);
            PassOver(request.To.Id);
        }

        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Conclude(engine, now);

    private static bool IsSearch(in OutgoingRequest request) => request.Kind == MessageKind.FindNode || request.AsksForContacts;

    /// <summary>Whether it is a STORE of the record as it is now: answers to one issued before are out of date.</summary>
    private bool IsCurrent(in OutgoingRequest request) => ReferenceEquals(request.Record, _store.Record);

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        if (!_isSearching && !MustSearch(engine, now))
        {
            return;
        }

        Span<Contact> places = stackalloc Contact[engine.Config.Holders];
        int found;
        do
        {
            _find.Pump(engine, now);
            found = _find.Leading(places, engine.Config.Holders);
        }
        while (!TryAsk(places[..found], engine, now));

        if (TryReissue(engine, now))
        {
            Continue(engine, now);
            return;
        }

        int enough = engine.Config.ReplicationFactor;
        if (!IsReported)
        {
            ReportIfStored(_store.CountHolders(places[..found]), IsHeldAmongClosest(engine.Config.ClosestAnswered), engine, now);
        }

        if (_find.IsComplete)
        {
            KeepHere(engine, now);
            if (_store.IsSettled(enough))
            {
                Conclude(engine, now);
            }
        }
    }

    private void Search(KademliaEngine engine)
    {
        _isSearching = true;
        _knowsAround = engine.Table.KnowsAround(Record.Key.Position, engine.Config.K, engine.Config.Families);
        _find.OfferKnown(engine);
    }

    /// <summary>
    /// Where most of a neighbourhood is known, whoever is asked next is most likely a holder: STORE finds as well as FIND_NODE does,
    /// and saves a round trip. Only with a cookie: else the record would travel twice.
    /// </summary>
    private bool StoreAtOnce(Contact next, KademliaEngine engine, Instant now) =>
        _knowsAround && engine.HasCookieOf(next, now) && _store.TryAsk(next, engine, now, asksForContacts: true);

    /// <summary>Before a search nobody would move up.</summary>
    private void PassOver(NodeId node)
    {
        if (_isSearching)
        {
            _find.PassOver(node);
        }
    }

    /// <summary>Has the record acknowledged by those who are remembered.</summary>
    /// <returns>Whether more than half of the holders wanted can't be had from among them, and a search was begun.</returns>
    private bool MustSearch(KademliaEngine engine, Instant now)
    {
        do
        {
            foreach (Contact holder in _remembered)
            {
                _store.TryAsk(holder, engine, now);
            }
        }
        while (TryReissue(engine, now));

        if (!IsReported)
        {
            ReportIfStored(Holders.Count, _store.IsHeldAmongClosest(engine.Config.ClosestAnswered), engine, now);
        }

        int enough = engine.Config.Holders / 2 + 1;
        if (Holders.Count + _store.Open < enough)
        {
            _store.AskOthersAnew();
            Search(engine);
            return true;
        }

        // The late ones are waited for, so that they stay remembered: nobody else does.
        if (_store.Open == 0)
        {
            engine.RenewHere(Record, now);
            Conclude(engine, now);
        }

        return false;
    }

    /// <summary>Whether one of so many that the search takes for the closest, be they asked yet or not, has acknowledged.</summary>
    private bool IsHeldAmongClosest(int closest)
    {
        Span<Contact> foremost = stackalloc Contact[closest];
        return _store.CountHolders(foremost[.._find.Leading(foremost, closest)]) > 0;
    }

    private void ReportIfStored(int acknowledged, bool isHeldAmongClosest, KademliaEngine engine, Instant now)
    {
        // Who reads asks the closest, and this node may be one of them: what is reported as stored must be found by whoever asks next.
        if (acknowledged >= engine.Config.ReplicationFactor && isHeldAmongClosest)
        {
            if (_isOwn)
            {
                engine.RenewHere(Record, now);
            }

            Status = PutStatus.Stored;
            Report(engine, now);
        }
    }

    /// <returns>False when somebody could not be asked, so that others have moved up.</returns>
    private bool TryAsk(ReadOnlySpan<Contact> holders, KademliaEngine engine, Instant now)
    {
        bool areAsked = true;
        foreach (Contact holder in holders)
        {
            if (!_store.TryAsk(holder, engine, now))
            {
                _find.PassOver(holder.Id);
                areAsked = false;
            }
        }

        return areAsked;
    }

    /// <summary>Holders have a later word of this owner's, from an earlier run: what is published now has to outrun it.</summary>
    private bool TryReissue(KademliaEngine engine, Instant now)
    {
        bool isOutdated = _isOwn && !_isReissued && _store.Stale > 0 && _store.NewestSequence >= Record.Sequence;
        if (!isOutdated || engine.Reissue(Record, _store.NewestSequence, now) is not { } newer)
        {
            return false;
        }

        _isReissued = true;
        _isKeptHere = false;
        Record = newer;
        _store = new StorePhase(this, newer);
        return true;
    }

    private void KeepHere(KademliaEngine engine, Instant now)
    {
        if (!_isKeptHere)
        {
            _isKeptHere = true;
            Span<Contact> answered = stackalloc Contact[engine.Config.K];
            engine.StoreIfHolder(Record, answered[.._find.Answered(answered)], now);
        }
    }

    private void Conclude(KademliaEngine engine, Instant now)
    {
        int acknowledged = Holders.Count;

        // A network smaller than the replication factor can't do better; nodes that were asked and stayed silent could.
        int possible = Math.Min(engine.Config.ReplicationFactor, Math.Max(Math.Max(_find.Asked, _remembered.Length), 1));
        if (acknowledged >= possible)
        {
            Status = PutStatus.Stored;
        }
        else if (_store.Stale > 0)
        {
            Status = PutStatus.Stale;
        }
        else if (acknowledged == 0 && Refusals.Count > 0)
        {
            Status = PutStatus.Refused;
        }
        else if (_store.Asked > 0)
        {
            Status = PutStatus.TooFewReplicas;
        }

        Finish(engine, now);
    }
}
