using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Simulation.Directory;

namespace Violence.Kademlia.Simulation;

/// <summary>
/// One node: the real engine, driven as the node's loop drives it. It can crash, be paused, and come back with or without what
/// it knew.
/// </summary>
internal sealed class SimulatedNode
{
    /// <summary>As many as a real node joins through.</summary>
    private const int SeedsRemembered = 20;

    private readonly Simulator _simulator;
    private readonly EngineConfig _config;
    private readonly Dictionary<OperationId, Action<Operation>> _callers = [];
    private IReadOnlyList<NodeEndpoint> _seeds = [];
    private KademliaEngine? _engine;
    private SimulatedHost? _host;
    private Instant _alarm = Instant.Never;

    public SimulatedNode(Simulator simulator, int number, EngineConfig config, NodeIdentity identity, NodeEndpoint endpoint, TimeSpan clockError)
    {
        _simulator = simulator;
        _config = config;
        Number = number;
        Identity = identity;
        Endpoint = endpoint;
        ClockError = clockError;
    }

    /// <summary>Its number in the simulation, from 0.</summary>
    public int Number { get; }

    public NodeIdentity Identity { get; }

    public NodeId Id => Identity.Id;

    public NodeEndpoint Endpoint { get; }

    /// <summary>By how much its wall clock is ahead of the true time.</summary>
    public TimeSpan ClockError { get; }

    /// <summary>Whether nobody reaches it who was not sent something first, as behind a home router.</summary>
    public bool IsBehindNat { get; init; }

    public bool IsRunning { get; private set; }

    public Instant StartedAt { get; private set; }

    /// <summary>Bytes of datagrams sent, over all of its lives.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes of datagrams that arrived, over all of its lives.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Its datagrams wait until then; <see cref="Instant.Never"/> in the past when it is not paused.</summary>
    public Instant PausedUntil { get; set; } = new(long.MinValue);

    /// <summary>When it is woken, unless a datagram comes before.</summary>
    public Instant WakesAt => _alarm;

    /// <summary>The engine of the present life.</summary>
    public KademliaEngine Engine => _engine ?? throw new InvalidOperationException($"Node {Number} does not run.");

    /// <summary>The present life, as a <see cref="KademliaNode"/> needs it.</summary>
    public SimulatedHost Host => _host ??= new SimulatedHost(_simulator, this);

    public Contact Contact => new(Id, Endpoint);

    /// <summary>Begins a life: an empty table and store, joining through these.</summary>
    public void Start(params IReadOnlyList<NodeEndpoint> seeds) => Start(SavedState.Empty, seeds);

    /// <summary>Begins a life with what an earlier one saved, its contacts being seeds as well.</summary>
    public void Start(SavedState saved, IReadOnlyList<NodeEndpoint> seeds)
    {
        EndHost();
        _seeds = [.. seeds.Concat(saved.Contacts.Take(SeedsRemembered).Select(static contact => contact.Contact.Endpoint)).Distinct()];
        _engine = new KademliaEngine(
            _config,
            Identity,
            Endpoint,
            EntropySource.Seeded(_simulator.Entropy.NextUInt64()),
            _simulator.Now,
            _simulator.Utc + ClockError,
            _simulator.Scratch);
        if (saved != SavedState.Empty)
        {
            NodeState.PutBack(saved, _engine, EntropySource.Seeded(_simulator.Entropy.NextUInt64()), _simulator.Now);
        }

        _alarm = Instant.Never;
        _callers.Clear();
        IsRunning = true;
        StartedAt = _simulator.Now;
        Step(static (engine, now) => engine.Advance(now));
    }

    /// <summary>What the node would find on its disk if it ended now.</summary>
    public SavedState Save() => NodeState.Snapshot(Engine, _simulator.Now);

    /// <summary>Ends this life without a word.</summary>
    public void Crash()
    {
        IsRunning = false;
        EndHost();

        // Networks with churn bury many nodes: their memory is let go.
        _engine = null;
    }

    public void SayGoodbye() => Step(static (engine, now) => engine.SayGoodbye(now));

    /// <summary>Starts an operation; <paramref name="ended"/> hears of its end, unless the node crashes before.</summary>
    public void Run<TOperation>(Func<KademliaEngine, Instant, OperationId> begin, Action<TOperation> ended)
        where TOperation : Operation =>
        Step((engine, now) => _callers.Add(begin(engine, now), operation => ended((TOperation)operation)));

    /// <summary>Nobody waits for this operation any more.</summary>
    /// <returns>Whether somebody did.</returns>
    public bool Forget(OperationId id) => _callers.Remove(id);

    public void Step(Action<KademliaEngine, Instant> step)
    {
        if (!IsRunning)
        {
            return;
        }

        Enter();
        step(Engine, _simulator.Now);
        EndStep();
    }

    public void Receive(NodeEndpoint from, ReadOnlyMemory<byte> datagram)
    {
        BytesReceived += datagram.Length;
        Enter();
        if (Engine.Receive(from, datagram, _simulator.Now))
        {
            EndStep();
        }
        else
        {
            Leave();
        }
    }

    /// <summary>An alarm of the simulator: the engine is called when it is really due, for alarms are not taken back.</summary>
    public void OnAlarm()
    {
        if (!IsRunning || _alarm > _simulator.Now)
        {
            return;
        }

        _alarm = Instant.Never;
        Instant due = Engine.NextDeadline;
        if (due > _simulator.Now)
        {
            // As with most: what it was set for has been answered since.
            SetAlarm(due);
            return;
        }

        Enter();
        Engine.Advance(_simulator.Now);
        EndStep();
    }

    private void EndHost()
    {
        _host?.OnEnd();
        _host = null;
    }

    /// <summary>
    /// Whoever hears from an engine in the middle of its step has to put off what it wants, of this one and of others: they share a scratch.
    /// </summary>
    private void Enter()
    {
        if (_simulator.InStep is { } other)
        {
            throw new InvalidOperationException($"A step of node {Number} begins inside one of node {other.Number}.");
        }

        _simulator.InStep = this;
    }

    private void Leave()
    {
        _simulator.InStep = null;
        Flush();
    }

    private void EndStep()
    {
        Leave();
        while (Engine.TryTakeFinished(out Operation? operation))
        {
            if (_callers.Remove(operation.Id, out Action<Operation>? ended))
            {
                ended(operation);
            }
        }

        if (Engine.TakeSeedsWanted())
        {
            Enter();
            Engine.Join(_seeds, _seeds.Count > 0, _simulator.Now);
            Leave();
        }

        _host?.OnStep(Engine.JoinState);
        SetAlarm(Engine.NextDeadline);
    }

    private void SetAlarm(Instant next)
    {
        if (next < _alarm)
        {
            _alarm = next;
            _simulator.SetAlarm(this, next);
        }
    }

    private void Flush()
    {
        Outbox outbox = Engine.Outbox;
        for (int i = 0; i < outbox.Count; i++)
        {
            ReadOnlyMemory<byte> datagram = outbox.Read(i, out NodeEndpoint to);
            BytesSent += datagram.Length;
            _simulator.Send(this, to, datagram.Span);
        }

        outbox.Clear();
    }
}
