using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>Stores a record at the nodes closest to its key: finds them, then has them acknowledge it.</summary>
internal sealed class PutOperation : Operation
{
    private readonly FindPhase _find;
    private readonly bool _isOwn;
    private StorePhase? _store;
    private bool _isReissued;

    /// <param name="record">The record, signed.</param>
    /// <param name="lookup">A search for its position, done when as many have answered as shall hold the record.</param>
    /// <param name="isOwn">Whether this node is the record's owner and may sign it anew.</param>
    public PutOperation(Record record, Lookup lookup, bool isOwn)
    {
        Record = record;
        _isOwn = isOwn;
        _find = new FindPhase(this, MessageKind.FindNode, lookup);
    }

    public Record Record { get; private set; }

    public PutStatus Status { get; private set; } = PutStatus.NoPeers;

    /// <summary>Who acknowledged, in that order; never this node itself.</summary>
    public IReadOnlyList<Contact> Holders => _store?.Holders ?? [];

    public IReadOnlyDictionary<StoreStatus, int> Refusals => _store?.Refusals ?? new Dictionary<StoreStatus, int>();

    public override int Hops => _find.Hops;

    public override void Start(KademliaEngine engine, Instant now)
    {
        _find.OfferKnown(engine);
        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            _find.OnReply(from.Id, message);
        }
        else if (IsCurrent(request))
        {
            _store!.OnStored(from.Id, message.Status, engine.IsPlausible(message.Sequence, now) ? message.Sequence : 0);
        }

        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            _find.OnSlow(request);
        }
        else if (IsCurrent(request))
        {
            _store!.OnSlow(request.To.Id);
        }

        Continue(engine, now);
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            _find.OnFailure(request);
        }
        else if (IsCurrent(request))
        {
            _store!.OnFailure(request.To.Id);
        }

        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Conclude(engine, now);

    /// <summary>Whether a STORE is of the record as it is now: answers to one issued before are out of date.</summary>
    private bool IsCurrent(in OutgoingRequest request) => ReferenceEquals(request.Record, _store?.Record);

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (IsFinished || !TryPlace(engine, now) || !_store!.IsSettled(engine.Config.ReplicationFactor))
        {
            return;
        }

        bool isOutdated = _isOwn && _store.Stale > 0 && _store.NewestSequence >= Record.Sequence;
        if (isOutdated && !_isReissued && engine.Reissue(Record, _store.NewestSequence, now) is { } newer)
        {
            _isReissued = true;
            Record = newer;
            Contact[] targets = _store.Targets;
            BeginStoring(engine, targets, now);
            _store.Offer(targets);
            Continue(engine, now);
            return;
        }

        Conclude(engine, now);
    }

    /// <summary>
    /// Goes on with the search until the record is with, or on its way to, as many nodes as wanted, or nobody is left who
    /// could take it.
    /// </summary>
    /// <returns>False while the search has to go on.</returns>
    private bool TryPlace(KademliaEngine engine, Instant now)
    {
        Span<Contact> closest = stackalloc Contact[engine.Config.K];
        while (_store is null || _store.Missing > 0)
        {
            _find.Pump(engine, now);
            if (!_find.IsComplete)
            {
                return false;
            }

            ReadOnlySpan<Contact> answered = closest[.._find.Answered(closest)];
            if (_store is null)
            {
                BeginStoring(engine, answered, now);
            }

            _store!.Offer(answered);
            _store.Pump(engine, now);
            if (!_find.TryWiden(answered.Length + _store.Missing))
            {
                break;
            }
        }

        _store.Pump(engine, now);
        return true;
    }

    private void BeginStoring(KademliaEngine engine, ReadOnlySpan<Contact> closest, Instant now)
    {
        _store = new StorePhase(this, Record, engine.Config.Holders);
        engine.StoreIfHolder(Record, closest, now);
    }

    private void Conclude(KademliaEngine engine, Instant now)
    {
        int acknowledged = Holders.Count;
        int answered = _store?.Targets.Length ?? 0;

        // A network smaller than the replication factor can't do better; nodes that were asked and stayed silent could.
        int possible = Math.Min(engine.Config.ReplicationFactor, Math.Max(_find.Asked, 1));
        if (acknowledged >= possible)
        {
            Status = PutStatus.Stored;
        }
        else if (_store is { Stale: > 0 })
        {
            Status = PutStatus.Stale;
        }
        else if (acknowledged == 0 && Refusals.Count > 0)
        {
            Status = PutStatus.Refused;
        }
        else if (answered > 0)
        {
            Status = PutStatus.TooFewReplicas;
        }

        Finish(engine, now);
    }
}
