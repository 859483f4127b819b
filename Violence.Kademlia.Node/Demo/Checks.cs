using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Demo;

/// <summary>Asks the directory and compares the answer with what the owners last said. The result is what is wrong, or null.</summary>
internal static class Checks
{
    private const int QueryLimit = 1_000;

    /// <summary>How many askers ask at once, where it is not the time that is measured.</summary>
    private const int AtOnce = 8;

    public static async Task<string?> LookupAsync(DemoNode asker, DemoServer server, CancellationToken stop)
    {
        var result = await asker.Directory.LookupAsync(server.Info.Name, stop);
        if (result.Status != ServerLookupStatus.Found || result.Server is not { } found)
        {
            return $"{asker} looked up {server.Info.Name}: {result.Status}";
        }

        if (found.Owner != server.Announcer.Id)
        {
            return $"{asker} looked up {server.Info.Name} and got it from a wrong owner";
        }

        return found.Server == server.Info ? null : $"{asker} looked up {server.Info.Name} and got other values than its owner gave";
    }

    /// <summary>A withdrawn name must not be found.</summary>
    public static async Task<string?> LookupGoneAsync(DemoNode asker, DemoServer server, CancellationToken stop)
    {
        var result = await asker.Directory.LookupAsync(server.Info.Name, stop);
        return result.Status is ServerLookupStatus.Withdrawn or ServerLookupStatus.NotFound
            ? null
            : $"{asker} looked up the withdrawn {server.Info.Name}: {result.Status}";
    }

    /// <summary>Queries a genre, or one region of it: every server that is there must be listed, and no other.</summary>
    public static Task<QueryCheck> QueryAsync(DemoWorld world, DemoNode asker, string genre, string? region, CancellationToken stop) => QueryAsync(
        world,
        asker,
        new ServerQuery { Genre = genre, Region = region },
        region is null ? genre : $"{genre} in {region}",
        server => region is null || server.Region == region,
        stop);

    /// <summary>Asks a query: every server of its genre that should answer it must be listed, and no other.</summary>
    public static async Task<QueryCheck> QueryAsync(
        DemoWorld world, DemoNode asker, ServerQuery query, string asked, Func<ServerInfo, bool> shouldAnswer, CancellationToken stop)
    {
        List<DemoServer> expected = [.. world.Servers.Where(server =>
            !server.IsWithdrawn && server.Info.Genre == query.Genre && shouldAnswer(server.Info))];
        var rows = await asker.Directory.QueryAllAsync(query with { Limit = QueryLimit }, stop);
        List<DemoServer> missing = [.. expected.Where(server =>
            !rows.Any(row => row.Owner == server.Announcer.Id && row.Server == server.Info))];
        int found = expected.Count - missing.Count;
        string? reason = null;
        if (missing.Count > 0)
        {
            reason = $"{asker} queried {asked}: {missing.Count} of {expected.Count} missing or wrong, first {missing[0].Info.Name}";
        }
        else if (rows.Count > found)
        {
            reason = $"{asker} queried {asked}: {rows.Count - found} rows too many";
        }

        else if (query.OrderBy == ServerOrder.Players && rows.Zip(rows.Skip(1)).Any(pair => pair.First.Server.Players < pair.Second.Server.Players))
        {
            reason = $"{asker} queried {asked}: the rows are not in the order of players";
        }

        return new QueryCheck(expected.Count, found, reason);
    }

    /// <summary>Does the same as every asker, a few at a time, as pieces of a step.</summary>
    public static Task ByEverybodyAsync(DemoWorld world, StepLog log, Func<DemoNode, Task<string?>> check, CancellationToken stop) =>
        SeveralAtOnceAsync(world.Askers, asker => log.MeasureAsync(() => check(asker)), stop);

    public static Task SeveralAtOnceAsync<T>(IEnumerable<T> all, Func<T, Task> act, CancellationToken stop) =>
        Parallel.ForEachAsync(
            all,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop },
            async (one, _) => await act(one));
}

/// <summary>What a query showed.</summary>
/// <param name="Expected">Servers that should be listed.</param>
/// <param name="Found">Servers among them that are, with the values their owner gave.</param>
/// <param name="Reason">What is wrong; null: nothing.</param>
internal sealed record QueryCheck(int Expected, int Found, string? Reason);
