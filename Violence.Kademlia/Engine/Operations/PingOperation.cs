using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Measures one round trip to whoever answers at an endpoint. Its request is never sent a second time, so that an answer
/// belongs to the datagram it is measured from.
/// </summary>
internal sealed class PingOperation(NodeEndpoint to) : Operation
{
    /// <summary>An answer that takes longer tells a player the same as none.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public PingStatus Status { get; private set; } = PingStatus.Silent;

    /// <summary>Null unless somebody answered.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    public override void Start(KademliaEngine engine, Instant now)
    {
        if (!engine.MayPing(to, now))
        {
            Status = PingStatus.Refused;
            Finish(engine, now);
            return;
        }

        // As short as its answer: a ping is no lever against whoever is there.
        var request = new OutgoingRequest
        {
            Kind = MessageKind.Ping,
            To = new Contact(NodeId.Zero, to),
            Operation = this,
            IsToSeed = true,
            PaddedSize = WireLimits.MinRequest,
        };
        if (!engine.Send(request, now))
        {
            Finish(engine, now);
        }
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        // Later than that it can only be when this process stood still meanwhile: nobody knows when the answer came.
        TimeSpan roundTrip = now - request.SentAt;
        if (roundTrip <= Patience)
        {
            Status = PingStatus.Answered;
            RoundTrip = roundTrip;
        }

        Finish(engine, now);
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now) => Finish(engine, now);

    public override void OnTimeUp(KademliaEngine engine, Instant now) => Finish(engine, now);
}
