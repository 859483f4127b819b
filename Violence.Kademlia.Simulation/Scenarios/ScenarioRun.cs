using System.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Simulation.Checkers;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>One run of a scenario: the network, who lives in it, what is asked of it, and what was measured.</summary>
internal sealed class ScenarioRun
{
    private readonly Scenario _scenario;
    private double _upkeep;

    public ScenarioRun(Scenario scenario, ScenarioOptions options, EngineConfig? config = null)
    {
        _scenario = scenario;
        Options = options;
        Simulator = new Simulator(options.Seed);
        Population = new Population(Simulator, config ?? new EngineConfig { Network = Simulator.Network });
        Workload = new Workload(Simulator, Population, Checks);
    }

    public ScenarioOptions Options { get; }

    public Simulator Simulator { get; }

    public Population Population { get; }

    public CheckList Checks { get; } = new();

    public Workload Workload { get; }

    /// <summary>Plays the scenario to its end.</summary>
    public SimulationReport Play()
    {
        // Wall time is only reported: nothing in the simulation sees it.
        var watch = Stopwatch.StartNew();
        _scenario.Play(this);
        Checks.Inspect(Simulator, Population.Up, sample: 50);
        double seconds = watch.Elapsed.TotalSeconds;
        return new SimulationReport
        {
            Scenario = _scenario.Name,
            Nodes = Options.Nodes,
            Seed = Options.Seed,
            Lookups = Workload.Gets,
            Success = Workload.Gets == 0 ? 0 : (double)Workload.Found / Workload.Gets,
            LatencyMsP50 = Workload.GetMs.At(0.5),
            LatencyMsP90 = Workload.GetMs.At(0.9),
            LatencyMsP99 = Workload.GetMs.At(0.99),
            LatencyMsMax = Workload.GetMs.At(1),
            HopsMean = Math.Round(Workload.Hops.Mean, 3),
            DatagramsPerLookup = Math.Round(Workload.Datagrams.Mean, 2),
            UpkeepBytesPerNodeS = Math.Round(_upkeep, 1),
            TraceHash = Simulator.TraceHash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture),
            DatagramsPerWallS = Math.Round(Simulator.DatagramsSent / seconds),
            WallS = Math.Round(seconds, 2),
            ResidentBytesPerNode = GC.GetTotalMemory(forceFullCollection: true) / Math.Max(1, Population.Up.Count),
            PutMsP50 = Workload.PutMs.At(0.5),
            PutMsP99 = Workload.PutMs.At(0.99),
            Violations = Checks.Violations,
        };
    }

    /// <summary>Brings the network up and lets it come to rest.</summary>
    public void Settle(int? nodes = null)
    {
        Population.Grow(nodes ?? Options.Nodes);
        Simulator.RunFor(TimeSpan.FromMinutes(2));
    }

    /// <summary>Measures what nodes send while nobody asks anything.</summary>
    public void MeasureUpkeep(TimeSpan span)
    {
        long before = Simulator.BytesSent;
        Simulator.RunFor(span);
        _upkeep = (Simulator.BytesSent - before) / span.TotalSeconds / Population.Up.Count;
    }
}
