namespace Violence.Kademlia.Node.Demo;

/// <summary>Act 3: every server is looked up by its name, from a node that has to ask others. One at a time: it is timed.</summary>
internal sealed class LookupAct : IDemoAct
{
    public string Title => "lookup";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        log.Expect(world.Servers.Count);
        foreach (var server in world.Servers)
        {
            var asker = world.AskerFor(server);
            world.Figures.Lookups++;
            if (await log.MeasureAsync(() => Checks.LookupAsync(asker, server, stop)) is { } milliseconds)
            {
                world.Figures.LookupsFound++;
                world.Figures.LookupMs.Add(milliseconds);
            }
        }
    }
}
