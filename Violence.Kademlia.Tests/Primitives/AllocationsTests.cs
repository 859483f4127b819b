namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class AllocationsTests
{
    [Test]
    public void What_is_allocated_once_in_a_thousand_calls_is_seen()
    {
        int calls = 0;
        object? kept = null;

        long allocated = Allocations.Of(() => kept = calls++ % 1000 == 0 ? new byte[100] : kept);

        // In 2,000 calls, the fewest of a try: two arrays.
        Assert.That(allocated, Is.GreaterThanOrEqualTo(2 * 100));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(10)]
    [TestCase(50)]
    public void What_grows_without_end_is_seen(int elementsPerCall)
    {
        byte[] added = new byte[elementsPerCall];
        List<byte> kept = [];

        Assert.That(Allocations.Of(() => kept.AddRange(added)), Is.Positive);
    }

    [Test]
    public void What_only_one_try_allocated_is_not_the_codes()
    {
        int uses = 0;
        object? kept = null;

        long allocated = Allocations.Least(() => 0, _ => kept = uses++ == 0 ? new byte[8000] : kept);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(allocated, Is.Zero);
            Assert.That(uses, Is.GreaterThan(1));
        }
    }
}
