using System.Globalization;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Lives;
using Violence.Kademlia.Simulation.Scenarios;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>What must hold of a network as a whole: compares what nodes find with what is there, which no node can see.</summary>
internal sealed class NetworkChecks(Simulator simulator, Population population, CheckList checks)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Has random nodes look for random positions, and compares with the k closest nodes by brute force. It is a violation
    /// when less than <paramref name="leastShare"/> of them is found.
    /// </summary>
    /// <returns>Which share of the true closest was found.</returns>
    public double CheckFinds(int finds, double leastShare)
    {
        int wanted = 0;
        int found = 0;
        int ended = 0;
        for (int i = 0; i < finds; i++)
        {
            SimulatedNode asker = population.Random();
            NodeId target = simulator.Entropy.NextNodeId();
            Find(asker, target, closest =>
            {
                List<SimulatedNode> truth = ClosestNodes.Of(population.Up, target, asker.Engine.Config.K, except: asker);
                wanted += truth.Count;
                found += truth.Count(node => closest.Contains(node.Contact));
                ended++;
            });
        }

        simulator.RunUntil(() => ended == finds, Patience);
        double share = wanted == 0 ? 0 : (double)found / wanted;
        if (share < leastShare)
        {
            checks.Report(string.Create(
                CultureInfo.InvariantCulture, $"finds found {share:p1} of the true closest nodes, less than {leastShare:p1}"));
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
            List<SimulatedNode> unknown = ClosestNodes.Of(population.Up, node.Id, node.Engine.Config.Holders, except: node);
            unknown.RemoveAll(neighbour => node.Engine.Table.Contains(neighbour.Id));
            if (unknown.Count == 0)
            {
                continue;
            }

            open++;
            Find(node, node.Id, closest =>
            {
                open--;
                unknown.RemoveAll(neighbour => closest.Contains(neighbour.Contact));
                if (unknown.Count > 0)
                {
                    checks.Report($"node {node.Number} does not find {unknown.Count} of its closest neighbours, such as node {unknown[0].Number}");
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

    private static void Find(SimulatedNode node, NodeId target, Action<IReadOnlyList<Contact>> ended) =>
        node.Run<FindNodeOperation>((engine, now) => engine.FindNode(target, now), find => ended(find.Closest));
}
