using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Nodes come and go all the time.</summary>
internal sealed class ChurnScenario(bool isWeibull) : Scenario
{
    private static readonly TimeSpan Turnover = TimeSpan.FromMinutes(10);

    private const double Hours = 1;

    public override string Name => isWeibull ? "weibull" : "churn";

    public override string Explanation =>
        $"Nodes come and go for --hours (1), sessions are {(isWeibull ? "Weibull (shape 0.615)" : "exponential")} with --median-minutes; --owners up|dead.";

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.9 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        HashSet<SimulatedNode> owners = run.Workload.Owners;
        TimeSpan median = TimeSpan.FromMinutes(run.Options.MedianMinutes);
        SessionLengths sessions = isWeibull ? SessionLengths.Weibull(median) : SessionLengths.Exponential(median);
        run.Population.Churn(sessions, run.Options.OwnersUp ? owners.Contains : static _ => false);
        if (!run.Options.OwnersUp)
        {
            CrashOwners(run);
        }

        // What a node costs that was born into churn, not one that has just seen it begin.
        run.Simulator.RunFor(5 * median < Turnover ? 5 * median : Turnover);
        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        run.Workload.GetDuring(TimeSpan.FromHours(run.Options.Hours ?? Hours), run.Options.Lookups);
    }

    /// <summary>Crashes all owners of records, in the order of the records; the last node stays, or there would be nobody to join through.</summary>
    public static void CrashOwners(ScenarioRun run)
    {
        foreach (SimulatedNode owner in run.Workload.Records.Select(static record => record.Owner).Distinct())
        {
            if (run.Population.Up.Count > 1)
            {
                run.Population.Crash(owner);
            }
        }
    }
}

/// <summary>Days of everyday life.</summary>
internal sealed class SoakScenario : Scenario
{
    private const double Hours = 72;

    public override string Name => "soak";

    public override string Explanation => "--hours (72) of Weibull churn with --median-minutes, lookups all the time, owners up.";

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.9 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        run.Population.Churn(SessionLengths.Weibull(TimeSpan.FromMinutes(run.Options.MedianMinutes)), run.Workload.Owners.Contains);
        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        run.Workload.GetDuring(TimeSpan.FromHours(run.Options.Hours ?? Hours), run.Options.Lookups);
    }
}
