using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>Stores a record at the nodes closest to its key: finds them, then has them acknowledge it.</summary>
internal sealed class PutOperation : Operation
{
    private readonly FindPhase _find;
    private readonly Func<ulong, Record?>? _reissue;
    private StorePhase? _store;
    private bool _isReissued;

    /// <param name="record">The record, signed.</param>
    /// <param name="self">This node's id.</param>
    /// <param name="limits">The lookup's limits; it is done when as many have answered as shall hold the record.</param>
    /// <param name="reissue">
    /// Signs the same content anew under a higher sequence than the one given: for an owner that forgot how far it had
    /// counted. Null when the record is somebody else's.
    /// </param>
    public PutOperation(Record record, NodeId self, LookupLimits limits, Func<ulong, Record?>? reissue)
    {
        Record = record;
        _reissue = reissue;
        NodeId position = record.Key.Position;
        _find = new FindPhase(this, position, MessageKind.FindNode, new Lookup(position, self, limits));
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
            _store!.OnStored(from.Id, message.Status, message.Sequence);
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
            _store!.OnSlow(engine, request.To.Id, now);
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
        if (IsFinished)
        {
            return;
        }

        if (_store is null)
        {
            _find.Pump(engine, now);
            if (!_find.IsComplete)
            {
                return;
            }

            Span<Contact> answered = stackalloc Contact[engine.Config.K];
            BeginStoring(engine, answered[.._find.Answered(answered)].ToArray(), now);
        }

        _store!.Pump(engine, now);
        if (!_store.IsSettled(engine.Config.ReplicationFactor))
        {
            return;
        }

        if (_store.Stale > 0 && !_isReissued && _reissue?.Invoke(_store.NewestSequence) is { } newer)
        {
            _isReissued = true;
            Record = newer;
            BeginStoring(engine, _store.Targets, now);
            Continue(engine, now);
            return;
        }

        Conclude(engine, now);
    }

    private void BeginStoring(KademliaEngine engine, Contact[] targets, Instant now)
    {
        _store = new StorePhase(this, Record, targets, engine.Config.Holders);
        engine.StoreIfHolder(Record, targets, now);
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
