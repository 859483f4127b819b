using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>Finds the nodes closest to a position (the paper's node lookup, section 2.3).</summary>
internal sealed class FindNodeOperation : Operation
{
    private readonly FindPhase _find;

    /// <param name="lookup">The search.</param>
    /// <param name="isUnhurried">Whether nobody waits for what it finds.</param>
    public FindNodeOperation(Lookup lookup, bool isUnhurried = false) =>
        _find = new FindPhase(this, MessageKind.FindNode, lookup) { IsUnhurried = isUnhurried };

    /// <summary>The nodes that answered, closest first; none when nobody waits for them.</summary>
    public IReadOnlyList<Contact> Closest { get; private set; } = [];

    public override int Hops => _find.Hops;

    public override void Start(KademliaEngine engine, Instant now)
    {
        _find.OfferKnown(engine);
        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        _find.OnReply(from.Id, message);
        Continue(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        _find.OnSlow(request);
        Continue(engine, now);
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        _find.OnFailure(request);
        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Conclude(engine, now);

    private void Continue(KademliaEngine engine, Instant now)
    {
        _find.Pump(engine, now);
        if (_find.IsComplete)
        {
            Conclude(engine, now);
        }
    }

    private void Conclude(KademliaEngine engine, Instant now)
    {
        if (!IsInternal)
        {
            Span<Contact> closest = stackalloc Contact[engine.Config.K];
            Closest = closest[.._find.Answered(closest)].ToArray();
        }

        Finish(engine, now);
    }
}
