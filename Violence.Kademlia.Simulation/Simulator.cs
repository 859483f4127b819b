using System.Diagnostics.CodeAnalysis;
using System.Net;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Simulation;

/// <summary>How addresses are dealt out.</summary>
internal enum AddressPlan
{
    /// <summary>Every node in a /24 of its own.</summary>
    ManyNetworks,

    /// <summary>A hundred nodes to a /24.</summary>
    FewNetworks,
}

/// <summary>
/// A whole network in one thread on virtual time, which jumps from event to event. One seed decides everything: the same
/// seed and the same calls give the same <see cref="TraceHash"/>, in every process. No task, no thread, no clock, no sleep.
/// </summary>
internal sealed class Simulator
{
    private const int StepsPerSample = 1_000;
    private const ushort Port = 4_001;

    // 20.0.0.0/6 and on: public addresses, so that the limits on contacts of one network are in force.
    private const int FirstOctet = 20;
    private const int HostsOfFewNetworks = 100;

    private static readonly TimeSpan NatMemory = TimeSpan.FromSeconds(30);

    private readonly EventQueue _events = new();
    private readonly PayloadPool _payloads = new();
    private readonly List<Action> _actions = [];
    private readonly Stack<int> _freeActions = new();
    private readonly List<SimulatedNode> _nodes = [];

    // Beside the nodes: what is asked for with every datagram lies close together here.
    private readonly List<Contact> _contacts = [];
    private readonly Dictionary<(int Inside, NodeEndpoint Outside), Instant> _natUntil = [];
    private readonly SignatureScheme _scheme;
    private readonly AddressPlan _addresses;

    /// <param name="seed">Decides everything.</param>
    /// <param name="latency">How long datagrams are under way; null: the log-normal default.</param>
    /// <param name="scheme">How nodes sign; null: the keyed hash, which is forty times cheaper than the curve.</param>
    /// <param name="addresses">How addresses are dealt out.</param>
    public Simulator(ulong seed, LatencyModel? latency = null, SignatureScheme? scheme = null, AddressPlan addresses = AddressPlan.ManyNetworks)
    {
        Seed = seed;
        Entropy = EntropySource.Seeded(seed);
        Latency = latency ?? LatencyModel.LogNormal(Entropy.NextUInt64());
        _scheme = scheme ?? KeyedHashScheme.Instance;
        _addresses = addresses;
    }

    /// <summary>The name of the simulated network, for those who open one by name.</summary>
    public const string NetworkName = "simulation";

    /// <summary>The id of the simulated network.</summary>
    public static uint Network { get; } = NetworkIds.Of(NetworkName);

    public ulong Seed { get; }

    /// <summary>All chance of network, lives and scenarios.</summary>
    public EntropySource Entropy { get; }

    public LatencyModel Latency { get; }

    public NetworkFaults Faults { get; } = new();

    public EngineScratch Scratch { get; } = new();

    /// <summary>The node whose engine is at work; null between two steps.</summary>
    public SimulatedNode? InStep { get; set; }

    public Instant Now { get; private set; } = Instant.FromMilliseconds(0);

    /// <summary>True time; nodes' own wall clocks may be off.</summary>
    public DateTimeOffset Utc => DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000) + (Now - Instant.FromMilliseconds(0));

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>FNV-1a over time, sender, receiver and size of every datagram that arrived.</summary>
    public ulong TraceHash { get; private set; } = 14_695_981_039_346_656_037;

    public long DatagramsSent { get; private set; }

    public long DatagramsArrived { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>Events since the start: a failing run names the one it failed at.</summary>
    public long Steps { get; private set; }

    /// <summary>Called every so many steps, between two of them: for checkers, which only look.</summary>
    public Action? Sampled { get; set; }

    /// <summary>A node that is not started yet.</summary>
    public SimulatedNode Create(EngineConfig? config = null, TimeSpan clockError = default, bool isBehindNat = false)
    {
        Span<byte> secret = stackalloc byte[NodeIdentity.SeedSize];
        Entropy.Fill(secret);
        var identity = new NodeIdentity(_scheme, secret);
        int number = _nodes.Count;
        config ??= new EngineConfig { Network = Network };
        var node = new SimulatedNode(this, number, config, identity, Address(number), clockError) { IsBehindNat = isBehindNat };
        _nodes.Add(node);
        _contacts.Add(node.Contact);
        return node;
    }

    public bool TryFind(NodeEndpoint endpoint, [NotNullWhen(true)] out SimulatedNode? node)
    {
        int number = NumberOf(endpoint);
        node = number >= 0 ? _nodes[number] : null;
        return node is not null;
    }

    /// <summary>Whether this node stands, or stood, at its endpoint under this id.</summary>
    public bool Knows(Contact contact)
    {
        int number = NumberOf(contact.Endpoint);
        return number >= 0 && _contacts[number].Id == contact.Id;
    }

    public void At(Instant time, Action action)
    {
        if (_freeActions.TryPop(out int place))
        {
            _actions[place] = action;
        }
        else
        {
            place = _actions.Count;
            _actions.Add(action);
        }

        _events.Add(time, EventKind.Action, place);
    }

    public void After(TimeSpan span, Action action) => At(Now + span, action);

    public void RunFor(TimeSpan span) => RunUntil(static () => false, span);

    /// <summary>Runs until a condition holds, or so much time has passed.</summary>
    /// <returns>Whether it holds.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        // Where the thread has a context of its own (test runners give it one), what waits would be continued there, or on the thread pool.
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return Run(condition, Now + atMost);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private bool Run(Func<bool> condition, Instant end)
    {
        while (!condition())
        {
            if (_events.Next > end)
            {
                Now = end;
                return condition();
            }

            Happen(_events.Take());
        }

        return true;
    }

    internal void SetAlarm(SimulatedNode node, Instant at) => _events.Add(Instant.Max(at, Now), EventKind.Alarm, node.Number);

    internal void Send(SimulatedNode from, NodeEndpoint to, ReadOnlySpan<byte> datagram)
    {
        DatagramsSent++;
        BytesSent += datagram.Length;
        int receiver = NumberOf(to);
        if (receiver < 0 || datagram.Length > Faults.LongestDatagram)
        {
            return;
        }

        if (from.IsBehindNat)
        {
            _natUntil[(from.Number, to)] = Now + NatMemory;
        }

        if (Faults.Cuts?.Invoke(from.Number, receiver) == true || Happens(Faults.Loss))
        {
            return;
        }

        Dispatch(from.Number, receiver, datagram);
        if (Happens(Faults.Duplication))
        {
            Dispatch(from.Number, receiver, datagram);
        }
    }

    private void Dispatch(int from, int to, ReadOnlySpan<byte> datagram)
    {
        TimeSpan delay = Latency.OneWay(from, to);
        if (Faults.Reordering > TimeSpan.Zero)
        {
            delay += Faults.Reordering * Entropy.NextDouble();
        }

        int handle = _payloads.Keep(datagram);
        if (Happens(Faults.Corruption))
        {
            int bit = Entropy.NextInt32(datagram.Length * 8);
            _payloads.Read(handle, datagram.Length).Span[bit / 8] ^= (byte)(1 << bit % 8);
        }

        _events.Add(Now + delay, EventKind.Arrival, to, from, handle, datagram.Length);
    }

    private void Happen(in Event happening)
    {
        Now = happening.At;
        Steps++;
        switch (happening.Kind)
        {
            case EventKind.Arrival:
                Arrive(happening);
                break;
            case EventKind.Alarm:
                Wake(_nodes[happening.Node]);
                break;
            default:
                Action action = _actions[happening.Node];
                _actions[happening.Node] = static () => { };
                _freeActions.Push(happening.Node);
                action();
                break;
        }

        if (Steps % StepsPerSample == 0)
        {
            Sampled?.Invoke();
        }
    }

    private void Arrive(in Event arrival)
    {
        SimulatedNode node = _nodes[arrival.Node];
        NodeEndpoint from = _contacts[arrival.From].Endpoint;
        if (node.IsRunning && node.PausedUntil > Now)
        {
            // The process stands still, its socket does not: datagrams wait in the buffer.
            _events.Add(node.PausedUntil, EventKind.Arrival, arrival.Node, arrival.From, arrival.Payload, arrival.Length);
            return;
        }

        if (node.IsRunning && IsLetIn(node, from))
        {
            DatagramsArrived++;
            Note((ulong)Now.Ticks);
            Note((ulong)(uint)arrival.From << 32 | (uint)arrival.Node);
            Note((ulong)arrival.Length);
            node.Receive(from, _payloads.Read(arrival.Payload, arrival.Length));
        }

        _payloads.Release(arrival.Payload);
    }

    private void Wake(SimulatedNode node)
    {
        if (node.PausedUntil > Now)
        {
            _events.Add(node.PausedUntil, EventKind.Alarm, node.Number);
        }
        else
        {
            node.OnAlarm();
        }
    }

    private bool IsLetIn(SimulatedNode node, NodeEndpoint from) =>
        !node.IsBehindNat || (_natUntil.TryGetValue((node.Number, from), out Instant until) && until >= Now);

    private bool Happens(double share) => share > 0 && Entropy.NextDouble() < share;

    private void Note(ulong value) => TraceHash = (TraceHash ^ value) * 1_099_511_628_211;

    private NodeEndpoint Address(int number)
    {
        int net = _addresses == AddressPlan.ManyNetworks ? number : number / HostsOfFewNetworks;
        int host = _addresses == AddressPlan.ManyNetworks ? 1 : 1 + number % HostsOfFewNetworks;
        return NodeEndpoint.From(new IPAddress([(byte)(FirstOctet + (net >> 16)), (byte)(net >> 8), (byte)net, (byte)host]), Port);
    }

    /// <summary>Which node has an address, or -1: the inverse of <see cref="Address"/>, asked for with every datagram.</summary>
    private int NumberOf(NodeEndpoint endpoint)
    {
        if (!endpoint.IsIPv4)
        {
            return -1;
        }

        Span<byte> bytes = stackalloc byte[NodeEndpoint.IPv4Size];
        endpoint.CopyTo(bytes);
        int net = (bytes[0] - FirstOctet) << 16 | bytes[1] << 8 | bytes[2];
        int host = bytes[3] - 1;
        int hosts = _addresses == AddressPlan.ManyNetworks ? 1 : HostsOfFewNetworks;
        int number = net * hosts + host;
        return endpoint.Port == Port && net >= 0 && host >= 0 && host < hosts && number < _contacts.Count ? number : -1;
    }
}
