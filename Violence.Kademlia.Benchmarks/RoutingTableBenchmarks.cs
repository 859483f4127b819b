using System.Net;
using BenchmarkDotNet.Attributes;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;

namespace Violence.Kademlia.Benchmarks;

/// <summary>The routing table with 5,000 contacts: reads allocate nothing.</summary>
[MemoryDiagnoser]
public class RoutingTableBenchmarks
{
    private const int Contacts = 5_000;

    private readonly Contact[] _closest = new Contact[20];
    private readonly NodeId[] _targets = new NodeId[1_024];
    private readonly Contact[] _contacts = new Contact[Contacts];
    private RoutingTable _table = null!;
    private NodeId _self;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        EntropySource entropy = EntropySource.Seeded(1);
        _self = entropy.NextNodeId();
        for (int i = 0; i < Contacts; i++)
        {
            var address = new IPAddress([(byte)(1 + i / 250), (byte)(i % 250), (byte)(i % 7), 1]);
            _contacts[i] = new Contact(entropy.NextNodeId(), NodeEndpoint.From(address, 4_001));
        }

        for (int i = 0; i < _targets.Length; i++)
        {
            _targets[i] = entropy.NextNodeId();
        }

        _table = Filled();
    }

    [Benchmark]
    public int ClosestTwentyOfFiveThousand() =>
        _table.Closest(_targets[_next++ & 1_023], _closest, AddressFamilies.Both, _self, onlyReliable: true);

    [Benchmark]
    public bool Contains() => _table.Contains(_contacts[_next++ % Contacts].Id);

    /// <summary>Per contact, while a table grows to 5,000.</summary>
    [Benchmark(OperationsPerInvoke = Contacts)]
    public object Insert() => Filled();

    private RoutingTable Filled()
    {
        var table = new RoutingTable(_self, RoutingLimits.WholeNetwork);
        for (int i = 0; i < _contacts.Length; i++)
        {
            table.Add(_contacts[i], Instant.FromMilliseconds(i));
        }

        return table;
    }
}
