namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Nobody comes or goes, nothing is lost but one datagram in a hundred.</summary>
internal sealed class StaticScenario : Scenario
{
    public const double UsualLoss = 0.01;

    /// <summary>How long a network is left alone unless told otherwise, so that tables fill.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(15);

    public override string Name => "static";

    public override string Explanation => "Nobody comes or goes; 1 % of datagrams are lost. Left alone for --hours (0.25) before records are put and looked up.";

    public override Aftermath Aftermath { get; } = new() { Calm = TimeSpan.Zero };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = UsualLoss;
        run.Settle();
        run.MeasureUpkeep(run.Options.Hours is { } hours ? TimeSpan.FromHours(hours) : Quiet);
        run.Workload.PutMany(run.Options.Records);
        run.Workload.GetMany(run.Options.Lookups);
    }
}

/// <summary>As static, in as little virtual time as will do: a hundred thousand nodes keep themselves busy enough.</summary>
internal sealed class LargeScenario : Scenario
{
    /// <summary>Before nodes that are three minutes old begin to fill their tables in earnest.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    public override string Name => "large";

    public override string Explanation => "Nobody comes or goes; all puts within 10 s, all lookups within 20 s: for networks where time is dear.";

    /// <summary>Nodes that are half a minute old do not know all their neighbours yet.</summary>
    public override Aftermath Aftermath { get; } = new() { Calm = TimeSpan.Zero, LeastAfterwards = 0.99, KnowsNeighbours = false };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle(rest: Rest);
        run.Workload.PutDuring(TimeSpan.FromSeconds(10), run.Options.Records);
        run.Workload.GetDuring(TimeSpan.FromSeconds(20), run.Options.Lookups);
    }
}

/// <summary>A fifth of the nodes vanishes; the others' tables are full of them when the lookups begin.</summary>
internal sealed class DeadEntriesScenario : Scenario
{
    private const double DeadShare = 0.2;

    public override string Name => "dead-entries";

    public override string Explanation => "20 % of table entries are dead when the lookups begin; owners are up.";

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.8 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Simulator.RunFor(StaticScenario.Quiet);
        run.Workload.PutMany(run.Options.Records);
        MassCrashScenario.Crash(run, DeadShare);

        // Spread over many askers within a second: none has learned of the dead by another lookup of its own.
        run.Workload.GetDuring(TimeSpan.FromSeconds(1), run.Options.Lookups);
    }
}

/// <summary>A network that loses, repeats and reorders datagrams.</summary>
internal sealed class LossScenario : Scenario
{
    public override string Name => "loss";

    public override string Explanation => "20 % of datagrams are lost, 5 % arrive twice, all are late by up to 200 ms.";

    // A question and its answer arrive both with 64 %, and a find asks nobody twice.
    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.5 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = 0.2;
        run.Simulator.Faults.Duplication = 0.05;
        run.Simulator.Faults.Reordering = TimeSpan.FromMilliseconds(200);
        run.Settle();
        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        run.Workload.PutMany(run.Options.Records);
        run.Workload.GetMany(run.Options.Lookups);
    }
}
