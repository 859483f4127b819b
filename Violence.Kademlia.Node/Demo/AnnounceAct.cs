namespace Violence.Kademlia.Node.Demo;

/// <summary>Act 2: the servers are announced by nodes spread over the network, and enough others acknowledge each.</summary>
internal sealed class AnnounceAct : IDemoAct
{
    public string Title => "announce";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        log.Expect(world.Servers.Count);
        var announcers = world.Nodes.ToArray();
        world.Random.Shuffle(announcers);
        for (int index = 0; index < world.Servers.Count; index++)
        {
            var server = world.Servers[index];
            server.GiveTo(announcers[index % announcers.Length]);
            if (await log.MeasureAsync(() => AnnounceAsync(world, server, stop)) is { } milliseconds)
            {
                world.Figures.AnnounceMs.Add(milliseconds);
            }
        }
    }

    private static async Task<string?> AnnounceAsync(DemoWorld world, DemoServer server, CancellationToken stop)
    {
        var result = await server.AnnounceAsync(stop);
        int acks = result.Acknowledgements;
        world.Figures.Servers++;
        world.Figures.AnnounceAcksMin = Math.Min(acks, world.Figures.AnnounceAcksMin ?? acks);
        return result.IsStored && acks >= world.Settings.WantedAcks
            ? null
            : $"{server.Info.Name}: {acks} nodes acknowledged, {world.Settings.WantedAcks} wanted "
                + $"(name {result.NameRecord.Status}, genre {result.GenreEntry.Status})";
    }
}
