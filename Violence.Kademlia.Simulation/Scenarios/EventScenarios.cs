namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Many nodes die in the same moment.</summary>
internal sealed class MassCrashScenario : Scenario
{
    public override string Name => "mass-crash";

    public override string Explanation => "--share of the nodes die at once; lookups right after, owners up.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        Crash(run, run.Options.Share);
        run.Workload.GetDuring(TimeSpan.FromSeconds(10), run.Options.Lookups);
        ExpectRecovery(run);
    }

    /// <summary>Crashes a share of the nodes, owners of records excepted.</summary>
    public static void Crash(ScenarioRun run, double share)
    {
        HashSet<SimulatedNode> owners = [.. run.Workload.Records.Select(record => record.Owner)];
        int victims = (int)(run.Population.Up.Count * share);
        SimulatedNode[] candidates = [.. run.Population.Up.Where(node => !owners.Contains(node))];
        for (int i = 0; i < Math.Min(victims, candidates.Length); i++)
        {
            int pick = i + run.Simulator.Entropy.NextInt32(candidates.Length - i);
            (candidates[i], candidates[pick]) = (candidates[pick], candidates[i]);
            run.Population.Crash(candidates[i]);
        }
    }

    /// <summary>After the faults have ended and owners have published once more, everything acknowledged is found.</summary>
    public static void ExpectRecovery(ScenarioRun run)
    {
        run.Simulator.RunFor(TimeSpan.FromMinutes(25));
        foreach (PutRecord record in run.Workload.Records.Where(static record => record.Acknowledged > 0))
        {
            if (!run.Workload.IsFound(record))
            {
                run.Checks.Report(run.Simulator, $"the record under {record.Key} is not found after the faults have ended");
            }
        }
    }
}

/// <summary>The network falls into two halves that don't hear each other, and heals.</summary>
internal sealed class PartitionScenario : Scenario
{
    public override string Name => "partition";

    public override string Explanation => "Two halves for 30 minutes; owners write in theirs; then healed: one value everywhere.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        run.Simulator.Faults.Cuts = static (from, to) => (from & 1) != (to & 1);
        run.Simulator.RunFor(TimeSpan.FromMinutes(5));
        foreach (PutRecord record in run.Workload.Records)
        {
            run.Workload.Put(record);
        }

        run.Simulator.RunFor(TimeSpan.FromMinutes(25));
        run.Simulator.Faults.Cuts = null;
        run.Simulator.RunFor(TimeSpan.FromMinutes(30));
        run.Workload.ExpectsNewest = true;
        run.Workload.GetDuring(TimeSpan.FromMinutes(1), run.Options.Lookups);
    }
}

/// <summary>A small network grows to its full size within a minute.</summary>
internal sealed class JoinStormScenario : Scenario
{
    private const int Before = 20;

    public override string Name => "join-storm";

    public override string Explanation => "A network of 20 grows to --nodes within a minute; newcomers look up within 30 s.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle(Math.Min(Before, run.Options.Nodes));
        run.Workload.PutMany(run.Options.Records);
        int newcomers = Math.Max(0, run.Options.Nodes - Before);
        if (newcomers > 0)
        {
            run.Population.Grow(newcomers, TimeSpan.FromMinutes(1) / newcomers);
        }

        run.Workload.GetDuring(TimeSpan.FromSeconds(30), run.Options.Lookups);
    }
}

/// <summary>Every node is restarted, one after the other, as for an update.</summary>
internal sealed class RollingRestartScenario : Scenario
{
    public override string Name => "rolling-restart";

    public override string Explanation => "Every node restarts within an hour with the same identity and an empty store; owners put again.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        SimulatedNode[] all = [.. run.Population.Up];
        ILookup<SimulatedNode, PutRecord> owned = run.Workload.Records.ToLookup(static record => record.Owner);
        for (int i = 0; i < all.Length; i++)
        {
            SimulatedNode node = all[i];
            run.Simulator.After(TimeSpan.FromHours(1) * i / all.Length, () => Restart(run, node, owned[node]));
        }

        run.Workload.GetDuring(TimeSpan.FromHours(1), run.Options.Lookups);
        MassCrashScenario.ExpectRecovery(run);
    }

    private static void Restart(ScenarioRun run, SimulatedNode node, IEnumerable<PutRecord> owned)
    {
        run.Population.Stop(node);
        run.Simulator.After(TimeSpan.FromSeconds(10), () =>
        {
            run.Population.Join(node);
            run.Simulator.After(TimeSpan.FromSeconds(5), () =>
            {
                foreach (PutRecord record in owned)
                {
                    run.Workload.PutWithoutWaiting(record);
                }
            });
        });
    }
}
