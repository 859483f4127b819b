using Violence.Kademlia.Requests;

namespace Violence.Kademlia.Tests.Requests;

[TestFixture]
public sealed class RoundTripEstimatorTests
{
    [Test]
    public void The_first_sample_gives_itself_and_half_of_itself()
    {
        RoundTripEstimator estimator = Measured(100);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(estimator.Smoothed, Is.EqualTo(Milliseconds(100)));
            Assert.That(estimator.Variation, Is.EqualTo(Milliseconds(50)));
            Assert.That(estimator.Estimate, Is.EqualTo(Milliseconds(300)));
        }
    }

    // RFC 6298, 2.3: RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|, then SRTT = 7/8 SRTT + 1/8 R.
    [TestCase(200, 112.5, 62.5)]
    [TestCase(100, 100, 37.5)]
    [TestCase(20, 90, 57.5)]
    public void The_second_sample_moves_both_as_RFC_6298_says(int second, double smoothed, double variation)
    {
        RoundTripEstimator estimator = Measured(100, second);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(estimator.Smoothed, Is.EqualTo(Milliseconds(smoothed)));
            Assert.That(estimator.Variation, Is.EqualTo(Milliseconds(variation)));
        }
    }

    [Test]
    public void Equal_samples_shrink_the_estimate_to_10_ms_above_the_round_trip()
    {
        RoundTripEstimator estimator = Measured([.. Enumerable.Repeat(40, 60)]);

        Assert.That(estimator.Estimate, Is.EqualTo(Milliseconds(50)));
    }

    [Test]
    public void Nothing_is_measured_by_default_and_a_zero_sample_counts_as_measured()
    {
        RoundTripEstimator estimator = default;
        Assert.That(estimator.IsMeasured, Is.False);

        estimator.Observe(TimeSpan.Zero);

        Assert.That(estimator.IsMeasured, Is.True);
    }

    [TestCase(long.MaxValue)]
    [TestCase(long.MinValue)]
    public void An_absurd_sample_neither_throws_nor_overflows(long ticks)
    {
        RoundTripEstimator estimator = default;
        for (int i = 0; i < 50; i++)
        {
            estimator.Observe(new TimeSpan(ticks));
            estimator.BackOff();
        }

        Assert.That(estimator.Estimate, Is.InRange(TimeSpan.Zero, TimeSpan.FromHours(1)));
    }

    [Test]
    public void Every_time_out_doubles_the_estimate_until_the_next_sample()
    {
        RoundTripEstimator estimator = Measured(100);

        estimator.BackOff();
        TimeSpan once = estimator.Estimate;
        estimator.BackOff();
        TimeSpan twice = estimator.Estimate;
        estimator.Observe(Milliseconds(100));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(once, Is.EqualTo(Milliseconds(600)));
            Assert.That(twice, Is.EqualTo(Milliseconds(1200)));
            Assert.That(estimator.Estimate, Is.EqualTo(Milliseconds(250)));
        }
    }

    [TestCase(1, 15, 500, TestName = "Soft_time_out_is_at_least_15_ms_and_hard_at_least_500_ms")]
    [TestCase(100, 100, 500, TestName = "Hard_time_out_stays_at_its_minimum_while_four_soft_ones_are_shorter")]
    [TestCase(300, 300, 1200, TestName = "Hard_time_out_is_four_soft_ones")]
    [TestCase(60_000, 1000, 4000, TestName = "Soft_time_out_is_at_most_1_s_and_hard_at_most_4_s")]
    public void Time_outs(int estimate, int soft, int hard) =>
        Assert.That(
            RequestTimeouts.Of(Milliseconds(estimate), RequestTimeouts.HardMinimum),
            Is.EqualTo(new RequestTimeouts(Milliseconds(soft), Milliseconds(hard))));

    [Test]
    public void One_estimator_takes_8_bytes() =>
        Assert.That(System.Runtime.CompilerServices.Unsafe.SizeOf<RoundTripEstimator>(), Is.EqualTo(8));

    private static RoundTripEstimator Measured(params int[] milliseconds)
    {
        RoundTripEstimator estimator = default;
        foreach (int sample in milliseconds)
        {
            estimator.Observe(Milliseconds(sample));
        }

        return estimator;
    }

    private static TimeSpan Milliseconds(double count) => TimeSpan.FromMilliseconds(count);
}
