using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>One engine in a <see cref="VirtualNetwork"/>, driven as the node's loop drives it.</summary>
internal sealed class VirtualNode
{
    private readonly VirtualNetwork _network;
    private IReadOnlyList<NodeEndpoint> _seeds = [];
    private Instant _alarm = Instant.Never;

    public VirtualNode(
        VirtualNetwork network,
        EngineConfig config,
        NodeIdentity identity,
        NodeEndpoint endpoint,
        EntropySource entropy,
        TimeSpan clockError,
        EngineScratch scratch)
    {
        _network = network;
        Endpoint = endpoint;
        Identity = identity;
        ClockError = clockError;
        Engine = new KademliaEngine(config, identity, endpoint, entropy, network.Now, network.Utc + clockError, scratch);
    }

    public KademliaEngine Engine { get; }

    public NodeIdentity Identity { get; }

    public NodeEndpoint Endpoint { get; }

    public TimeSpan ClockError { get; }

    public NodeId Id => Engine.Self;

    public Contact Contact => new(Id, Endpoint);

    public bool IsRunning { get; private set; }

    /// <summary>Hears of each operation as it is delivered.</summary>
    public Action<Operation>? OnFinished { get; set; }

    /// <summary>Operations that have ended.</summary>
    public Dictionary<OperationId, Operation> Finished { get; } = [];

    /// <summary>Called after each step, before anything is sent: as a node's state is saved.</summary>
    public Action<KademliaEngine, Instant>? BeforeSending { get; set; }

    public int JoinTries { get; private set; }

    /// <summary>How often the engine had to be called because something was due.</summary>
    public int Advances { get; private set; }

    public void Start(params IReadOnlyList<NodeEndpoint> seeds)
    {
        _seeds = seeds;
        IsRunning = true;
        _network.Attach(this);
        Advance();
    }

    /// <summary>As a crash: from now on it neither receives nor sends.</summary>
    public void Crash() => IsRunning = false;

    /// <summary>As a pull of the network cable that is plugged in again later.</summary>
    public void Resume()
    {
        IsRunning = true;
        Advance();
    }

    public OperationId Do(Func<KademliaEngine, Instant, OperationId> command)
    {
        OperationId id = default;
        Step(engine => id = command(engine, _network.Now));
        return id;
    }

    public void Step(Action<KademliaEngine> step)
    {
        if (!IsRunning)
        {
            return;
        }

        if (_network.IsInStep)
        {
            throw new InvalidOperationException($"A step begins inside another: engines share a scratch (seed {_network.Seed}).");
        }

        _network.IsInStep = true;
        step(Engine);
        BeforeSending?.Invoke(Engine, _network.Now);
        Flush();
        _network.IsInStep = false;
        while (Engine.TryTakeFinished(out Operation? operation))
        {
            Finished.Add(operation.Id, operation);
            OnFinished?.Invoke(operation);
        }

        if (Engine.TakeSeedsWanted())
        {
            JoinTries++;
            Engine.Join(_seeds, _seeds.Count > 0, _network.Now);
            Flush();
        }

        SetAlarm();
    }

    public void Receive(NodeEndpoint from, ReadOnlyMemory<byte> datagram)
    {
        int finished = Finished.Count;
        bool isMoreToSeeTo = true;
        bool hasMore = false;
        Step(engine =>
        {
            Instant due = engine.NextDeadline;
            JoinState joinState = engine.JoinState;
            isMoreToSeeTo = engine.Receive(from, datagram, _network.Now);
            hasMore = engine.NextDeadline < due || engine.JoinState != joinState;
        });
        if (!isMoreToSeeTo && (hasMore || Finished.Count > finished))
        {
            throw new InvalidOperationException(
                $"The engine says that there is nothing to see to but the outbox, and there is (seed {_network.Seed}).");
        }
    }

    private void Advance()
    {
        Advances++;
        Step(engine => engine.Advance(_network.Now));
        if (IsRunning && Engine.NextDeadline <= _network.Now)
        {
            throw new InvalidOperationException(
                $"The engine wants to be called again at {Engine.NextDeadline}, which is not after {_network.Now}: a busy loop (seed {_network.Seed}).");
        }
    }

    private void Flush()
    {
        for (int i = 0; i < Engine.Outbox.Count; i++)
        {
            ReadOnlyMemory<byte> datagram = Engine.Outbox.Read(i, out NodeEndpoint to);
            _network.Send(Endpoint, to, datagram);
        }

        Engine.Outbox.Clear();
    }

    private void SetAlarm()
    {
        Instant next = Engine.NextDeadline;
        if (next == Instant.Never || (_alarm > _network.Now && _alarm <= next))
        {
            return;
        }

        _alarm = next;
        _network.At(next, () =>
        {
            if (_alarm <= _network.Now)
            {
                _alarm = Instant.Never;
                if (Engine.NextDeadline <= _network.Now)
                {
                    Advance();
                }
                else
                {
                    SetAlarm();
                }
            }
        });
    }
}
