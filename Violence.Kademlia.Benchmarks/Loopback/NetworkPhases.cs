using System.Diagnostics;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>The network as such: how it comes up, what it takes, how it idles, how others join it.</summary>
internal sealed class NetworkPhases(LoopbackNetwork network, LoopbackOptions options)
{
    private const int ContactsOfAll = 8;
    private const int ContactsOfFresh = 3;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Starts one node after the other and leaves them alone until the network has settled. A node's latency is from its own
    /// start until it knows 8 others.
    /// </summary>
    /// <param name="cold">The memory before the first node of the process.</param>
    public async Task<MetricLine> GrowAsync(MemoryUse cold)
    {
        MemoryUse warm = MemoryUse.AfterCollecting();
        long allocated = GC.GetTotalAllocatedBytes();
        using var limit = new CancellationTokenSource(Phase.Limit);
        long start = Stopwatch.GetTimestamp();
        var phase = new Phase("network", network, options.Nodes);
        double? allKnow = null;
        try
        {
            await KnowAsync(phase, limit.Token);
            allKnow = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
            await Task.Delay(options.Settle, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or KademliaException)
        {
            phase.Failed(e.Message);
        }

        MetricLine line = phase.Conclude();
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        MemoryUse settled = MemoryUse.AsItIs();
        return line with
        {
            AllKnow8Ms = allKnow,
            RssKbPerNode = KilobytesPerNode(settled.Resident - warm.Resident),
            RssColdKbPerNode = KilobytesPerNode(settled.Resident - cold.Resident),
            AllocatedKbPerNode = KilobytesPerNode(allocated),
            HeapKbPerNode = KilobytesPerNode(settled.Heap - warm.Heap),
        };
    }

    /// <summary>What the network spends while nobody asks it anything; an operation is a node.</summary>
    public async Task<MetricLine> IdleAsync()
    {
        var phase = new Phase("idle_5s", network, network.Nodes.Count);
        await Task.Delay(IdleTime);
        for (int i = 0; i < network.Nodes.Count; i++)
        {
            phase.Succeeded(i, TimeSpan.Zero);
        }

        return phase.Conclude();
    }

    /// <summary>Fresh nodes, one after the other: from before the start until 3 others are known. Each is stopped again.</summary>
    public Task<MetricLine> JoinAsync()
    {
        int wanted = Math.Min(ContactsOfFresh, network.Nodes.Count);
        KademliaNode? fresh = null;
        return Phase.MeasureAsync(
            "join_know_3",
            network,
            options.Fresh,
            async (_, limit) =>
            {
                fresh = null;
                fresh = await network.StartFreshAsync(limit);
                while (fresh.ContactCount < wanted)
                {
                    await Task.Delay(Poll, limit);
                }

                return null;
            },
            cleanUp: () => fresh is null ? Task.CompletedTask : LoopbackNetwork.StopAsync(fresh));
    }

    private async Task KnowAsync(Phase phase, CancellationToken limit)
    {
        int wanted = Math.Min(ContactsOfAll, options.Nodes - 1);
        List<(int Index, long Start)> waiting = [];
        while (network.Nodes.Count < options.Nodes || waiting.Count > 0)
        {
            if (network.Nodes.Count < options.Nodes)
            {
                waiting.Add((network.Nodes.Count, Stopwatch.GetTimestamp()));
                await network.AddAsync(limit);
            }
            else
            {
                await Task.Delay(Poll, limit);
            }

            waiting.RemoveAll(node =>
            {
                bool knows = network.Nodes[node.Index].ContactCount >= wanted;
                if (knows)
                {
                    phase.Succeeded(node.Index, Stopwatch.GetElapsedTime(node.Start));
                }

                return knows;
            });
        }
    }

    private double KilobytesPerNode(long bytes) => Math.Round(bytes / 1024.0 / options.Nodes, 1);
}
