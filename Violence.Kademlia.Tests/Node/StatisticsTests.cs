using CsCheck;
using Violence.Kademlia.Node.Demo;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class StatisticsTests
{
    [TestCase(50, 3)]
    [TestCase(95, 5)]
    [TestCase(100, 5)]
    [TestCase(20, 1)]
    [TestCase(21, 2)]
    public void A_percentile_is_the_nearest_rank(double percent, double expected) =>
        Assert.That(Statistics.Percentile([5, 1, 4, 2, 3], percent), Is.EqualTo(expected));

    [Test]
    public void What_was_never_measured_has_no_percentile() => Assert.That(Statistics.Percentile([], 50), Is.Null);

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(100.1)]
    public void Other_percentages_are_misuse(double percent) =>
        Assert.That(() => Statistics.Percentile([1], percent), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void At_least_the_asked_share_of_the_values_is_not_above_a_percentile_and_less_is_below_it() =>
        Gen.Select(Gen.Double[0, 1_000].Array[1, 60], Gen.Int[1, 100]).Sample((values, percent) =>
        {
            double rank = Statistics.Percentile(values, percent)!.Value;
            double wanted = percent / 100.0 * values.Length;
            return values.Count(value => value <= rank) >= wanted && values.Count(value => value < rank) < wanted;
        });
}
