using CsCheck;
using Violence.Kademlia.Admission;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Admission;

[TestFixture]
public sealed class TokenBucketTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(10_000);

    [Test]
    public void A_bucket_begins_full_and_gives_its_burst_and_no_more()
    {
        TokenBucket bucket = default;
        var rate = new TokenRate(PerSecond: 10, Burst: 7);

        Assert.That(Enumerable.Range(0, 20).Count(_ => bucket.TryTake(rate, Start)), Is.EqualTo(7));
    }

    [TestCase(10, 100)]
    [TestCase(1000, 1)]
    [TestCase(3, 334)]
    public void A_token_is_back_after_its_share_of_a_second_and_not_before(int perSecond, int milliseconds)
    {
        var rate = new TokenRate(perSecond, Burst: 1);
        TokenBucket bucket = default;
        bucket.TryTake(rate, Start);
        Instant back = Start + TimeSpan.FromMilliseconds(milliseconds);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bucket.TryTake(rate, back - TimeSpan.FromMilliseconds(0.8)), Is.False);
            Assert.That(bucket.TryTake(rate, back), Is.True);
        }
    }

    [Test]
    public void Over_any_time_cut_up_in_any_way_the_rate_is_kept_exactly() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 3000], Gen.Int[1, 900_000].Array[1, 60]).Sample(
            (perSecond, burst, pauses) =>
            {
                var rate = new TokenRate(perSecond, burst);
                TokenBucket bucket = default;
                Assert.That(bucket.TryTake(rate, Start, burst), Is.True);
                Instant now = Start;
                foreach (int ticks in pauses)
                {
                    now += new TimeSpan(ticks);
                    Assert.That(bucket.TryTake(rate, now, burst + 1), Is.False);
                }

                // However often it was asked in between, what came back is what the whole time gives.
                long back = Math.Min(burst, (now - Start).Ticks * perSecond / TimeSpan.TicksPerSecond);
                Assert.That(bucket.TryTake(rate, now, (int)back + 1), Is.False);
                Assert.That(bucket.TryTake(rate, now, (int)back), Is.True);
            },
            iter: 2000);

    [Test]
    public void A_long_pause_fills_it_once_and_does_not_overflow()
    {
        TokenBucket bucket = default;
        var rate = new TokenRate(PerSecond: int.MaxValue, Burst: 5);
        bucket.TryTake(rate, Start, 5);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bucket.TryTake(rate, Instant.Never, 5), Is.True);
            Assert.That(bucket.TryTake(rate, Instant.Never), Is.False);
        }
    }

    [Test]
    public void More_than_there_is_takes_nothing()
    {
        TokenBucket bucket = default;
        var rate = new TokenRate(PerSecond: 1, Burst: 5);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bucket.TryTake(rate, Start, 6), Is.False);
            Assert.That(bucket.TryTake(rate, Start, 5), Is.True);
        }
    }

    [Test]
    public void A_clock_that_steps_back_gives_nothing()
    {
        TokenBucket bucket = default;
        var rate = new TokenRate(PerSecond: 1, Burst: 1);
        bucket.TryTake(rate, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bucket.TryTake(rate, Start - TimeSpan.FromSeconds(5)), Is.False);
            Assert.That(bucket.TryTake(rate, Start + TimeSpan.FromSeconds(0.5)), Is.False);
            Assert.That(bucket.TryTake(rate, Start + TimeSpan.FromSeconds(1)), Is.True);
        }
    }

    [Test]
    public void The_proof_budget_is_500_a_second_after_a_burst_of_1000()
    {
        var budget = new ProofBudget(ProofBudget.DefaultRate);
        int atOnce = Enumerable.Range(0, 2000).Count(_ => budget.TryTake(Start));
        int afterASecond = Enumerable.Range(0, 2000).Count(_ => budget.TryTake(Start + TimeSpan.FromSeconds(1)));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(atOnce, Is.EqualTo(1000));
            Assert.That(afterASecond, Is.EqualTo(500));
            Assert.That(budget.TryTake(Start + TimeSpan.FromSeconds(2), signatures: 501), Is.False);
        }
    }
}
