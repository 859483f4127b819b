using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Lives;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>The parts of the instrument by themselves: an instrument that is off measures nothing.</summary>
[TestFixture]
internal sealed class InstrumentTests
{
    [Test]
    public void Events_happen_by_time_and_at_one_time_in_the_order_they_were_scheduled()
    {
        var queue = new EventQueue();
        EntropySource entropy = EntropySource.Seeded(1);
        for (int i = 0; i < 5_000; i++)
        {
            queue.Add(Instant.FromMilliseconds(entropy.NextInt32(500)), EventKind.Alarm, node: i);
        }

        var taken = new List<Event>();
        while (queue.Count > 0)
        {
            taken.Add(queue.Take());
        }

        Assert.That(taken, Is.EqualTo(taken.OrderBy(happening => happening.At).ThenBy(happening => happening.Order)));
        Assert.That(taken, Has.Count.EqualTo(5_000));
    }

    [Test]
    public void Events_that_are_scheduled_while_others_happen_keep_the_order_however_far_ahead_they_are()
    {
        var queue = new EventQueue();
        EntropySource entropy = EntropySource.Seeded(2);
        var model = new PriorityQueue<int, (Instant At, long Order)>();
        var happened = new List<(int, int)>();
        Instant now = default;
        for (int number = 0; number < 20_000; number++)
        {
            // From the present moment to minutes ahead, and some at one moment.
            TimeSpan ahead = TimeSpan.FromTicks(1_000L * (entropy.NextInt32(1 << 22) >> entropy.NextInt32(22)));
            queue.Add(now + ahead, EventKind.Alarm, number);
            model.Enqueue(number, (now + ahead, number));
            if (entropy.NextInt32(100) < (number < 10_000 ? 30 : 99))
            {
                // Who looks ahead must not lose what is scheduled before that after all.
                Assert.That(queue.Next, Is.GreaterThanOrEqualTo(now));
                Event next = queue.Take();
                now = next.At;
                happened.Add((next.Node, model.Dequeue()));
            }
        }

        while (queue.Count > 0)
        {
            happened.Add((queue.Take().Node, model.Dequeue()));
        }

        Assert.That(happened, Has.Count.EqualTo(20_000));
        Assert.That(happened, Has.All.Matches<(int Actual, int Expected)>(pair => pair.Actual == pair.Expected));
    }

    [Test]
    public void Round_trips_have_the_median_and_the_tail_they_promise_and_are_stable_per_pair()
    {
        var latency = LatencyModel.LogNormal(seed: 1);
        var roundTrips = new Percentiles();
        for (int i = 0; i < 200; i++)
        {
            for (int j = i + 1; j < 200; j++)
            {
                roundTrips.Add((latency.OneWay(i, j) + latency.OneWay(j, i)).TotalMilliseconds);
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(roundTrips.At(0.5), Is.EqualTo(80).Within(3));
            Assert.That(roundTrips.At(0.95), Is.EqualTo(250).Within(12));
            Assert.That(latency.OneWay(3, 9), Is.EqualTo(latency.OneWay(9, 3)));
        }
    }

    [Test]
    public void A_delay_that_is_remembered_is_the_one_that_would_be_drawn()
    {
        var latency = LatencyModel.LogNormal(seed: 3);
        EntropySource entropy = EntropySource.Seeded(3);
        var wrong = new List<(int, int)>();
        for (int i = 0; i < 20_000; i++)
        {
            // So many pairs that they push each other out, and so few that most come again; node 0 and a node's way to itself among them.
            (int from, int to) = (entropy.NextInt32(60), entropy.NextInt32(60));
            if (latency.OneWay(from, to) != LatencyModel.LogNormal(seed: 3).OneWay(from, to))
            {
                wrong.Add((from, to));
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [TestCase(1.0, 43.3)]
    [TestCase(0.615, 79.3)]
    public void Sessions_have_the_median_and_the_mean_of_their_distribution(double shape, double meanMinutes)
    {
        TimeSpan median = TimeSpan.FromMinutes(30);
        SessionLengths sessions = shape == 1 ? SessionLengths.Exponential(median) : SessionLengths.Weibull(median);
        EntropySource entropy = EntropySource.Seeded(2);
        var drawn = new Percentiles();
        for (int i = 0; i < 50_000; i++)
        {
            drawn.Add(sessions.Draw(entropy).TotalMinutes);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(drawn.At(0.5), Is.EqualTo(30).Within(1));
            Assert.That(sessions.Mean.TotalMinutes, Is.EqualTo(meanMinutes).Within(0.1));
            Assert.That(drawn.Mean, Is.EqualTo(meanMinutes).Within(3).Percent);
        }
    }

    [Test]
    public void Percentiles_are_by_nearest_rank()
    {
        var figures = new Percentiles();
        foreach (int value in Enumerable.Range(1, 100).Reverse())
        {
            figures.Add(value);
        }

        Assert.That((figures.At(0.5), figures.At(0.99), figures.At(1), new Percentiles().At(0.5)), Is.EqualTo((50.0, 99.0, 100.0, 0.0)));
    }

    [Test]
    public void A_partition_lets_nothing_through_and_corruption_is_dropped_not_believed()
    {
        var simulator = new Simulator(seed: 6);
        var population = new Population(simulator, new Kademlia.Engine.EngineConfig { Network = Simulator.Network });
        population.Grow(12);
        simulator.RunFor(TimeSpan.FromMinutes(1));
        simulator.Faults.Cuts = static (_, _) => true;
        simulator.RunFor(TimeSpan.FromSeconds(5));
        long arrived = simulator.DatagramsArrived;
        simulator.RunFor(TimeSpan.FromMinutes(30));
        Assert.That(simulator.DatagramsArrived, Is.EqualTo(arrived));

        simulator.Faults.Heal();
        simulator.Faults.Corruption = 1;
        simulator.RunFor(TimeSpan.FromMinutes(30));

        Assert.That(simulator.DatagramsArrived, Is.GreaterThan(arrived));
        Assert.That(population.Up.Sum(node => node.Engine.Counters.DroppedTotal), Is.GreaterThan(0));
    }
}
