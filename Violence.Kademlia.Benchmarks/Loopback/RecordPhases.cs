using System.Collections.Concurrent;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>Puts records, and gets them from nodes that neither published nor hold them.</summary>
internal sealed class RecordPhases(LoopbackNetwork network, LoopbackOptions options, EntropySource random)
{
    private static readonly GetOptions First = new() { Mode = GetMode.First };
    private static readonly GetOptions Complete = new() { Mode = GetMode.Closest };

    /// <summary>Stores may arrive after a put has its acknowledgements; who holds what is asked after them.</summary>
    private static readonly TimeSpan StoresArrive = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<RecordKey, NodeId> _publishers = new();

    /// <summary>Whether anything was put.</summary>
    public bool HasAny => !_publishers.IsEmpty;

    /// <summary>Puts so many records; the put's own acknowledgements end it.</summary>
    public async Task<MetricLine> PutAsync()
    {
        var puts = new (KademliaNode Publisher, RecordKey Key, byte[] Value)[options.Puts];
        for (int i = 0; i < puts.Length; i++)
        {
            puts[i] = (network.Any(), new RecordKey(random.NextNodeId()), new byte[options.ValueSize]);
            random.Fill(puts[i].Value);
        }

        MetricLine line = await Phase.MeasureAsync("put", network, puts.Length, async (i, limit) =>
        {
            (KademliaNode publisher, RecordKey key, byte[] value) = puts[i];
            PutResult put = await publisher.PutAsync(key, value, options: null, limit);
            if (put.Acknowledgements > 0)
            {
                _publishers[key] = publisher.Id;
            }

            return put.IsStored ? null : $"{put.Status} with {put.Acknowledgements} of {put.Wanted} acknowledgements";
        });
        await Task.Delay(StoresArrive);
        return line;
    }

    /// <summary>A get that ends with the first valid record.</summary>
    public Task<MetricLine> GetFirstAsync(string metric, int total, int inFlight = 1) => GetAsync(metric, total, First, inFlight);

    /// <summary>A get that ends when the 3 closest nodes have answered.</summary>
    public Task<MetricLine> GetCompleteAsync(string metric, int total) => GetAsync(metric, total, Complete, inFlight: 1);

    /// <summary>A get of what nobody has put: it succeeds when that is what it says.</summary>
    public Task<MetricLine> GetAbsentAsync(string metric, int total)
    {
        var gets = new (KademliaNode Asker, RecordKey Key)[total];
        for (int i = 0; i < total; i++)
        {
            gets[i] = (network.Any(), new RecordKey(random.NextNodeId()));
        }

        return Phase.MeasureAsync(metric, network, total, async (i, limit) =>
        {
            GetResult get = await gets[i].Asker.GetAsync(gets[i].Key, First, limit);
            return get.Status == GetStatus.NotFound ? null : get.Status.ToString();
        });
    }

    /// <summary>A node that has just been made: from before its start to the first valid record.</summary>
    public Task<MetricLine> FreshNodeFirstGetAsync(string metric, int total)
    {
        RecordKey[] keys = [.. _publishers.Keys.OrderBy(static key => key.Position)];
        RecordKey[] wanted = [.. Enumerable.Range(0, total).Select(_ => keys[random.NextInt32(keys.Length)])];
        KademliaNode? fresh = null;
        return Phase.MeasureAsync(
            metric,
            network,
            total,
            async (i, limit) =>
            {
                fresh = null;
                fresh = await network.StartFreshAsync(limit);
                return Problem(await fresh.GetAsync(wanted[i], First, limit));
            },
            cleanUp: () => fresh is null ? Task.CompletedTask : LoopbackNetwork.StopAsync(fresh));
    }

    private Task<MetricLine> GetAsync(string metric, int total, GetOptions mode, int inFlight)
    {
        (KademliaNode Asker, RecordKey Key)[] gets = Draw(total);
        return Phase.MeasureAsync(
            metric,
            network,
            total,
            async (i, limit) => Problem(await gets[i].Asker.GetAsync(gets[i].Key, mode, limit)),
            inFlight);
    }

    private static string? Problem(GetResult get) => get.Records.Count > 0 ? null : get.Status.ToString();

    /// <summary>Who asks for what. Where every node holds the record, as in a network of fewer than ten, anybody asks.</summary>
    private (KademliaNode Asker, RecordKey Key)[] Draw(int total)
    {
        RecordKey[] keys = [.. _publishers.Keys.OrderBy(static key => key.Position)];
        var holders = new HashSet<(NodeId, RecordKey)>();
        foreach (KademliaNode node in network.Nodes)
        {
            holders.UnionWith(node.GetHeldRecords().Select(held => (node.Id, held.Record.Key)));
        }

        var gets = new (KademliaNode, RecordKey)[total];
        for (int i = 0; i < total; i++)
        {
            RecordKey key = keys[random.NextInt32(keys.Length)];
            List<KademliaNode> strangers =
                [.. network.Nodes.Where(node => _publishers[key] != node.Id && !holders.Contains((node.Id, key)))];
            gets[i] = (strangers.Count == 0 ? network.Any() : strangers[random.NextInt32(strangers.Count)], key);
        }

        return gets;
    }
}
