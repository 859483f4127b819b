using Violence.Kademlia.Persistence;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>
/// The power goes off and on again: every node ends without a word and starts ten seconds later with what it had saved, all in the
/// same second. What is known must still be known, and coming back must not cost what brings a link down.
/// </summary>
internal sealed class RestartScenario : Scenario
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Off = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public override string Name => "restart";

    public override string Explanation =>
        "Every node ends at once and starts again 10 s later with what it saved; what each sends in its busiest minute, against the quiet before.";

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Workload.PutMany(run.Options.Records);
        run.Simulator.RunFor(StaticScenario.Quiet);
        SimulatedNode[] all = [.. run.Population.Up];
        double quiet = Sent(run, all, Quiet).Average();

        (SimulatedNode Node, SavedState Saved)[] saved = [.. all.Select(static node => (node, node.Save()))];
        foreach (SimulatedNode node in all)
        {
            run.Population.Crash(node);
        }

        run.Simulator.RunFor(Off);
        foreach ((SimulatedNode node, SavedState state) in saved)
        {
            run.Population.Rejoin(node, state);
        }

        run.Workload.GetLater(TimeSpan.FromSeconds(10), Quiet, run.Options.Lookups);
        double busiestMean = 0;
        double busiest = 0;
        for (TimeSpan passed = TimeSpan.Zero; passed < Quiet + Window; passed += Window)
        {
            double[] sent = Sent(run, all, Window);
            busiestMean = Math.Max(busiestMean, sent.Average());
            busiest = Math.Max(busiest, sent.Max());
        }

        run.Restarted = new RestartFigures(quiet, busiestMean, busiest);
    }

    /// <summary>Bytes a second that each sent during a time.</summary>
    private static double[] Sent(ScenarioRun run, SimulatedNode[] nodes, TimeSpan span)
    {
        long[] before = Array.ConvertAll(nodes, static node => node.BytesSent);
        run.Simulator.RunFor(span);
        return [.. nodes.Select((node, i) => (node.BytesSent - before[i]) / span.TotalSeconds)];
    }
}

/// <summary>What nodes send around a restart of all of them, in bytes a second.</summary>
/// <param name="Quiet">A node before, on average.</param>
/// <param name="BusiestMinuteMean">A node in the minute in which all together sent most, on average.</param>
/// <param name="BusiestMinuteOfOne">The node that sent most in any minute.</param>
internal sealed record RestartFigures(double Quiet, double BusiestMinuteMean, double BusiestMinuteOfOne);
