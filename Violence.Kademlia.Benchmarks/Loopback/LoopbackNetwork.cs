using System.Net;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>
/// Nodes with real sockets in this process, each at an address of its own, 127.1.x.y, each joined through a random earlier one.
/// Fresh nodes come on top and go again: they are not among <see cref="Nodes"/>, but their datagrams count.
/// </summary>
internal sealed class LoopbackNetwork(string name, EntropySource random) : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private readonly List<KademliaNode> _nodes = [];

    // Also those that are gone: what they have sent stays sent.
    private readonly List<KademliaNode> _everybody = [];
    private int _addresses;

    public IReadOnlyList<KademliaNode> Nodes => _nodes;

    public KademliaNode Any() => _nodes[random.NextInt32(_nodes.Count)];

    /// <summary>Starts a node that stays.</summary>
    public async Task<KademliaNode> AddAsync(CancellationToken cancellationToken)
    {
        KademliaNode node = await StartAsync(_nodes.Count == 0 ? null : Any(), cancellationToken);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Starts a node that the caller stops, with <see cref="StopAsync"/>.</summary>
    public Task<KademliaNode> StartFreshAsync(CancellationToken cancellationToken) => StartAsync(Any(), cancellationToken);

    public static Task StopAsync(KademliaNode node) => node.StopAsync().WaitAsync(StopPatience);

    /// <summary>Random nodes are gone at once, without a word.</summary>
    public async Task VanishAsync(int count)
    {
        List<Task> stops = [];
        for (int i = 0; i < count; i++)
        {
            int index = random.NextInt32(_nodes.Count);
            stops.Add(_nodes[index].StopAsync(sayGoodbye: false));
            _nodes.RemoveAt(index);
        }

        await Task.WhenAll(stops).WaitAsync(StopPatience);
    }

    public long DatagramsSent() => _everybody.Sum(static node => node.GetStatus().DatagramsSent);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_everybody.Select(static node => node.StopAsync(sayGoodbye: false))).WaitAsync(StopPatience);
        _nodes.Clear();
        _everybody.Clear();
    }

    private async Task<KademliaNode> StartAsync(KademliaNode? door, CancellationToken cancellationToken)
    {
        int address = _addresses++;
        KademliaNode node = await KademliaNode.StartAsync(
            KademliaOptions.LocalNetwork with
            {
                Network = name,

                // macOS has 127.0.0.1 only.
                Listen = new IPEndPoint(
                    OperatingSystem.IsMacOS() ? IPAddress.Loopback : new IPAddress([127, 1, (byte)(address / 250), (byte)(1 + address % 250)]), 0),
                Bootstrap = door is null ? [] : [door.LocalEndPoint.ToString()],
            },
            cancellationToken);
        _everybody.Add(node);
        return node;
    }
}
