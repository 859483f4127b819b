using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>All phases in their order, on one network that is warmed up on another.</summary>
internal sealed class LoopbackRun(LoopbackOptions options)
{
    public const string AfterVanish = "get_after_25pct_vanish";

    private const int InFlight = 32;
    private const int GetsInFlightMin = 2_000;
    private const int GetsAfterVanish = 40;

    /// <summary>
    /// Enough for the runtime to see what is called often (30 calls), and time to compile it anew: without, the first
    /// hundreds of operations measure the compiler.
    /// </summary>
    private const int WarmUpOperations = 50;
    private const int WarmUpNodes = 16;

    /// <summary>What the first made the runtime compile anew calls other things, and is called by them.</summary>
    private const int WarmUps = 2;

    private static readonly TimeSpan Recompile = TimeSpan.FromMilliseconds(500);

    /// <summary>Plays the phases; each line is handed out when its phase has ended.</summary>
    public async IAsyncEnumerable<MetricLine> PlayAsync()
    {
        MemoryUse cold = MemoryUse.AfterCollecting();
        for (int i = 0; i < WarmUps; i++)
        {
            await WarmUpAsync();
        }

        var random = EntropySource.Seeded(options.Seed);
        await using var network = new LoopbackNetwork("loopback", random);
        var whole = new NetworkPhases(network, options);
        var records = new RecordPhases(network, options, random);

        // A network that did not come up has nothing else to measure.
        MetricLine grown = await whole.GrowAsync(cold);
        yield return grown;
        if (grown.HasFailures)
        {
            yield break;
        }

        yield return await whole.IdleAsync();
        yield return await records.PutAsync();
        if (!records.HasAny)
        {
            yield break;
        }

        await records.GetFirstAsync("warm-up", WarmUpOperations);
        yield return await records.GetFirstAsync("get_first", options.Gets);
        yield return await records.GetCompleteAsync("get_complete", options.Gets);
        yield return await records.GetFirstAsync("get_32_in_flight", Math.Max(options.Gets, GetsInFlightMin), InFlight);
        yield return await records.GetAbsentAsync("get_absent", options.Gets);
        await using (var directory = new DirectoryPhases(network, random))
        {
            await directory.AnnounceAsync();
            await directory.QueryAsync("warm-up", WarmUpOperations);
            yield return await directory.QueryAsync("query_50_servers", options.Gets);
            yield return await directory.StreamAsync("stream_50_servers", options.Gets);
        }

        yield return await whole.JoinAsync();
        yield return await records.FreshNodeFirstGetAsync("fresh_node_first_get", options.Fresh);
        await network.VanishAsync(network.Nodes.Count / 4);
        yield return await records.GetFirstAsync(AfterVanish, GetsAfterVanish);
    }

    /// <summary>Every kind of operation on a small network that is gone afterwards; nothing of it is counted.</summary>
    private async Task WarmUpAsync()
    {
        LoopbackOptions warmUp = options with
        {
            Nodes = WarmUpNodes,
            Puts = WarmUpOperations,
            Gets = WarmUpOperations,
            Fresh = WarmUpNodes,
            Settle = TimeSpan.Zero,
        };
        var random = EntropySource.Seeded(options.Seed);
        await using var network = new LoopbackNetwork("loopback warm-up", random);
        var whole = new NetworkPhases(network, warmUp);
        var records = new RecordPhases(network, warmUp, random);
        await whole.GrowAsync(cold: default);
        await records.PutAsync();
        if (records.HasAny)
        {
            await records.GetFirstAsync("warm-up", warmUp.Gets);
            await records.GetCompleteAsync("warm-up", warmUp.Gets);
            await records.GetFirstAsync("warm-up", warmUp.Gets, InFlight);
            await records.GetAbsentAsync("warm-up", warmUp.Gets);
            await whole.JoinAsync();
            await records.FreshNodeFirstGetAsync("warm-up", warmUp.Fresh);
        }

        await Task.Delay(Recompile);
    }
}
