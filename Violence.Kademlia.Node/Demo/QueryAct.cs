namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 4: every genre is queried, whole and by region. The figures count the rows of the whole genres: each server is
/// expected once.
/// </summary>
internal sealed class QueryAct : IDemoAct
{
    public string Title => "query";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        List<string> genres = [.. world.Genres];
        List<(string Genre, string Region)> regions =
            [.. world.Servers.Select(server => (server.Info.Genre, server.Info.Region)).Distinct()];
        log.Expect(genres.Count + regions.Count);
        foreach (string genre in genres)
        {
            var asker = world.PickOne(world.Askers);
            await log.MeasureAsync(async () =>
            {
                var check = await Checks.QueryAsync(world, asker, genre, region: null, stop);
                world.Figures.QueriesExpected += check.Expected;
                world.Figures.QueriesFound += check.Found;
                return check.Reason;
            });
        }

        foreach (var (genre, region) in regions)
        {
            var asker = world.PickOne(world.Askers);
            await log.MeasureAsync(async () => (await Checks.QueryAsync(world, asker, genre, region, stop)).Reason);
        }
    }
}
