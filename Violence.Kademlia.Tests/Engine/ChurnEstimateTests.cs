using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

[TestFixture]
internal sealed class ChurnEstimateTests
{
    [TestCase(2)]
    [TestCase(30)]
    [TestCase(240)]
    public void Lives_without_memory_are_told_to_within_a_third(int meanMinutes)
    {
        var estimate = new ChurnEstimate();
        var entropy = EntropySource.Seeded(17);
        for (int i = 0; i < 4_000; i++)
        {
            // Asked after a silence: it had died in it, or had not.
            TimeSpan silence = TimeSpan.FromMinutes(meanMinutes * 0.3 * entropy.NextDouble());
            double life = -meanMinutes * Math.Log(1 - entropy.NextDouble());
            if (life < silence.TotalMinutes)
            {
                estimate.OnDead(silence);
            }
            else
            {
                estimate.OnAlive(silence);
            }
        }

        Assert.That(estimate.MeanLife.TotalMinutes, Is.InRange(meanMinutes * 0.67, meanMinutes * 1.5));
    }

    [Test]
    public void A_network_that_becomes_restless_is_noticed_and_one_that_calms_down_too()
    {
        var estimate = new ChurnEstimate();
        Repeat(1_000, () => estimate.OnAlive(TimeSpan.FromMinutes(30)));
        TimeSpan quiet = estimate.MeanLife;
        Repeat(200, () => estimate.OnDead(TimeSpan.FromMinutes(2)));
        TimeSpan restless = estimate.MeanLife;
        Repeat(2_000, () => estimate.OnAlive(TimeSpan.FromMinutes(30)));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(quiet, Is.GreaterThan(TimeSpan.FromHours(24)));
            Assert.That(restless, Is.LessThan(TimeSpan.FromHours(3)));
            Assert.That(estimate.MeanLife, Is.GreaterThan(3 * restless));
        }
    }

    [Test]
    public void Nobody_knows_at_first_and_5_minutes_are_assumed() =>
        Assert.That(new ChurnEstimate().MeanLife, Is.EqualTo(TimeSpan.FromMinutes(5)));

    [Test]
    public void A_clock_that_runs_backwards_does_no_harm()
    {
        var estimate = new ChurnEstimate();
        Repeat(10, () => estimate.OnAlive(TimeSpan.FromHours(-1)));

        Assert.That(estimate.MeanLife, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
        {
            action();
        }
    }
}
