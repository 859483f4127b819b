using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Joins the network (the paper, section 2.3): asks the seeds, whose ids are not known yet, for the nodes closest to
/// itself, and goes on with a lookup of itself over what they told.
/// </summary>
internal sealed class BootstrapOperation : Operation
{
    private readonly NodeEndpoint[] _seeds;
    private readonly FindPhase _find;
    private int _seedsOut;

    /// <param name="seeds">Where to ask.</param>
    /// <param name="lookup">A search for this node itself.</param>
    public BootstrapOperation(NodeEndpoint[] seeds, Lookup lookup)
    {
        _seeds = seeds;
        _find = new FindPhase(this, MessageKind.FindNode, lookup);
    }

    /// <summary>Whether anybody answered.</summary>
    public bool HasMet { get; private set; }

    public override int Hops => _find.Hops;

    public override void Start(KademliaEngine engine, Instant now)
    {
        _find.OfferKnown(engine);
        foreach (NodeEndpoint seed in _seeds)
        {
            var request = new OutgoingRequest
            {
                Kind = MessageKind.FindNode,
                To = new Contact(NodeId.Zero, seed),
                Operation = this,
                Target = engine.Self,
                IsToSeed = true,
            };
            if (engine.Send(request, now))
            {
                _seedsOut++;
            }
        }

        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        HasMet = true;
        if (request.IsToSeed)
        {
            _seedsOut--;
            _find.OnSeedReply(from, message);
        }
        else
        {
            _find.OnReply(from.Id, message);
        }

        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (!request.IsToSeed)
        {
            _find.OnSlow(request);
        }

        Continue(engine, now);
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.IsToSeed)
        {
            _seedsOut--;
        }
        else
        {
            _find.OnFailure(request);
        }

        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Finish(engine, now);

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        _find.Pump(engine, now);

        // A dead seed must not hold up a join that others have made possible.
        if (_find.IsComplete && (_seedsOut == 0 || HasMet))
        {
            Finish(engine, now);
        }
    }
}
