using System.Diagnostics;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 1: the nodes join, each through a random earlier one. A node's time runs from its start until it knows 3 others; the
/// first ones have to wait for others to come.
/// </summary>
internal sealed class BootstrapAct : IDemoAct
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(2);

    public string Title => "bootstrap";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        log.Expect(world.Settings.Nodes);
        List<Task> waiting = [];
        for (int index = 0; index < world.Settings.Nodes; index++)
        {
            var seed = index == 0 ? null : world.PickOne(world.Nodes);
            long start = Stopwatch.GetTimestamp();
            var node = await world.StartNodeAsync(seed, stop);
            waiting.Add(WaitForPeersAsync(node, start, world, log, stop));
            await JoinAsync(node, log, stop);
        }

        await Task.WhenAll(waiting);
        await JoinAsync(await world.StartPlayerAsync(stop), log, stop);
        world.Figures.Nodes = world.Nodes.Count;
        world.Figures.PeersMin = world.Nodes.Min(node => node.Node.GetStatus().Peers);
        if (world.Figures.PeersMin < DemoSettings.WantedPeers)
        {
            log.Fail($"a node knows only {world.Figures.PeersMin} others");
        }
    }

    private static async Task JoinAsync(DemoNode node, StepLog log, CancellationToken stop)
    {
        try
        {
            await node.Node.BootstrapAsync(stop).WaitAsync(Patience, stop);
        }
        catch (TimeoutException)
        {
            log.Fail($"{node} did not join within {Patience.TotalSeconds:0} s");
        }
    }

    private static async Task WaitForPeersAsync(DemoNode node, long start, DemoWorld world, StepLog log, CancellationToken stop)
    {
        int peers;
        while ((peers = node.Node.GetStatus().Peers) < DemoSettings.WantedPeers)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                log.Fail($"{node} knew only {peers} others after {Patience.TotalSeconds:0} s");
                return;
            }

            await Task.Delay(Glance, stop);
        }

        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        lock (world.Figures)
        {
            world.Figures.BootstrapMs.Add(milliseconds);
        }

        log.Count(milliseconds);
    }
}
