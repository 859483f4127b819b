using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Something that takes several requests: a find, a get, a put, a bootstrap. One small state machine each; the engine
/// routes replies, slowness and failures to it and knows nothing of what it does. Its fields are its result once
/// <see cref="IsFinished"/>.
/// </summary>
internal abstract class Operation
{
    private Instant _startedAt;

    public OperationId Id { get; private set; }

    public bool IsFinished { get; private set; }

    /// <summary>Whether the caller has heard of the result; what comes after that it does not wait for.</summary>
    public bool IsReported { get; private set; }

    /// <summary>Nobody outside waits for it: the engine's own upkeep.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Requests sent on its behalf.</summary>
    public int Requests { get; set; }

    /// <summary>How many answers in a row led to the closest node.</summary>
    public virtual int Hops => 0;

    public TimeSpan Elapsed { get; private set; }

    public OperationCost Cost => new(Elapsed, Requests, Hops);

    public void Begin(OperationId id, Instant now)
    {
        Id = id;
        _startedAt = now;
    }

    /// <summary>Sends its first requests, or finishes at once.</summary>
    public abstract void Start(KademliaEngine engine, Instant now);

    /// <summary>The answer to one of its requests. <paramref name="message"/> is valid during the call only.</summary>
    public abstract void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now);

    /// <summary>One of its requests is past its soft time-out; an answer may still come.</summary>
    public abstract void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now);

    /// <summary>One of its requests got no answer, or could not be sent.</summary>
    public abstract void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now);

    /// <summary>Its time is up: finish with what there is.</summary>
    public abstract void OnTimeUp(KademliaEngine engine, Instant now);

    /// <summary>Hands the result to the caller, once; the operation may go on with what the caller need not wait for.</summary>
    protected void Report(KademliaEngine engine, Instant now)
    {
        if (!IsReported)
        {
            IsReported = true;
            Elapsed = now - _startedAt;
            engine.OnReported(this);
        }
    }

    /// <summary>Marks the end; the engine hands the operation to the shell. Whatever arrives later is ignored.</summary>
    protected void Finish(KademliaEngine engine, Instant now)
    {
        if (!IsFinished)
        {
            Report(engine, now);
            IsFinished = true;
            engine.OnFinished(this, now);
        }
    }

    /// <summary>The caller has lost interest: stops without a result.</summary>
    public void Abandon() => IsFinished = true;
}
