using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 6: a player comes to a server, moves to another, and is found there also when the first one says goodbye late.
/// </summary>
internal sealed class PlayerAct : IDemoAct
{
    private const string Friend = "demo-player";

    /// <summary>A put is reported when three have the record; the others get it within a round trip.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public string Title => "players";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        DemoServer first = world.Contested;
        DemoServer second = world.Departing;
        log.Expect(3);
        await first.SetPlayersAsync([Friend], stop);
        await FindAsync(world, log, first, stop);
        await second.SetPlayersAsync([Friend], stop);
        await FindAsync(world, log, second, stop);
        if (first != second)
        {
            await first.SetPlayersAsync([], stop);
        }

        await FindAsync(world, log, second, stop);
        await second.SetPlayersAsync([], stop);
    }

    private static async Task FindAsync(DemoWorld world, StepLog log, DemoServer server, CancellationToken stop)
    {
        DemoNode asker = world.AskerFor(server);
        world.Figures.PlayerLookups++;
        if (await log.MeasureAsync(() => FindAsync(asker, server, stop)) is not null)
        {
            world.Figures.PlayerLookupsFound++;
        }
    }

    private static async Task<string?> FindAsync(DemoNode asker, DemoServer server, CancellationToken stop)
    {
        long asked = TimeProvider.System.GetTimestamp();
        while (true)
        {
            PlayerLookupResult result = await asker.Directory.FindPlayerAsync(Friend, stop);
            if (result.Place?.ServerName == server.Info.Name)
            {
                return null;
            }

            if (TimeProvider.System.GetElapsedTime(asked) > Patience)
            {
                return $"{asker} looked for a player on {server.Info.Name}: {result.Place?.ServerName ?? result.Status.ToString()}";
            }

            await Task.Delay(Pause, stop);
        }
    }
}
