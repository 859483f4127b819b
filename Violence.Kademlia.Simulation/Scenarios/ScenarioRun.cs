using System.Diagnostics;
using System.Globalization;
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
        Population = new Population(Simulator, config ?? scenario.Config);
        Checks = new CheckList(Simulator, Population);
        Network = new NetworkChecks(Simulator, Population, Checks);
        Workload = new Workload(Simulator, Population, Checks);
    }

    public ScenarioOptions Options { get; }

    public Simulator Simulator { get; }

    public Population Population { get; }

    public CheckList Checks { get; }

    public NetworkChecks Network { get; }

    public Workload Workload { get; }

    /// <summary>Whether the report tells how much memory a node takes: that costs several collections.</summary>
    public bool MeasuresMemory { get; init; } = true;

    /// <summary>Lookups made again after the network had one refresh to recover, where the scenario makes any.</summary>
    public Figures? AfterRefresh { get; set; }

    /// <summary>What one node sent and received before it owned records, where the scenario measures that.</summary>
    public Traffic? OwnerIdle { get; set; }

    /// <summary>What nodes sent around a restart of all of them, where the scenario has one.</summary>
    public RestartFigures? Restarted { get; set; }

    /// <summary>The same while it kept records alive.</summary>
    public Traffic? OwnerBusy { get; set; }

    /// <summary>What nodes sent each second while it was measured last.</summary>
    public double UpkeepBytesPerNodeS => _upkeep;

    /// <summary>What <see cref="MeasureUpkeep"/> measured.</summary>
    public double UpkeepDatagramsPerNodeS { get; private set; }

    /// <summary>Adds what only this scenario measures to the report.</summary>
    public Func<SimulationReport, SimulationReport> Complete { get; set; } = static report => report;

    /// <summary>Plays the scenario to its end.</summary>
    /// <exception cref="SimulationException">Something threw; says where, and the command that comes there again.</exception>
    public SimulationReport Play()
    {
        // Wall time is only reported: nothing in the simulation sees it.
        var watch = Stopwatch.StartNew();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan collecting = GC.GetTotalPauseDuration();
        long workItems = ThreadPool.CompletedWorkItemCount;
        Checks.Watch();
        double closest;
        try
        {
            _scenario.Play(this);
            closest = _scenario.Aftermath.Play(this);
        }
        catch (Exception thrown)
        {
            throw new SimulationException(
                string.Create(CultureInfo.InvariantCulture, $"{_scenario.Name}, seed {Options.Seed}, step {Simulator.Steps}: {thrown.Message} Again: {Options.Command(_scenario.Name)}"),
                thrown);
        }

        workItems = ThreadPool.CompletedWorkItemCount - workItems;
        double seconds = watch.Elapsed.TotalSeconds;
        processor = Environment.CpuUsage.TotalTime - processor;
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        collecting = GC.GetTotalPauseDuration() - collecting;
        Figures figures = Workload.Figures;
        return Complete(new SimulationReport
        {
            Scenario = _scenario.Name,
            Nodes = Options.Nodes,
            Seed = Options.Seed,
            Lookups = figures.Gets,
            Success = figures.Success,
            SuccessAfterRefresh = AfterRefresh?.Success,
            LatencyMsP50 = figures.GetMs.At(0.5),
            LatencyMsP90 = figures.GetMs.At(0.9),
            LatencyMsP99 = figures.GetMs.At(0.99),
            LatencyMsMax = figures.GetMs.At(1),
            StartToFoundMsP50 = figures.StartToFoundMs.Count == 0 ? null : figures.StartToFoundMs.At(0.5),
            StartToFoundMsP99 = figures.StartToFoundMs.Count == 0 ? null : figures.StartToFoundMs.At(0.99),
            StartToFoundMsMax = figures.StartToFoundMs.Count == 0 ? null : figures.StartToFoundMs.At(1),
            HopsMean = Math.Round(figures.Hops.Mean, 3),
            DatagramsPerLookup = Math.Round(figures.Datagrams.Mean, 2),
            ClosestShare = Math.Round(closest, 4),
            UpkeepBytesPerNodeS = Math.Round(_upkeep, 1),
            OwnerIdleSentBytesS = Rounded(OwnerIdle?.SentPerS),
            OwnerIdleReceivedBytesS = Rounded(OwnerIdle?.ReceivedPerS),
            OwnerSentBytesS = Rounded(OwnerBusy?.SentPerS),
            OwnerReceivedBytesS = Rounded(OwnerBusy?.ReceivedPerS),
            QuietBytesPerNodeS = Rounded(Restarted?.Quiet),
            BusiestMinuteBytesPerNodeS = Rounded(Restarted?.BusiestMinuteMean),
            BusiestMinuteBytesOfOneS = Rounded(Restarted?.BusiestMinuteOfOne),
            TraceHash = Simulator.TraceHash.ToString("x16", CultureInfo.InvariantCulture),
            DatagramsPerWallS = Math.Round(Simulator.DatagramsSent / seconds),
            WallS = Math.Round(seconds, 2),
            DatagramsPerCpuS = Math.Round(Simulator.DatagramsSent / processor.TotalSeconds),
            AllocatedBytesPerDatagram = Math.Round((double)allocated / Simulator.DatagramsSent, 1),
            CollectingShare = Math.Round(collecting.TotalSeconds / seconds, 4),
            ResidentBytesPerNode = MeasuresMemory ? GC.GetTotalMemory(forceFullCollection: true) / Math.Max(1, Population.Up.Count) : 0,
            ThreadPoolItems = workItems,
            NodesInspected = Checks.Inspected,
            PutMsP50 = Workload.PutMs.At(0.5),
            PutMsP99 = Workload.PutMs.At(0.99),
            Violations = Checks.Violations,
            Again = Options.Command(_scenario.Name),
        });
    }

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 1) : null;

    /// <summary>Brings the network up and lets it come to rest.</summary>
    public void Settle(int? nodes = null, TimeSpan? rest = null)
    {
        Population.Grow(nodes ?? Options.Nodes);
        Simulator.RunFor(rest ?? TimeSpan.FromMinutes(2));
    }

    /// <summary>Measures what nodes send while nobody asks anything.</summary>
    public void MeasureUpkeep(TimeSpan span)
    {
        long before = Simulator.BytesSent;
        long datagrams = Simulator.DatagramsSent;
        Simulator.RunFor(span);
        _upkeep = (Simulator.BytesSent - before) / span.TotalSeconds / Population.Up.Count;
        UpkeepDatagramsPerNodeS = (Simulator.DatagramsSent - datagrams) / span.TotalSeconds / Population.Up.Count;
    }
}

/// <summary>Something threw in the middle of a run.</summary>
internal sealed class SimulationException(string message, Exception thrown) : Exception(message, thrown);
