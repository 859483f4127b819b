using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Lives;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>Every scenario in small, with a fixed seed, and a sweep over many seeds.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ScenarioTests
{
    private static readonly ScenarioOptions Small = new() { Nodes = 100, Seed = 7, Records = 30, Lookups = 150 };

    [TestCase("static", 1.0)]
    [TestCase("dead-entries", 0.98)]
    [TestCase("churn", 0.98)]
    [TestCase("weibull", 0.98)]
    [TestCase("loss", 0.95)]
    [TestCase("mass-crash", 0.95)]
    [TestCase("partition", 0.99)]
    [TestCase("join-storm", 0.98)]
    [TestCase("rolling-restart", 0.98)]
    [TestCase("restart", 1)]
    [TestCase("large", 1.0)]
    [TestCase("mix", 0.95)]
    public void A_small_network_finds_its_records_and_breaks_no_rule(string name, double leastSuccess)
    {
        SimulationReport report = Play(name, Small);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Lookups, Is.GreaterThan(100));
            Assert.That(report.Success, Is.GreaterThanOrEqualTo(leastSuccess), report.Again);
            Assert.That(report.NodesInspected, Is.GreaterThan(50));
        }
    }

    [Test]
    public void A_soak_lasts_as_long_as_it_is_told_to_and_keeps_its_records()
    {
        SimulationReport report = Play("soak", Small with { Nodes = 40, Hours = 9, MedianMinutes = 60 });

        // Nine hours: no record that is found is of the first issue any more.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Success, Is.GreaterThan(0.98), report.Again);
        }
    }

    [Test]
    public void A_static_network_is_left_alone_for_the_hours_given_and_for_a_quarter_of_one_otherwise()
    {
        ScenarioOptions options = Small with { Nodes = 20, Lookups = 10 };
        string unless = Play("static", options).TraceHash;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Play("static", options with { Hours = 0.25 }).TraceHash, Is.EqualTo(unless));
            Assert.That(Play("static", options with { Hours = 0.5 }).TraceHash, Is.Not.EqualTo(unless));
        }
    }

    [Test]
    public void Records_of_owners_that_are_gone_are_expected_for_as_long_as_they_live()
    {
        SimulationReport report = Play("churn", Small with { Nodes = 40, OwnersUp = false, Hours = 0.2, MedianMinutes = 600 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Success, Is.GreaterThan(0.95), report.Again);
        }
    }

    [Test]
    public void Half_of_a_network_finds_nearly_everything_again_after_one_refresh()
    {
        SimulationReport report = Play("mass-crash", Small);

        Assert.That(report.SuccessAfterRefresh, Is.GreaterThan(0.95), report.Again);
    }

    [Test]
    public void Newcomers_in_a_storm_find_records_within_seconds_of_their_start()
    {
        SimulationReport report = Play("join-storm", Small with { Nodes = 300 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.StartToFoundMsP50, Is.GreaterThan(0).And.LessThan(10_000), report.Again);
            Assert.That(report.StartToFoundMsMax, Is.LessThanOrEqualTo(30_000), report.Again);
        }
    }

    [Test]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        string first = Play("churn", Small).TraceHash;
        string second = Play("churn", Small).TraceHash;
        string other = Play("churn", Small with { Seed = 8 }).TraceHash;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(second, Is.EqualTo(first));
            Assert.That(other, Is.Not.EqualTo(first));
        }
    }

    [Test]
    public void The_trace_of_a_seed_is_the_same_in_another_process_which_gives_no_work_to_the_thread_pool()
    {
        // Hashes of texts differ from process to process, and so would a trace that hung on the order of a hash table.
        ScenarioOptions options = Small with { Nodes = 40, Records = 10, Lookups = 30 };
        string here = Play("weibull", options).TraceHash;
        string there = BenchmarksProgram.Run(
            "simulate", "weibull", "--nodes", "40", "--records", "10", "--lookups", "30", "--seed", "7", "--json").Output;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(there, Does.Contain($"\"trace_hash\":\"{here}\""));
            Assert.That(there, Does.Contain("\"thread_pool_items\":0,"));
        }
    }

    [Test]
    public void The_curve_and_the_keyed_hash_give_the_same_protocol_behaviour()
    {
        Simulator hashed = Network(seed: 5, KeyedHashScheme.Instance);
        Simulator curved = Network(seed: 5, SignatureScheme.Ed25519);

        // Ids differ, and with them who is close to whom: what has to agree is what every node came to know, and at what cost.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(curved.Nodes.Select(node => node.Engine.Table.Count), Is.EqualTo(hashed.Nodes.Select(node => node.Engine.Table.Count)));
            Assert.That(curved.DatagramsSent, Is.EqualTo(hashed.DatagramsSent).Within(15).Percent);
        }
    }

    [Test]
    public void Nodes_behind_nat_are_reached_by_nobody_they_have_not_asked()
    {
        var simulator = new Simulator(seed: 3);
        var server = simulator.Create();
        server.Start();
        var client = simulator.Create(new EngineConfig { Network = Simulator.Network, IsClient = true }, isBehindNat: true);
        var stranger = simulator.Create();
        stranger.Start(client.Endpoint);
        client.Start(server.Endpoint);
        simulator.RunFor(TimeSpan.FromMinutes(5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(client.Engine.Table.Contains(server.Id), Is.True);
            Assert.That(client.Engine.Counters.Dropped(DropReason.Unsolicited), Is.Zero);
            Assert.That(stranger.Engine.JoinState, Is.EqualTo(JoinState.Joining));
        }
    }

    [Test]
    public void A_paused_node_answers_when_it_goes_on()
    {
        var simulator = new Simulator(seed: 4, LatencyModel.Constant(TimeSpan.FromMilliseconds(10)));
        var population = new Population(simulator, new EngineConfig { Network = Simulator.Network });
        population.Grow(10);
        simulator.RunFor(TimeSpan.FromSeconds(30));
        SimulatedNode paused = population.Up[3];
        long before = paused.Engine.Counters.DatagramsReceived;
        paused.PausedUntil = simulator.Now + TimeSpan.FromMinutes(20);
        simulator.RunFor(TimeSpan.FromMinutes(19));
        Assert.That(paused.Engine.Counters.DatagramsReceived, Is.EqualTo(before));

        simulator.RunFor(TimeSpan.FromMinutes(30));

        Assert.That(population.Up.Where(node => node != paused).All(node => node.Engine.Table.Contains(paused.Id)), Is.True);
    }

    private static SimulationReport Play(string name, ScenarioOptions options) =>
        new ScenarioRun(Scenario.All.Single(scenario => scenario.Name == name), options).Play();

    private static Simulator Network(ulong seed, SignatureScheme scheme)
    {
        var simulator = new Simulator(seed, LatencyModel.Constant(TimeSpan.FromMilliseconds(20)), scheme);
        new Population(simulator, new EngineConfig { Network = Simulator.Network }).Grow(15);
        simulator.RunFor(TimeSpan.FromMinutes(3));
        return simulator;
    }
}
