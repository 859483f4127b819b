using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// One round of a watch: asks those who have promised to tell to go on, and searches for others where too few do. Takes the closest
/// in random order, so that all who watch a popular key are not at the same three; those who granted before come first.
/// </summary>
internal sealed class WatchOperation(Watch watch, Lookup lookup, bool searches) : Operation
{
    /// <summary>Nodes that should tell: with three, one that is lost and one that is behind change nothing.</summary>
    public const int Wanted = 3;

    /// <summary>With fewer renewals others are searched for at once.</summary>
    private const int Enough = 2;

    /// <summary>Out of so many: the records go to the eight closest, and not everybody sees the same eight.</summary>
    public const int Eligible = 6;

    /// <summary>What a holder is asked for; three renewals fit in.</summary>
    private const uint LifeSeconds = 60;

    private readonly HashSet<NodeId> _asked = [];
    private readonly Queue<Contact> _candidates = new();
    private FindPhase? _find;
    private bool _isSearching;
    private int _open;

    public Watch Watch => watch;

    /// <summary>Who has promised to tell.</summary>
    public List<Contact> Granted { get; } = [];

    public bool HasSearched { get; private set; }

    public override int Hops => _find?.Hops ?? 0;

    private FindPhase Find => _find ??= new FindPhase(this, MessageKind.FindNode, lookup);

    public override void Start(KademliaEngine engine, Instant now)
    {
        if (searches)
        {
            BeginSearch(engine);
        }
        else
        {
            AskAll(watch.Granting(), engine, now);
        }

        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            Find.OnReply(from.Id, message);
        }
        else
        {
            _open--;
            OnAnswer(from, message, now);
        }

        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            Find.OnSlow(request);
            Continue(engine, now);
        }
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Kind == MessageKind.FindNode)
        {
            Find.OnFailure(request);
        }
        else
        {
            _open--;
            watch.OnSilent(request.To);
        }

        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Finish(engine, now);

    /// <summary>A request that subscribes, renews, or with no life ends it.</summary>
    public static OutgoingRequest Request(Watch watch, Contact to, uint lifeSeconds, Operation? operation) => new()
    {
        Kind = MessageKind.Watch,
        To = to,
        Operation = operation,
        Target = watch.Key.Position,
        Filter = watch.Filter,
        Terms = new WatchTerms(watch.Number, lifeSeconds),
        PaddedSize = WireLimits.MinRequest,
    };

    private void OnAnswer(Contact from, IncomingMessage message, Instant now)
    {
        if (message.WatchStatus == WatchStatus.Granted && message.LifeSeconds > 0)
        {
            Granted.Add(from);
            watch.OnGranted(from, now + TimeSpan.FromSeconds(Math.Min(message.LifeSeconds, LifeSeconds)));
        }
        else
        {
            watch.Forget(from.Endpoint);
        }
    }

    private void BeginSearch(KademliaEngine engine)
    {
        HasSearched = true;
        _isSearching = true;
        Find.OfferKnown(engine);
    }

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (_isSearching)
        {
            Find.Pump(engine, now);
            if (!Find.IsComplete)
            {
                return;
            }

            _isSearching = false;
            TakeCandidates(engine);
        }

        while (Granted.Count + _open < Wanted && _candidates.TryDequeue(out Contact next))
        {
            Ask(next, engine, now);
        }

        if (_open > 0)
        {
            return;
        }

        if (!HasSearched && Granted.Count < Enough)
        {
            BeginSearch(engine);
            Continue(engine, now);
            return;
        }

        Finish(engine, now);
    }

    private void TakeCandidates(KademliaEngine engine)
    {
        Span<Contact> closest = stackalloc Contact[Eligible];
        closest = closest[..Find.Answered(closest)];
        engine.Shuffle(closest);
        Contact[] before = watch.Granting();
        foreach (Contact contact in closest.ToArray().OrderBy(contact => before.Contains(contact) ? 0 : 1))
        {
            _candidates.Enqueue(contact);
        }
    }

    private void AskAll(Contact[] holders, KademliaEngine engine, Instant now)
    {
        foreach (Contact holder in holders)
        {
            Ask(holder, engine, now);
        }
    }

    private void Ask(Contact holder, KademliaEngine engine, Instant now)
    {
        if (_asked.Add(holder.Id) && engine.Send(Request(watch, holder, LifeSeconds, this), now))
        {
            _open++;
            watch.OnAsked(holder, now + engine.Config.OperationTimeout);
        }
    }
}
