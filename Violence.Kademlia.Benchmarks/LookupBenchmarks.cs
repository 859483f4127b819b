using System.Net;
using BenchmarkDotNet.Attributes;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks;

/// <summary>
/// Latency of the public operations in a network of real sockets: all nodes in this process, each on a loopback address of
/// its own, no delay added. The asking node is neither publisher nor holder of what it asks for.
/// </summary>
[MemoryDiagnoser]
public class LookupBenchmarks
{
    private const int Records = 64;
    private const int GenreServers = 10;

    private readonly List<KademliaNode> _nodes = [];
    private readonly List<ServerAnnouncement> _announcements = [];
    private (KademliaNode Asker, RecordKey Key)[] _gets = [];
    private (ServerDirectory Directory, string Name)[] _lookups = [];
    private ServerDirectory _browser = null!;
    private int _next;

    [Params(16, 64, 128)]
    public int Nodes { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        var random = EntropySource.Seeded(1);
        for (int i = 0; i < Nodes; i++)
        {
            string[] through = i == 0 ? [] : [_nodes[random.NextInt32(i)].LocalEndPoint.ToString()];
            var listen = new IPEndPoint(new IPAddress([127, 78, (byte)(i / 250), (byte)(1 + i % 250)]), 0);
            KademliaNode node = await KademliaNode.StartAsync(KademliaOptions.LocalNetwork with { Listen = listen, Bootstrap = through });
            await node.BootstrapAsync();
            _nodes.Add(node);
        }

        // Past the first refresh, so that its lookups are not measured along.
        await Task.Delay(TimeSpan.FromSeconds(10));
        await PutRecordsAsync(random);
        await AnnounceAsync(random);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        foreach (KademliaNode node in _nodes)
        {
            await node.StopAsync(sayGoodbye: false);
        }
    }

    [Benchmark]
    public async Task<int> FindNode()
    {
        (KademliaNode asker, RecordKey key) = _gets[_next++ % Records];
        return (await asker.FindNodeAsync(key.Position)).Closest.Count;
    }

    [Benchmark]
    public Task<int> GetFirst() => GetAsync(GetMode.First);

    [Benchmark]
    public Task<int> GetClosest() => GetAsync(GetMode.Closest);

    [Benchmark]
    public async Task<string> ServerLookup()
    {
        (ServerDirectory directory, string name) = _lookups[_next++ % _lookups.Length];
        ServerLookupResult result = await directory.LookupAsync(name);
        return result.Server?.Server.Address ?? throw new InvalidOperationException($"{name} was not found.");
    }

    [Benchmark]
    public async Task<int> GenreQuery()
    {
        IReadOnlyList<ServerListing> servers = await _browser.QueryAllAsync(new ServerQuery { Genre = "horror" });
        return servers.Count == GenreServers ? servers.Count : throw new InvalidOperationException($"{servers.Count} servers were found.");
    }

    private async Task<int> GetAsync(GetMode mode)
    {
        (KademliaNode asker, RecordKey key) = _gets[_next++ % Records];
        GetResult result = await asker.GetAsync(key, new GetOptions { Mode = mode });
        return result.Records.Count == 1 ? 1 : throw new InvalidOperationException($"{key} was not found.");
    }

    private async Task PutRecordsAsync(EntropySource random)
    {
        _gets = new (KademliaNode, RecordKey)[Records];
        for (int i = 0, tries = 0; i < Records; tries++)
        {
            RecordKey key = RecordKey.FromText("benchmark", $"record {tries}");
            KademliaNode publisher = _nodes[random.NextInt32(Nodes)];
            await publisher.PutAsync(key, new byte[200], new PutOptions { KeepAlive = false });

            // While the code is still being compiled holders are slow, and others take their place: all may hold it then.
            List<KademliaNode> strangers = _nodes.FindAll(
                node => node != publisher && !node.GetHeldRecords().Any(held => held.Record.Key == key));
            if (strangers.Count > 0)
            {
                _gets[i++] = (strangers[random.NextInt32(strangers.Count)], key);
            }
            else if (tries > Records * 10)
            {
                throw new InvalidOperationException("Every node holds every record: nobody is left to ask.");
            }
        }
    }

    private async Task AnnounceAsync(EntropySource random)
    {
        for (int i = 0; i < GenreServers; i++)
        {
            var directory = new ServerDirectory(_nodes[i]);
            _announcements.Add(await directory.AnnounceAsync(new ServerInfo
            {
                Name = $"server-{i}",
                Address = $"203.0.113.{i}:7777",
                Genre = "horror",
                Region = "eu-west",
                MaxPlayers = 16,
            }));
        }

        _lookups = [.. _announcements.Select(announcement =>
            (new ServerDirectory(_nodes[GenreServers + random.NextInt32(Nodes - GenreServers)]), announcement.Server.Name))];
        _browser = new ServerDirectory(_nodes[^1]);
    }
}
