using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 8: the owner updates its server, and everybody sees the newer values. Then the older record, still validly signed, is
/// sent again by somebody else: every holder has to refuse it, and everybody still sees the newer values.
/// </summary>
internal sealed class ConflictAct : IDemoAct
{
    private const int Rounds = 2;
    private const int TriesMax = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public string Title => "conflict";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        log.Expect(2 + (Rounds * world.Askers.Count));
        var server = world.Contested;
        var older = server.NameRecord;
        var replayer = world.AskerFor(server);
        await log.MeasureAsync(async () =>
        {
            var update = await server.UpdateAsync(server.Info with { Region = "us-west", Players = server.Info.MaxPlayers }, stop);
            return update.IsStored ? null : $"the update was not stored: {update.NameRecord.Status}, {update.GenreEntry.Status}";
        });
        await SeenByEverybodyAsync(world, log, stop);

        bool refused = await log.MeasureAsync(() => ReplayAsync(world, replayer, older, stop)) is not null;
        bool newerStands = await SeenByEverybodyAsync(world, log, stop);
        world.Figures.StaleRefused = refused && newerStands;
    }

    /// <summary>
    /// Every node that has the newer record must refuse the older one. Any other may take it, or may still have it: it
    /// can't know better, and a reader sees the newer one at the holders.
    /// </summary>
    private static async Task<string?> ReplayAsync(DemoWorld world, DemoNode replayer, Record older, CancellationToken stop)
    {
        var newer = world.Contested.NameRecord;
        HashSet<NodeId> holders = [.. world.Nodes.Where(node => node.Holds(newer)).Select(node => node.Id)];
        var replay = await replayer.Node.PublishAsync(older.Bytes, stop);
        int fooled = replay.Holders.Count(holder => holders.Contains(holder.Id));
        int refusals = replay.Refusals.GetValueOrDefault(StoreStatus.Stale);
        return fooled == 0 && refusals > 0
            ? null
            : $"the older record was not refused as stale: {replay.Status}, {refusals} holders refused it, {fooled} took it";
    }

    /// <summary>Whether every lookup gives what the owner last said.</summary>
    private static async Task<bool> SeenByEverybodyAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        int wanted = log.Done + world.Askers.Count;
        await Checks.ByEverybodyAsync(world, log, asker => SoonAsync(asker, world, stop), stop);
        return log.Done == wanted;
    }

    /// <summary>Where one of the closest holders was late, as on busy machines, a reader may have the version before for a moment.</summary>
    private static async Task<string?> SoonAsync(DemoNode asker, DemoWorld world, CancellationToken stop)
    {
        string? problem = await Checks.LookupAsync(asker, world.Contested, stop);
        for (int tries = 0; problem is not null && tries < TriesMax; tries++)
        {
            await Task.Delay(Pause, stop);
            problem = await Checks.LookupAsync(asker, world.Contested, stop);
        }

        return problem;
    }
}
