using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Nodes come and go all the time.</summary>
internal sealed class ChurnScenario(bool isWeibull) : Scenario
{
    public override string Name => isWeibull ? "weibull" : "churn";

    public override string Explanation =>
        $"Nodes come and go, sessions are {(isWeibull ? "Weibull (shape 0.615)" : "exponential")} with --median-minutes; --owners up|dead.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        HashSet<SimulatedNode> owners = [.. run.Workload.Records.Select(record => record.Owner)];
        TimeSpan median = TimeSpan.FromMinutes(run.Options.MedianMinutes);
        SessionLengths sessions = isWeibull ? SessionLengths.Weibull(median) : SessionLengths.Exponential(median);
        run.Population.Churn(sessions, run.Options.OwnersUp ? owners.Contains : static _ => false);
        if (!run.Options.OwnersUp)
        {
            foreach (SimulatedNode owner in run.Workload.Records.Select(record => record.Owner).Distinct())
            {
                run.Population.Crash(owner);
            }
        }

        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        run.Workload.GetDuring(TimeSpan.FromHours(run.Options.Hours), run.Options.Lookups);
    }
}

/// <summary>Days of everyday life.</summary>
internal sealed class SoakScenario : Scenario
{
    private const double Hours = 72;

    public override string Name => "soak";

    public override string Explanation => "72 virtual hours of Weibull churn, lookups all the time, state checked every hour.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        HashSet<SimulatedNode> owners = [.. run.Workload.Records.Select(record => record.Owner)];
        run.Population.Churn(SessionLengths.Weibull(TimeSpan.FromMinutes(run.Options.MedianMinutes)), owners.Contains);
        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        for (int hour = 0; hour < Hours; hour++)
        {
            run.Workload.GetDuring(TimeSpan.FromMinutes(59), Math.Max(1, run.Options.Lookups / (int)Hours));
            run.Checks.Inspect(run.Simulator, run.Population.Up, sample: 20);
        }
    }
}
