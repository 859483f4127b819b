using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Storage;

namespace Violence.Kademlia.Tests.Engine;

[TestFixture]
internal sealed class RecordCollectorTests
{
    private static readonly Record Older = TestRecords.Create(sequence: 1);
    private static readonly Record Newer = TestRecords.Create(sequence: 2);

    [Test]
    public void The_age_is_the_lower_median_of_what_the_holders_of_the_winner_say()
    {
        Assert.That(AgeOf((Newer, 70), (Newer, 10), (Newer, 30), (Newer, 50)), Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That(AgeOf((Newer, 70), (Newer, 10), (Newer, 30)), Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void Holders_of_an_older_version_have_no_say_whether_heard_before_or_after()
    {
        Assert.That(AgeOf((Older, 900), (Older, 901), (Newer, 10)), Is.EqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(AgeOf((Newer, 10), (Older, 900), (Older, 901)), Is.EqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void Holders_that_tell_no_age_have_no_say_and_when_none_tells_it_is_not_known()
    {
        Assert.That(AgeOf((Newer, null), (Newer, null), (Newer, 10)), Is.EqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(AgeOf((Newer, null), (Older, 5)), Is.Null);
    }

    [Test]
    public void A_holder_that_repeats_itself_has_one_voice()
    {
        var collector = new RecordCollector();
        collector.Add(new HeldRecord(Newer, 0, 100), Holder(1));
        collector.Add(new HeldRecord(Newer, 0, 1), Holder(2));
        collector.Add(new HeldRecord(Newer, 0, 1), Holder(2));
        collector.Add(new HeldRecord(Newer, 0, 100), Holder(3));

        Assert.That(collector.Found().Single().Age, Is.EqualTo(TimeSpan.FromSeconds(100)));
    }

    [Test]
    public void Holders_that_were_not_asked_for_all_they_have_say_nothing_of_what_they_did_not_name()
    {
        var collector = new RecordCollector();
        Record elsewhere = TestRecords.Create(owner: 5);
        for (int i = 0; i < 9; i++)
        {
            // Three were read all around; of the others only a page, two of them with this record.
            collector.Add(new HeldRecord(i < 5 ? Newer : elsewhere, 100), Holder(i));
        }

        TimeSpan HeldFor(Func<NodeId, bool>? isCovered) => collector.Found(isCovered).Single(found => found.Record == Newer).HeldFor;

        Assert.That(HeldFor(id => id.CompareTo(Holder(3).Id) < 0), Is.EqualTo(TimeSpan.FromSeconds(100)));
        Assert.That(HeldFor(id => id.CompareTo(Holder(3).Id) < 0 || id.CompareTo(Holder(5).Id) > 0), Is.EqualTo(TimeSpan.FromSeconds(100)));
        Assert.That(HeldFor(id => id.CompareTo(Holder(4).Id) > 0), Is.EqualTo(TimeSpan.FromSeconds(100)), "five who have it, four who do not");
        Assert.That(HeldFor(null), Is.EqualTo(TimeSpan.FromSeconds(100)));

        collector.Add(new HeldRecord(elsewhere, 100), Holder(9));
        Assert.That(HeldFor(null), Is.EqualTo(TimeSpan.Zero), "five and five");
        Assert.That(HeldFor(id => id.CompareTo(Holder(3).Id) < 0), Is.EqualTo(TimeSpan.FromSeconds(100)));
    }

    private static TimeSpan? AgeOf(params (Record Record, uint? Age)[] said)
    {
        var collector = new RecordCollector();
        for (int i = 0; i < said.Length; i++)
        {
            collector.Add(new HeldRecord(said[i].Record, 1_000, said[i].Age), Holder(i));
        }

        return collector.Found().Single().Age;
    }

    private static Contact Holder(int number) => new(new NodeId((ulong)number + 1, 0, 0), NodeEndpoint.FromIPv4([192, 0, 2, (byte)(number + 1)], 4001));
}
