using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Many nodes die in the same moment.</summary>
internal sealed class MassCrashScenario : Scenario
{
    /// <summary>Every owner has looked after its records once: 15 minutes, a fifth more where chance wills it, and a minute to publish.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(19);

    public override string Name => "mass-crash";

    public override string Explanation => "--share of the nodes die at once; lookups right after, and as many again 19 minutes later, when every owner had its round; --owners up|dead.";

    public override Aftermath Aftermath { get; } = new() { Calm = Aftermath.OneRound - Refresh };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        Crash(run, run.Options.Share);
        if (!run.Options.OwnersUp)
        {
            ChurnScenario.CrashOwners(run);
        }

        Instant refreshed = run.Simulator.Now + Refresh;
        run.Workload.GetDuring(TimeSpan.FromSeconds(10), run.Options.Lookups);

        run.Simulator.RunFor(refreshed - run.Simulator.Now);
        Figures atOnce = run.Workload.Figures;
        run.AfterRefresh = run.Workload.Figures = new Figures();
        run.Workload.GetDuring(TimeSpan.FromSeconds(10), run.Options.Lookups);
        run.Workload.Figures = atOnce;
    }

    /// <summary>Crashes a share of the nodes, none of them owners of records.</summary>
    public static void Crash(ScenarioRun run, double share)
    {
        HashSet<SimulatedNode> owners = run.Workload.Owners;
        int victims = (int)(run.Population.Up.Count * share);
        SimulatedNode[] candidates = [.. run.Population.Up.Where(node => !owners.Contains(node))];
        for (int i = 0; i < Math.Min(victims, candidates.Length); i++)
        {
            int pick = i + run.Simulator.Entropy.NextInt32(candidates.Length - i);
            (candidates[i], candidates[pick]) = (candidates[pick], candidates[i]);
            run.Population.Crash(candidates[i]);
        }
    }
}

/// <summary>The network falls into two halves that don't hear each other, and heals.</summary>
internal sealed class PartitionScenario : Scenario
{
    private static readonly TimeSpan ShortLife = TimeSpan.FromMinutes(20);

    public override string Name => "partition";

    public override string Explanation =>
        "Two halves for 30 minutes; owners write in theirs, other records expire; then healed for 30 minutes: one value everywhere, nothing expired.";

    public override Aftermath Aftermath { get; } = new() { Calm = TimeSpan.Zero };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        List<PutRecord> mortal = PutMortal(run, Math.Max(1, run.Options.Records / 10));
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
        foreach (PutRecord record in run.Workload.Promised)
        {
            run.Network.CheckHolders(record);
        }

        foreach (PutRecord record in mortal)
        {
            if (run.Workload.IsFound(record))
            {
                run.Checks.Report($"the record under {record.Key} has expired and is found");
            }
        }

        run.Workload.GetDuring(TimeSpan.FromMinutes(1), run.Options.Lookups);
    }

    /// <summary>Records that expire while the halves don't hear each other, and must not come back from either.</summary>
    private static List<PutRecord> PutMortal(ScenarioRun run, int records)
    {
        var mortal = new List<PutRecord>();
        for (int i = 0; i < records; i++)
        {
            var record = new PutRecord(new RecordKey(run.Simulator.Entropy.NextNodeId()), run.Population.Random())
            {
                TimeToLive = ShortLife,
                IsKeptAlive = false,
            };
            run.Workload.Put(record);
            mortal.Add(record);
        }

        return mortal;
    }
}

/// <summary>A small network grows to its full size within a minute.</summary>
internal sealed class JoinStormScenario : Scenario
{
    private const int Before = 20;
    private static readonly TimeSpan Storm = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public override string Name => "join-storm";

    public override string Explanation =>
        "A network of 20 grows to --nodes within a minute; newcomers look for records from their start on, until 30 s are over.";

    // Nobody is told of a newcomer next to it: some find out with their next refresh.
    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.5 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        int before = Math.Min(Before, run.Options.Nodes / 2);
        run.Settle(before);
        run.Workload.PutMany(run.Options.Records);
        int newcomers = run.Options.Nodes - before;
        int searches = 0;
        for (int i = 0; i < newcomers; i++)
        {
            SimulatedNode newcomer = run.Population.JoinNew();
            for (; searches < (long)run.Options.Lookups * (i + 1) / newcomers; searches++)
            {
                run.Workload.Search(newcomer, Patience);
            }

            run.Simulator.RunFor(Storm / newcomers);
        }

        // The last one's 30 seconds, and the time of a lookup.
        run.Simulator.RunFor(Patience + TimeSpan.FromSeconds(10));
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
        for (int i = 0; i < all.Length; i++)
        {
            SimulatedNode node = all[i];
            run.Simulator.After(TimeSpan.FromHours(1) * i / all.Length, () => Restart(run, node));
        }

        run.Workload.GetDuring(TimeSpan.FromHours(1), run.Options.Lookups);
    }

    /// <summary>Ten seconds without a node; it puts its records again when it has joined.</summary>
    public static void Restart(ScenarioRun run, SimulatedNode node)
    {
        run.Population.Stop(node);
        run.Simulator.After(TimeSpan.FromSeconds(10), () =>
        {
            run.Population.Join(node);
            run.Simulator.After(TimeSpan.FromSeconds(5), () =>
            {
                foreach (PutRecord record in run.Workload.Records.Where(record => record.Owner == node))
                {
                    run.Workload.PutWithoutWaiting(record);
                }
            });
        });
    }
}
