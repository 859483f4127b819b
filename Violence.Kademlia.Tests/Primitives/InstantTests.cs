using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class InstantTests
{
    private static readonly Gen<Instant> Any = Gen.Long[0, long.MaxValue].Select(ticks => new Instant(ticks));

    [Test]
    public void A_sum_never_passes_the_end_of_time() =>
        Gen.Select(Any, Gen.Long[0, long.MaxValue]).Sample((instant, ticks) =>
        {
            Instant sum = instant + TimeSpan.FromTicks(ticks);
            return sum >= instant && (sum == Instant.Never || sum - instant == TimeSpan.FromTicks(ticks));
        });

    [Test]
    public void Never_stays_never()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Instant.Never + TimeSpan.FromTicks(1), Is.EqualTo(Instant.Never));
            Assert.That(Instant.Never + TimeSpan.MaxValue, Is.EqualTo(Instant.Never));
            Assert.That(new Instant(1) + TimeSpan.MaxValue, Is.EqualTo(Instant.Never));
            Assert.That(Instant.Never + TimeSpan.Zero, Is.EqualTo(Instant.Never));
        }
    }

    [Test]
    public void A_span_can_be_taken_away_again()
    {
        Instant instant = Instant.FromMilliseconds(5_000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(instant.Ticks, Is.EqualTo(50_000_000));
            Assert.That(instant - TimeSpan.FromSeconds(2), Is.EqualTo(Instant.FromMilliseconds(3_000)));
            Assert.That(instant + TimeSpan.FromSeconds(-2), Is.EqualTo(Instant.FromMilliseconds(3_000)));
            Assert.That(instant - Instant.FromMilliseconds(3_000), Is.EqualTo(TimeSpan.FromSeconds(2)));
        }
    }

    [Test]
    public void Instants_are_ordered_by_their_ticks() =>
        Gen.Select(Gen.OneOf(Any, Gen.Const(new Instant(5))), Gen.OneOf(Any, Gen.Const(new Instant(5)))).Sample((left, right) =>
            Math.Sign(left.CompareTo(right)) == left.Ticks.CompareTo(right.Ticks)
            && left < right == left.Ticks < right.Ticks
            && left <= right == left.Ticks <= right.Ticks
            && left > right == left.Ticks > right.Ticks
            && left >= right == left.Ticks >= right.Ticks
            && Instant.Min(left, right).Ticks == Math.Min(left.Ticks, right.Ticks)
            && Instant.Max(left, right).Ticks == Math.Max(left.Ticks, right.Ticks));
}
