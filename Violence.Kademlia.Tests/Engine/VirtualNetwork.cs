using System.Net;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>
/// Engines in one thread on virtual time: the clock jumps from event to event, one seed decides everything, nothing sleeps.
/// Delay, loss and blocked paths can be changed while it runs.
/// </summary>
internal sealed class VirtualNetwork(ulong seed)
{
    public const string Name = "virtual";

    private readonly EntropySource _entropy = EntropySource.Seeded(seed);
    private readonly PriorityQueue<Action, (Instant At, long Order)> _events = new();
    private readonly Dictionary<NodeEndpoint, VirtualNode> _byEndpoint = [];
    private readonly Dictionary<NodeEndpoint, Stranger> _strangers = [];
    private readonly EngineScratch _scratch = new();
    private long _order;
    private int _lastHost;

    public static uint NetworkId { get; } = NetworkIds.Of(Name);

    /// <summary>Whether some node's engine is at work.</summary>
    public bool IsInStep { get; set; }

    public ulong Seed => seed;

    public Instant Now { get; private set; } = Instant.FromMilliseconds(1_000_000);

    /// <summary>The wall clock at the start; a node's own may be off by its <see cref="VirtualNode.ClockError"/>.</summary>
    public DateTimeOffset StartUtc { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public List<VirtualNode> Nodes { get; } = [];

    /// <summary>One way, for every pair.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How much later than <see cref="Delay"/> a datagram may arrive, drawn for each: they overtake each other.</summary>
    public TimeSpan Jitter { get; set; }

    /// <summary>How much longer this datagram takes: from, to, bytes.</summary>
    public Func<NodeEndpoint, NodeEndpoint, ReadOnlyMemory<byte>, TimeSpan> ExtraDelay { get; set; } = static (_, _, _) => TimeSpan.Zero;

    /// <summary>Share of datagrams that vanish.</summary>
    public double Loss { get; set; }

    /// <summary>Paths on which nothing arrives: from, to.</summary>
    public Func<NodeEndpoint, NodeEndpoint, bool> IsBlocked { get; set; } = static (_, _) => false;

    /// <summary>Sees every datagram sent, before loss: from, to, bytes.</summary>
    public Action<NodeEndpoint, NodeEndpoint, ReadOnlyMemory<byte>>? Observer { get; set; }

    /// <summary>FNV-1a over time, ends and length of all that was delivered.</summary>
    public ulong Trace { get; private set; } = 14_695_981_039_346_656_037;

    public DateTimeOffset Utc => StartUtc + (Now - Instant.FromMilliseconds(1_000_000));

    /// <summary>A node that is not running yet: call <see cref="VirtualNode.Start"/>.</summary>
    public VirtualNode Create(
        Func<EngineConfig, EngineConfig>? configure = null, NodeIdentity? identity = null, NodeEndpoint? endpoint = null, TimeSpan clockError = default)
    {
        NodeEndpoint at = endpoint ?? NewEndpoint();
        EngineConfig config = new() { Network = NetworkId };
        config = configure?.Invoke(config) ?? config;
        var node = new VirtualNode(this, config, identity ?? NewIdentity(), at, EntropySource.Seeded(_entropy.NextUInt64()), clockError, _scratch);
        Nodes.Add(node);
        return node;
    }

    /// <summary>An address nobody has yet.</summary>
    public NodeEndpoint NewEndpoint()
    {
        _lastHost++;
        return NodeEndpoint.From(new IPEndPoint(new IPAddress([10, 0, (byte)(_lastHost >> 8), (byte)_lastHost]), 4_001));
    }

    /// <summary>A node that joins through another at once; null: it is the first.</summary>
    public VirtualNode Add(VirtualNode? through = null, Func<EngineConfig, EngineConfig>? configure = null)
    {
        VirtualNode node = Create(configure);
        node.Start(through is null ? [] : [through.Endpoint]);
        return node;
    }

    /// <summary>So many nodes, each joined through a random earlier one, and time to get to know each other.</summary>
    public static VirtualNetwork OfSize(int nodes, ulong seed, Func<EngineConfig, EngineConfig>? configure = null)
    {
        var network = new VirtualNetwork(seed);
        for (int i = 0; i < nodes; i++)
        {
            network.Add(i == 0 ? null : network.Nodes[network._entropy.NextInt32(i)], configure);
            network.RunFor(TimeSpan.FromMilliseconds(200));
        }

        network.RunFor(TimeSpan.FromSeconds(20));
        return network;
    }

    public NodeIdentity NewIdentity()
    {
        Span<byte> secret = stackalloc byte[NodeIdentity.SeedSize];
        _entropy.Fill(secret);
        return new NodeIdentity(KeyedHashScheme.Instance, secret);
    }

    public NodeId NewNodeId() => _entropy.NextNodeId();

    public void Send(NodeEndpoint from, NodeEndpoint to, ReadOnlyMemory<byte> datagram)
    {
        Observer?.Invoke(from, to, datagram);
        if (IsBlocked(from, to) || (Loss > 0 && _entropy.NextDouble() < Loss))
        {
            return;
        }

        byte[] copy = datagram.ToArray();
        TimeSpan late = Jitter > TimeSpan.Zero ? Jitter * _entropy.NextDouble() : TimeSpan.Zero;
        At(Now + Delay + late + ExtraDelay(from, to, datagram), () =>
        {
            if (_strangers.TryGetValue(to, out Stranger? stranger))
            {
                stranger.Receive(from, copy);
            }
            else if (_byEndpoint.TryGetValue(to, out VirtualNode? receiver) && receiver.IsRunning)
            {
                Note((ulong)Now.Ticks);
                Note((ulong)from.GetHashCode());
                Note((ulong)to.GetHashCode());
                Note((ulong)copy.Length);
                receiver.Receive(from, copy);
            }
        });
    }

    public void At(Instant time, Action action) => _events.Enqueue(action, (time, _order++));

    public void RunFor(TimeSpan span) => RunUntil(static () => false, span);

    /// <summary>Runs until <paramref name="condition"/> holds or <paramref name="atMost"/> has passed.</summary>
    /// <returns>Whether it holds.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        Instant end = Now + atMost;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out (Instant At, long Order) next) || next.At > end)
            {
                Now = end;
                return condition();
            }

            Action action = _events.Dequeue();
            Now = Instant.Max(Now, next.At);
            action();
        }

        return true;
    }

    /// <summary>Runs one operation on a node to its end, at most a virtual minute.</summary>
    public TOperation Run<TOperation>(VirtualNode node, Func<KademliaEngine, Instant, OperationId> begin)
        where TOperation : Operation
    {
        OperationId id = node.Do(begin);
        RunUntil(() => node.Finished.ContainsKey(id), TimeSpan.FromMinutes(1));
        if (!node.Finished.TryGetValue(id, out Operation? operation))
        {
            throw new InvalidOperationException($"The operation did not end within a minute (seed {seed}).");
        }

        // A put goes on when its caller has been told already.
        RunUntil(() => operation.IsFinished, TimeSpan.FromMinutes(1));
        return (TOperation)operation;
    }

    internal void Attach(VirtualNode node) => _byEndpoint[node.Endpoint] = node;

    internal void Attach(Stranger stranger) => _strangers[stranger.Endpoint] = stranger;

    private void Note(ulong value) => Trace = (Trace ^ value) * 1_099_511_628_211;
}
