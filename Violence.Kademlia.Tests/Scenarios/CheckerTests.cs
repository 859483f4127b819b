using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Checkers;
using Violence.Kademlia.Simulation.Scenarios;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>A checker that never complains checks nothing: each is shown something that is wrong.</summary>
[TestFixture]
internal sealed class CheckerTests
{
    private static readonly ScenarioOptions Tiny = new() { Nodes = 12, Seed = 3, Records = 3, Lookups = 5 };

    [Test]
    public void The_closest_nodes_are_those_of_a_sort_by_distance()
    {
        ScenarioRun run = Network(40);
        NodeId target = run.Simulator.Entropy.NextNodeId();
        SimulatedNode except = run.Population.Up.MinBy(node => node.Id.DistanceTo(target))!;

        List<SimulatedNode> closest = ClosestNodes.Of(run.Population.Up, target, 8, except);

        Assert.That(closest, Is.EqualTo(run.Population.Up.Where(node => node != except).OrderBy(node => node.Id.DistanceTo(target)).Take(8)));
    }

    [Test]
    public void Finds_that_miss_nodes_are_noticed()
    {
        ScenarioRun run = Network(40);
        Assert.That(run.Network.CheckFinds(10, leastShare: 1, tries: 2), Is.EqualTo(1));
        Assert.That(run.Checks.Violations, Is.Empty);

        run.Simulator.Faults.Cuts = static (from, to) => (from & 1) != (to & 1);
        double share = run.Network.CheckFinds(10, leastShare: 0.9, tries: 2);

        Assert.That(share, Is.LessThan(0.8));
        Assert.That(run.Checks.Violations, Has.One.Contains("of the true closest nodes"));
    }

    [Test]
    public void A_node_that_does_not_know_its_neighbours_is_noticed()
    {
        ScenarioRun run = Network(20);
        run.Network.CheckNeighbourhoods(50);
        Assert.That(run.Checks.Violations, Is.Empty);

        run.Simulator.Faults.Cuts = static (_, _) => true;
        run.Population.JoinNew();
        run.Network.CheckNeighbourhoods(50);

        Assert.That(run.Checks.Violations, Is.Not.Empty.And.All.Contains("neighbours"));
    }

    [Test]
    public void A_holder_with_an_older_value_than_the_acknowledged_one_is_noticed_and_so_is_a_get_that_gives_it()
    {
        ScenarioRun run = Network(20);
        run.Workload.PutMany(1);
        PutRecord record = run.Workload.Records[0];
        run.Network.CheckHolders(record);
        Assert.That(run.Checks.Violations, Is.Empty);

        Acknowledge(record, run, issued: run.Simulator.Utc + TimeSpan.FromMinutes(1));
        run.Network.CheckHolders(record);
        Assert.That(run.Checks.Violations, Has.Some.Contains("older than the acknowledged"));

        int before = run.Checks.Violations.Count;
        run.Workload.ExpectsNewest = true;
        run.Workload.GetMany(1);
        Assert.That(run.Checks.Violations.Skip(before), Has.One.Contains("a get of").And.One.Contains("older than the acknowledged"));
    }

    [Test]
    public void Records_that_too_few_of_the_closest_hold_are_noticed()
    {
        ScenarioRun run = Network(20);
        var record = new PutRecord(new RecordKey(run.Simulator.Entropy.NextNodeId()), run.Population.Up[0]);
        Acknowledge(record, run, run.Simulator.Utc);

        run.Network.CheckHolders(record);

        Assert.That(run.Checks.Violations, Has.One.Contains("only 0 of the 8 closest"));
    }

    [Test]
    public void An_expired_record_in_a_store_or_in_an_answer_is_noticed()
    {
        ScenarioRun run = Network(20);
        SimulatedNode node = run.Population.Up[0];
        DateTimeOffset longAgo = run.Simulator.Utc - TimeSpan.FromHours(2);
        var identity = new NodeIdentity(KeyedHashScheme.Instance, new byte[NodeIdentity.SeedSize]);
        Record old = new Kademlia.Engine.RecordAuthor(identity, Simulator.Network)
            .Write(new RecordKey(node.Id), "", "x"u8, TimeSpan.FromHours(1), longAgo);

        // A holder whose clock was far behind took it for new.
        node.Engine.Store.Put(old, RecordSource.Self, run.Simulator.Now, longAgo);
        run.Checks.Inspect(50);

        Assert.That(run.Checks.Violations, Has.One.Contains($"node {node.Number} holds a record"));
    }

    [Test]
    public void A_contact_that_nobody_ever_was_is_noticed()
    {
        ScenarioRun run = Network(12);
        SimulatedNode node = run.Population.Up[0];
        run.Checks.Inspect(50);
        Assert.That(run.Checks.Violations, Is.Empty);

        var ghost = new Contact(run.Simulator.Entropy.NextNodeId(), run.Population.Up[1].Endpoint);
        node.Engine.Table.Remove(run.Population.Up[1].Id, ghost.Endpoint);
        node.Engine.Table.Add(ghost, run.Simulator.Now);
        run.Checks.Inspect(50);

        Assert.That(run.Checks.Violations, Has.One.Contains("nobody ever was"));
    }

    [Test]
    public void Nodes_are_looked_over_while_the_network_runs()
    {
        ScenarioRun run = Network(40);
        run.Checks.Watch();
        long steps = run.Simulator.Steps;
        run.Simulator.RunFor(TimeSpan.FromMinutes(30));

        Assert.That(run.Checks.Inspected, Is.EqualTo(run.Simulator.Steps / 1_000 - steps / 1_000).And.GreaterThan(5));
    }

    [Test]
    public void A_run_that_breaks_a_rule_tells_seed_scenario_step_and_how_to_come_there_again()
    {
        SimulationReport report = new ScenarioRun(new Story(static run => run.Checks.Report("something is wrong")), Tiny).Play();

        Assert.That(report.Failure, Does.StartWith("story, seed 3:")
            .And.Contain("step ").And.Contain("something is wrong")
            .And.EndWith("again: simulate story --nodes 12 --seed 3 --median-minutes 30 --owners up --share 0.5 --records 3 --lookups 5"));
    }

    [Test]
    public void A_run_that_throws_tells_the_same()
    {
        var run = new ScenarioRun(new Story(static _ => throw new InvalidOperationException("A bug.")), Tiny);

        Assert.That(run.Play, Throws.TypeOf<SimulationException>().With.Message.Contains("story, seed 3, step ")
            .And.Message.Contains("A bug.").And.Message.Contains("simulate story --nodes 12 --seed 3"));
    }

    [Test]
    public void Lookups_whose_asker_dies_do_not_count()
    {
        ScenarioRun run = Network(20);
        run.Workload.PutMany(5);
        run.Workload.GetMany(10);
        run.Simulator.Faults.Cuts = static (_, _) => true;
        run.Simulator.After(TimeSpan.FromSeconds(0.2), () =>
        {
            Assert.That(run.Population.Up.Sum(static node => node.Engine.OperationsRunning), Is.EqualTo(30));
            foreach (SimulatedNode node in run.Population.Up.ToArray())
            {
                run.Population.Crash(node);
            }
        });
        run.Workload.GetDuring(TimeSpan.FromSeconds(0.1), 30);

        Assert.That((run.Workload.Figures.Gets, run.Workload.Figures.Success), Is.EqualTo((10, 1.0)));
    }

    [TestCase(0, 1, 30, 0.5)]
    [TestCase(100, 0, 30, 0.5)]
    [TestCase(100, double.NaN, 30, 0.5)]
    [TestCase(100, 1, -1, 0.5)]
    [TestCase(100, 1, double.PositiveInfinity, 0.5)]
    [TestCase(100, 1, 30, 1.1)]
    public void Options_that_make_no_sense_are_refused(int nodes, double hours, double medianMinutes, double share)
    {
        var options = new ScenarioOptions { Nodes = nodes, Hours = hours, MedianMinutes = medianMinutes, Share = share };

        Assert.That(options.Error, Does.StartWith("allowed: "));
        Assert.That(new ScenarioOptions().Error, Is.Null);
    }

    private static ScenarioRun Network(int nodes)
    {
        var run = new ScenarioRun(new Story(static _ => { }), Tiny with { Nodes = nodes });
        run.Settle();
        return run;
    }

    /// <summary>As if a record of this issue had been acknowledged.</summary>
    private static void Acknowledge(PutRecord record, ScenarioRun run, DateTimeOffset issued) => record.OnAcknowledged(
        new Kademlia.Engine.RecordAuthor(record.Owner.Identity, Simulator.Network).Write(record.Key, "", "x"u8, Record.MaxTimeToLive, issued));

    private sealed class Story(Action<ScenarioRun> tell) : Scenario
    {
        public override string Name => "story";

        public override string Explanation => "Told by a test.";

        public override Aftermath Aftermath { get; } = new() { LeastClosest = 0, Calm = TimeSpan.Zero };

        public override void Play(ScenarioRun run)
        {
            run.Settle();
            tell(run);
        }
    }
}
