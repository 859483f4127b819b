using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>
/// Everything at once, a little of each, drawn from the seed: made to be run thousands of times. Upkeep is quick, so that a
/// few virtual minutes see several rounds of it.
/// </summary>
internal sealed class MixScenario : Scenario
{
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);

    public override string Name => "mix";

    public override string Explanation => "Two to four random faults, crashes, pauses, restarts, cuts and joins, with lookups all the time; made for small networks.";

    public override EngineConfig Config { get; } = new()
    {
        Network = Simulator.Network,
        RefreshInterval = Round,
        RepublishInterval = Round,
        SilenceBeforeProbe = Round / 2,
    };

    // Whoever looks while it is cut off from all others sees nobody.
    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0, Calm = Round * 4 };

    public override void Play(ScenarioRun run)
    {
        EntropySource entropy = run.Simulator.Entropy;
        for (int i = 0; i < run.Options.Nodes; i++)
        {
            // Half of the clocks are right, the others off by up to five minutes.
            TimeSpan clockError = TimeSpan.FromMinutes(5) * (2 * entropy.NextDouble() - 1);
            run.Population.JoinNew(entropy.NextInt32(2) == 0 ? TimeSpan.Zero : clockError);
            run.Simulator.RunFor(TimeSpan.FromMilliseconds(50));
        }

        run.Simulator.RunFor(TimeSpan.FromSeconds(20));
        run.Workload.PutDuring(TimeSpan.FromSeconds(5), run.Options.Records);
        int events = 2 + entropy.NextInt32(3);
        for (int i = 0; i < events; i++)
        {
            DrawFaults(run.Simulator);
            Happen(run, entropy.NextInt32(8));
            run.Workload.GetDuring(TimeSpan.FromSeconds(5 + entropy.NextInt32(25)), run.Options.Lookups / events);
        }
    }

    private static void DrawFaults(Simulator simulator)
    {
        EntropySource entropy = simulator.Entropy;
        simulator.Faults.Loss = entropy.NextInt32(3) == 0 ? 0 : 0.3 * entropy.NextDouble();
        simulator.Faults.Duplication = entropy.NextInt32(3) == 0 ? 0.2 * entropy.NextDouble() : 0;
        simulator.Faults.Reordering = entropy.NextInt32(3) == 0 ? TimeSpan.FromMilliseconds(500) * entropy.NextDouble() : TimeSpan.Zero;
        simulator.Faults.Corruption = entropy.NextInt32(4) == 0 ? 0.05 * entropy.NextDouble() : 0;
        simulator.Faults.Cuts = null;
    }

    private static void Happen(ScenarioRun run, int what)
    {
        EntropySource entropy = run.Simulator.Entropy;
        switch (what)
        {
            case 0:
                MassCrashScenario.Crash(run, 0.4 * entropy.NextDouble());
                break;
            case 1:
                for (int i = 0; i < 3; i++)
                {
                    run.Population.JoinNew();
                }

                break;
            case 2:
                RollingRestartScenario.Restart(run, run.Population.Random());
                break;
            case 3:
                run.Population.Random().PausedUntil = run.Simulator.Now + Round * entropy.NextDouble();
                break;
            case 4:
                run.Simulator.Faults.Cuts = static (from, to) => (from & 1) != (to & 1);
                break;
            case 5:
                // One node is heard by nobody, and hears everybody.
                int mute = run.Population.Random().Number;
                run.Simulator.Faults.Cuts = (from, _) => from == mute;
                break;
            case 6:
                foreach (PutRecord record in run.Workload.Records)
                {
                    run.Workload.PutWithoutWaiting(record);
                }

                break;
        }
    }
}
