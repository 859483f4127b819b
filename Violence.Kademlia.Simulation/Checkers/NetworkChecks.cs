using System.Globalization;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Simulation.Lives;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>What must hold of a network as a whole: compares what nodes find with what is there, which no node can see.</summary>
internal sealed class NetworkChecks(Simulator simulator, Population population, CheckList checks)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Long enough for the late answers of the try before.
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Has random nodes look for random positions, and compares with the k closest nodes by brute force. It is a violation
    /// when less than <paramref name="leastShare"/> of them is found.
    /// </summary>
    /// <param name="finds">How many.</param>
    /// <param name="leastShare">From 0 to 1.</param>
    /// <param name="tries">
    /// How often each may be tried: a find does not wait for a node that is late, and once it was late it is known how far it is.
    /// </param>
    /// <returns>Which share of the true closest was found.</returns>
    public double CheckFinds(int finds, double leastShare, int tries)
    {
        int wanted = 0;
        int seen = 0;
        int open = finds;
        for (int i = 0; i < finds; i++)
        {
            SimulatedNode asker = population.Random();
            NodeId target = simulator.Entropy.NextNodeId();
            List<SimulatedNode> closest = Closest(asker, target, asker.Engine.Config.K);
            List<SimulatedNode> found = [.. closest];
            Find(asker, target, found, tries, () =>
            {
                wanted += closest.Count;
                seen += found.Count;
                open--;
            });
        }

        simulator.RunUntil(() => open == 0, Patience);
        double share = wanted == 0 ? 0 : (double)seen / wanted;
        if (share < leastShare)
        {
            checks.Report(string.Create(
                CultureInfo.InvariantCulture, $"finds found {share:p2} of the true closest nodes, less than {leastShare:p0}"));
        }

        return share;
    }

    /// <summary>
    /// Random nodes know their own neighbourhood, as many as hold a record: from their tables, or by a find of their own
    /// position.
    /// </summary>
    public void CheckNeighbourhoods(int sample)
    {
        int open = 0;
        for (int i = 0; i < Math.Min(sample, population.Up.Count); i++)
        {
            SimulatedNode node = sample >= population.Up.Count ? population.Up[i] : population.Random();
            List<SimulatedNode> neighbours = Closest(node, node.Id, node.Engine.Config.Holders);
            List<SimulatedNode> unknown = neighbours.FindAll(neighbour => !node.Engine.Table.Contains(neighbour.Id));
            if (unknown.Count == 0)
            {
                continue;
            }

            open++;
            List<SimulatedNode> found = [.. unknown];
            Find(node, node.Id, found, tries: 2, () =>
            {
                open--;
                if (found.Count < unknown.Count)
                {
                    checks.Report($"node {node.Number} knows {neighbours.Count - unknown.Count + found.Count} of its {neighbours.Count} closest neighbours, and finds no more");
                }
            });
        }

        simulator.RunUntil(() => open == 0, Patience);
    }

    /// <summary>
    /// The nodes that are really closest to a record's key have nothing older than what was acknowledged, and as many of
    /// them as promised have that.
    /// </summary>
    public void CheckHolders(PutRecord record)
    {
        SimulatedNode any = population.Up[0];
        int current = 0;
        Span<HeldRecord> held = new HeldRecord[any.Engine.Scratch.Records.Length];
        List<SimulatedNode> holders = ClosestNodes.Of(population.Up, record.Key.Position, any.Engine.Config.Holders);
        foreach (SimulatedNode holder in holders)
        {
            int count = holder.Engine.Store.Read(record.Key, record.Owner.Id, after: null, held, simulator.Now, out _, out _);
            for (int i = 0; i < count; i++)
            {
                if (held[i].Record.Sequence < record.Acknowledged)
                {
                    checks.Report($"node {holder.Number}, among the closest to {record.Key}, holds sequence {held[i].Record.Sequence}, older than the acknowledged {record.Acknowledged}");
                }
                else
                {
                    current++;
                }
            }
        }

        if (current < Math.Min(any.Engine.Config.ReplicationFactor, holders.Count))
        {
            checks.Report($"only {current} of the {holders.Count} closest to {record.Key} hold its record");
        }
    }

    /// <summary>The closest there are, but for those too far away to answer a stranger in time.</summary>
    private List<SimulatedNode> Closest(SimulatedNode asker, NodeId target, int count)
    {
        List<SimulatedNode> closest = ClosestNodes.Of(population.Up, target, count, except: asker);
        closest.RemoveAll(node => simulator.Latency.OneWay(asker.Number, node.Number) + simulator.Latency.OneWay(node.Number, asker.Number)
            >= RequestTimeouts.StrangerHardMinimum);
        return closest;
    }

    /// <summary>Leaves those in the list that were found.</summary>
    private void Find(SimulatedNode asker, NodeId target, List<SimulatedNode> wanted, int tries, Action ended) =>
        asker.Run<FindNodeOperation>((engine, now) => engine.FindNode(target, now), find =>
        {
            HashSet<NodeId> found = [.. find.Closest.Select(static contact => contact.Id)];
            if (tries > 1 && wanted.Exists(node => !found.Contains(node.Id)))
            {
                simulator.After(RetryPause, () => Find(asker, target, wanted, tries - 1, ended));
                return;
            }

            wanted.RemoveAll(node => !found.Contains(node.Id));
            ended();
        });
}
