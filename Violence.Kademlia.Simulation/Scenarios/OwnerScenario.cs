using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What it costs a node to keep records alive: its traffic before it owns any, and after.</summary>
internal sealed class OwnerScenario : Scenario
{
    private const int RecordsOwned = 100;
    private const double UsualHours = 2;

    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(30);

    public override string Name => "owner";

    public override string Explanation => "One node puts 100 records and keeps them alive for two hours; how much it sends and receives, before and after.";

    public override Aftermath Aftermath { get; } = new() { Calm = TimeSpan.Zero };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Simulator.RunFor(Settling);
        SimulatedNode owner = run.Population.Random();
        TimeSpan span = TimeSpan.FromHours(run.Options.Hours ?? UsualHours);
        run.OwnerIdle = Measure(run.Simulator, owner, span);
        for (int i = 0; i < RecordsOwned; i++)
        {
            var key = new RecordKey(run.Simulator.Entropy.NextNodeId());
            owner.Run<PutOperation>((engine, now) => engine.Put(key, "", new byte[200], Record.MaxTimeToLive, keepAlive: true, now), static _ => { });
            run.Simulator.RunFor(TimeSpan.FromSeconds(1));
        }

        // The puts themselves are not the steady state, and neither is what follows them at once.
        run.Simulator.RunFor(Settling);
        run.OwnerBusy = Measure(run.Simulator, owner, span);
        run.Workload.PutMany(run.Options.Records);
        run.Workload.GetMany(run.Options.Lookups);
    }

    private static Traffic Measure(Simulator simulator, SimulatedNode node, TimeSpan span)
    {
        long sent = node.BytesSent;
        long received = node.BytesReceived;
        simulator.RunFor(span);
        return new Traffic((node.BytesSent - sent) / span.TotalSeconds, (node.BytesReceived - received) / span.TotalSeconds);
    }
}

/// <summary>What one node sends and receives.</summary>
/// <param name="SentPerS">Bytes a second.</param>
/// <param name="ReceivedPerS">Bytes a second.</param>
internal readonly record struct Traffic(double SentPerS, double ReceivedPerS);
