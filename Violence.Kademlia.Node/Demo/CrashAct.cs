namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 10: a quarter of the nodes vanish without goodbye, announcers among them. At once, with nothing repaired yet, every
/// server must be found and every genre complete.
/// </summary>
internal sealed class CrashAct : IDemoAct
{
    public string Title => "crash";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        var victims = world.Nodes.Where(node => node != world.Departing.Announcer).ToArray();
        world.Random.Shuffle(victims);
        victims = victims[..world.Settings.Crashes];
        List<string> genres = [.. world.Genres];
        log.Expect(victims.Length + world.Servers.Count + genres.Count);
        await Task.WhenAll(victims.Select(async node =>
        {
            await node.CrashAsync(stop);
            log.Count();
        }));

        // The askers are chosen beforehand: choosing draws from the seeded random numbers, in one order only.
        List<(DemoServer Server, DemoNode Asker)> lookups = [.. world.Servers.Select(server => (server, world.AskerFor(server)))];
        int found = 0;
        await Checks.SeveralAtOnceAsync(
            lookups,
            async lookup =>
            {
                if (await log.MeasureAsync(() => Checks.LookupAsync(lookup.Asker, lookup.Server, stop)) is not null)
                {
                    Interlocked.Increment(ref found);
                }
            },
            stop);
        world.Figures.AfterCrashLookups = lookups.Count;
        world.Figures.AfterCrashLookupsFound = found;

        foreach (string genre in genres)
        {
            var asker = world.PickOne(world.Askers);
            await log.MeasureAsync(async () => (await Checks.QueryAsync(world, asker, genre, region: null, stop)).Reason);
        }
    }
}
