using System.Globalization;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Lives;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>
/// What must hold in every simulated network, whatever the faults. A violation names the step it was seen at; the same seed
/// comes there again. Looking changes nothing: checkers have chance of their own, so that a run with them is the run without.
/// </summary>
internal sealed class CheckList
{
    private const int ViolationsMax = 20;

    private readonly Simulator _simulator;
    private readonly Population _population;
    private readonly EntropySource _entropy;
    private readonly NodeState _state;
    private readonly List<string> _violations = [];

    public CheckList(Simulator simulator, Population population)
    {
        _simulator = simulator;
        _population = population;
        _entropy = EntropySource.Seeded(~simulator.Seed);
        _state = new NodeState(simulator, this);
    }

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Nodes whose state was looked over.</summary>
    public long Inspected { get; private set; }

    public void Report(string violation)
    {
        if (_violations.Count < ViolationsMax)
        {
            _violations.Add(string.Create(CultureInfo.InvariantCulture, $"step {_simulator.Steps}: {violation}"));
        }
    }

    /// <summary>From now on looks over one random node every so many steps.</summary>
    public void Watch() => _simulator.Sampled = () =>
    {
        if (_population.Up.Count > 0)
        {
            Inspect(_population.Up[_entropy.NextInt32(_population.Up.Count)]);
        }
    };

    /// <summary>Looks over so many random nodes, or all when there are no more.</summary>
    public void Inspect(int sample)
    {
        IReadOnlyList<SimulatedNode> nodes = _population.Up;
        for (int i = 0; i < Math.Min(sample, nodes.Count); i++)
        {
            Inspect(sample >= nodes.Count ? nodes[i] : nodes[_entropy.NextInt32(nodes.Count)]);
        }
    }

    /// <summary>A record that was found is of the key asked for, not expired, and no older than promised to be kept.</summary>
    public void OnFound(PutRecord record, SimulatedNode asker, GetOperation get, bool expectsNewest)
    {
        foreach (FoundRecord found in get.Found)
        {
            Record read = found.Record;
            if (read.Key != record.Key)
            {
                Report($"a get of {record.Key} gave a record of {read.Key}");
            }

            if (expectsNewest && read.Sequence < record.Acknowledged)
            {
                Report($"a get of {record.Key} gave sequence {read.Sequence}, older than the acknowledged {record.Acknowledged}");
            }

            if (IsOver(read, asker))
            {
                Report($"a get of {record.Key} gave node {asker.Number} a record that has expired");
            }
        }
    }

    /// <summary>
    /// Whether a record has outlived itself for this node: what publishers' clocks are allowed is over, and what the node's
    /// own clock is off.
    /// </summary>
    public bool IsOver(Record record, SimulatedNode node) =>
        record.Issued + record.TimeToLive + node.Engine.Config.Storage.ClockTolerance + node.ClockError.Duration() < _simulator.Utc;

    private void Inspect(SimulatedNode node)
    {
        Inspected++;
        _state.Check(node);
    }
}
