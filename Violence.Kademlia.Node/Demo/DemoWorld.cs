using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Node.Demo;

/// <summary>The network of the demo and everything the acts know about it.</summary>
internal sealed class DemoWorld : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly List<DemoNode> _nodes = [];
    private readonly ILoggerFactory _logging;
    private readonly LoopbackAddresses _addresses = LoopbackAddresses.Detect();

    public DemoWorld(DemoSettings settings, ILoggerFactory logging)
    {
        _logging = logging;
        Settings = settings;
        Random = new Random(settings.Seed);
        Servers = DemoServers.Create(settings.Servers, Random);
    }

    public DemoSettings Settings { get; }

    public DemoFigures Figures { get; } = new();

    /// <summary>Seeded; used by the acts' own thread only.</summary>
    public Random Random { get; }

    public IReadOnlyList<DemoNode> Nodes => _nodes;

    public IReadOnlyList<DemoServer> Servers { get; }

    /// <summary>
    /// A player's node: a client, so it never holds anything. It asks where every other node announced or holds the record,
    /// as in a network no larger than a record's set of holders.
    /// </summary>
    public DemoNode? Player { get; private set; }

    public IEnumerable<DemoNode> Survivors => _nodes.Where(node => node.IsAlive);

    /// <summary>Everybody who can ask: the nodes that are still there, and the player.</summary>
    public IReadOnlyList<DemoNode> Askers => Player is null ? [.. Survivors] : [.. Survivors, Player];

    public IEnumerable<string> Genres => Servers.Select(server => server.Info.Genre).Distinct(StringComparer.Ordinal);

    /// <summary>The server whose owner updates it, and whose name a stranger claims.</summary>
    public DemoServer Contested => Servers[0];

    /// <summary>The server that is withdrawn at the end; its announcer never crashes.</summary>
    public DemoServer Departing => Servers[^1];

    /// <summary>Starts one more node, which joins through <paramref name="seed"/>; null: the first of its network.</summary>
    public async Task<DemoNode> StartNodeAsync(DemoNode? seed, CancellationToken stop)
    {
        var node = await StartAsync($"node {_nodes.Count + 1}", _nodes.Count, seed, NodeMode.Server, stop);
        _nodes.Add(node);
        return node;
    }

    public async Task<DemoNode> StartPlayerAsync(CancellationToken stop) =>
        Player = await StartAsync("the player", _nodes.Count, PickOne(_nodes), NodeMode.Client, stop);

    /// <summary>A node that can only learn about a server from others: it neither announced it nor holds its record.</summary>
    public DemoNode AskerFor(DemoServer server)
    {
        List<DemoNode> strangers = [.. Survivors.Where(node => node != server.Announcer && !server.IsHeldBy(node))];
        return strangers.Count > 0 ? PickOne(strangers) : Player ?? throw new InvalidOperationException("The player has not joined.");
    }

    public DemoNode PickOne(IReadOnlyList<DemoNode> nodes) => nodes[Random.Next(nodes.Count)];

    private async Task<DemoNode> StartAsync(string name, int index, DemoNode? seed, NodeMode mode, CancellationToken stop)
    {
        var options = KademliaOptions.LocalNetwork with
        {
            Listen = _addresses.At(index),
            Bootstrap = seed is null ? [] : [seed.Node.LocalEndPoint.ToString()],
            Network = "violence-demo",
            Mode = mode,
            LoggerFactory = _logging,
        };
        return new DemoNode(name, await KademliaNode.StartAsync(options, stop));
    }

    /// <summary>Stops every node. Nobody is left to be told, so without goodbyes.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopPatience);
        try
        {
            await Task.WhenAll(Askers.Select(node => node.Node.StopAsync(sayGoodbye: false, limit.Token))).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends anyway.
        }
    }
}
