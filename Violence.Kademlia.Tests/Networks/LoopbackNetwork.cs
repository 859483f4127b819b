using System.Net;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>Where the nodes of a <see cref="LoopbackNetwork"/> listen.</summary>
internal enum LoopbackAddresses
{
    /// <summary>All at 127.0.0.1, each at a port of its own.</summary>
    Shared,

    /// <summary>Each at an address of its own, 127.77.x.y, where the system has all of 127.0.0.0/8; else as <see cref="Shared"/>.</summary>
    Own,
}

/// <summary>
/// A network of real nodes on this host. Every node joins through a random earlier one, drawn from a seed; all have
/// joined and know all servers when it is handed out. Its name is its own, so networks of tests that run side by side stay apart.
/// </summary>
internal sealed class LoopbackNetwork : IAsyncDisposable
{
    private static int _networks;

    private readonly List<KademliaNode> _nodes = [];
    private readonly string _name;
    private readonly LoopbackAddresses _addresses;
    private readonly EntropySource _entropy;

    private LoopbackNetwork(ulong seed, LoopbackAddresses addresses)
    {
        _name = $"test-{Environment.ProcessId}-{Interlocked.Increment(ref _networks)}";
        _addresses = addresses;
        _entropy = EntropySource.Seeded(seed);
    }

    /// <summary>All nodes, in the order they were started.</summary>
    public IReadOnlyList<KademliaNode> Nodes => _nodes;

    public KademliaNode this[int index] => _nodes[index];

    /// <summary>Starts a network and waits until every node has joined and knows every other that is not a client.</summary>
    /// <param name="count">How many nodes.</param>
    /// <param name="seed">Decides who joins through whom.</param>
    /// <param name="addresses">Where they listen.</param>
    /// <param name="configure">Changes the options of the node of that index.</param>
    public static async Task<LoopbackNetwork> StartAsync(
        int count,
        ulong seed = 1,
        LoopbackAddresses addresses = LoopbackAddresses.Shared,
        Func<int, KademliaOptions, KademliaOptions>? configure = null)
    {
        LoopbackNetwork network = new(seed, addresses);
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        try
        {
            for (int i = 0; i < count; i++)
            {
                await network.StartNodeAsync(configure, deadline.Token);
            }

            await network.JoinedAsync(deadline.Token);
            await network.AcquaintedAsync();
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more node and waits until it has joined.</summary>
    public async Task<KademliaNode> AddAsync(Func<KademliaOptions, KademliaOptions>? configure = null)
    {
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        KademliaNode node = await StartNodeAsync((_, options) => configure?.Invoke(options) ?? options, deadline.Token);
        await node.BootstrapAsync(deadline.Token);
        return node;
    }

    /// <summary>A node drawn from the seed.</summary>
    public KademliaNode Any() => _nodes[_entropy.NextInt32(_nodes.Count)];

    public async ValueTask DisposeAsync()
    {
        // One after the other would have every goodbye answered by nodes that are about to go as well.
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _nodes.Clear();
    }

    private async Task<KademliaNode> StartNodeAsync(
        Func<int, KademliaOptions, KademliaOptions>? configure, CancellationToken cancellationToken)
    {
        // Clients never answer: nobody can join through them.
        KademliaNode[] doors = [.. _nodes.Where(node => node.Mode == NodeMode.Server)];
        KademliaOptions options = KademliaOptions.LocalNetwork with
        {
            Network = _name,
            Listen = new IPEndPoint(AddressOf(_nodes.Count), 0),
            Bootstrap = doors.Length == 0 ? [] : [doors[_entropy.NextInt32(doors.Length)].LocalEndPoint.ToString()],
        };
        KademliaNode node = await KademliaNode.StartAsync(configure?.Invoke(_nodes.Count, options) ?? options, cancellationToken);
        _nodes.Add(node);
        return node;
    }

    private async Task JoinedAsync(CancellationToken cancellationToken)
    {
        BootstrapResult[] results = await Task.WhenAll(_nodes.Select(node => node.BootstrapAsync(cancellationToken)));
        Assert.That(results.Skip(1).Select(result => result.Status), Is.All.EqualTo(BootstrapStatus.Joined));
    }

    /// <summary>Nodes that have joined know three others, or a seed that does not know them yet: tests of what comes after joining don't start there.</summary>
    private Task<int> AcquaintedAsync()
    {
        NodeId[] servers = [.. _nodes.Where(node => node.Mode == NodeMode.Server).Select(node => node.Id)];
        return Eventually.HoldsAsync(
            "every node knows every server",
            _ => Task.FromResult(_nodes.Sum(node => servers.Except(node.GetContacts().Select(contact => contact.Id).Append(node.Id)).Count())),
            missing => missing == 0,
            missing => $"{missing} are unknown to somebody");
    }

    private IPAddress AddressOf(int index)
    {
        // macOS has 127.0.0.1 only.
        bool hasOwn = _addresses == LoopbackAddresses.Own && !OperatingSystem.IsMacOS();
        return hasOwn ? new IPAddress([127, 77, (byte)(index / 250), (byte)(index % 250 + 1)]) : IPAddress.Loopback;
    }
}
