namespace Violence.Kademlia.Node.Demo;

/// <summary>Act 11: a server is withdrawn by its owner. Nobody finds it any more, neither by name nor in its genre.</summary>
internal sealed class WithdrawalAct : IDemoAct
{
    public string Title => "withdrawal";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        var askers = world.Askers;
        var server = world.Departing;
        log.Expect(1 + (2 * askers.Count));
        await log.MeasureAsync(async () =>
        {
            await server.WithdrawAsync(stop);
            return null;
        });

        int before = log.Done;
        await Checks.ByEverybodyAsync(world, log, asker => Checks.LookupGoneAsync(asker, server, stop), stop);
        await Checks.ByEverybodyAsync(
            world,
            log,
            async asker => (await Checks.QueryAsync(world, asker, server.Info.Genre, region: null, stop)).Reason,
            stop);
        world.Figures.WithdrawnGone = log.Done == before + (2 * askers.Count);
    }
}
