using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>
/// What must hold in every simulated network at every moment, whatever the faults. A violation names the step it was seen
/// at; the same seed comes there again.
/// </summary>
internal sealed class CheckList
{
    private const int ViolationsMax = 20;

    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Violations => _violations;

    public void Report(Simulator simulator, string violation)
    {
        if (_violations.Count < ViolationsMax)
        {
            _violations.Add($"step {simulator.Steps}: {violation}");
        }
    }

    /// <summary>A record that was found is of the key asked for, not expired, and no older than promised to be kept.</summary>
    public void OnFound(Simulator simulator, PutRecord record, GetOperation get, bool expectsNewest)
    {
        foreach (FoundRecord found in get.Found)
        {
            Record read = found.Record;
            if (read.Key != record.Key)
            {
                Report(simulator, $"a get of {record.Key} gave a record of {read.Key}");
            }

            if (expectsNewest && read.Sequence < record.Acknowledged)
            {
                Report(simulator, $"a get of {record.Key} gave sequence {read.Sequence}, older than the acknowledged {record.Acknowledged}");
            }

            // Ten minutes are allowed to publishers' clocks, and as much to the reader's.
            if (read.Issued + read.TimeToLive + TimeSpan.FromMinutes(20) < simulator.Utc)
            {
                Report(simulator, $"a get of {record.Key} gave a record that has expired");
            }
        }
    }

    /// <summary>Looks over some random nodes.</summary>
    public void Inspect(Simulator simulator, IReadOnlyList<SimulatedNode> nodes, int sample)
    {
        for (int i = 0; i < Math.Min(sample, nodes.Count); i++)
        {
            SimulatedNode node = sample >= nodes.Count ? nodes[i] : nodes[simulator.Entropy.NextInt32(nodes.Count)];
            CheckTable(simulator, node);
            CheckStore(simulator, node);
        }
    }

    private void CheckTable(Simulator simulator, SimulatedNode node)
    {
        BucketEntry[] entries = node.Engine.Table.Entries();
        if (entries.Select(entry => entry.Contact.Id).Distinct().Count() != entries.Length
            || entries.Select(entry => entry.Contact.Endpoint).Distinct().Count() != entries.Length)
        {
            Report(simulator, $"node {node.Number} has an id or an endpoint twice in its table");
        }

        foreach (BucketEntry entry in entries)
        {
            // Only proven contacts get in: so the id really lives, or lived, at that endpoint.
            if (!simulator.TryFind(entry.Contact.Endpoint, out SimulatedNode? there) || there.Id != entry.Contact.Id)
            {
                Report(simulator, $"node {node.Number} has {entry.Contact} in its table, which nobody ever was");
            }
        }

        foreach (BucketSnapshot bucket in node.Engine.Table.Buckets())
        {
            if (bucket.Count > bucket.Capacity + node.Engine.Config.K)
            {
                Report(simulator, $"bucket {bucket.Depth} of node {node.Number} holds {bucket.Count}, more than it may");
            }
        }
    }

    private void CheckStore(Simulator simulator, SimulatedNode node)
    {
        var limits = node.Engine.Config.Storage;
        if (node.Engine.Store.Count > limits.MaxRecords || node.Engine.Store.Bytes > limits.MaxBytes)
        {
            Report(simulator, $"the store of node {node.Number} is over its limits");
        }
    }
}
