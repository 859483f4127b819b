using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class RefreshScheduleTests
{
    private static readonly TimeSpan Interval = RefreshSchedule.DefaultInterval;

    [Test]
    public void A_refresh_that_was_taken_is_due_again_an_interval_later()
    {
        var schedule = new RefreshSchedule(Table(), Interval, Second(0));
        Instant late = Second(5000);

        schedule.TryTakeDue(late, EntropySource.Seeded(1), out _);

        Assert.That(schedule.NextDue, Is.EqualTo(late + Interval));
    }

    [Test]
    public void A_refresh_of_all_takes_one_bucket_after_the_other_those_around_the_own_id_first()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, 40).Select(number => At(number % 4, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));
        List<(int Bucket, Instant At)> taken = [];
        schedule.RefreshAll(Second(100), TimeSpan.FromSeconds(3));

        while (schedule.NextDue < Second(200))
        {
            Instant due = schedule.NextDue;
            Assert.That(schedule.TryTakeDue(due, EntropySource.Seeded(1), out NodeId target), Is.True);
            taken.Add((table.BucketIndexOf(target), due));
        }

        int last = table.BucketCount - 1;
        Assert.That(taken, Is.EqualTo(Enumerable.Range(0, table.BucketCount).Select(i => (last - i, Second(100 + 3 * i)))));
    }

    [Test]
    public void The_bucket_that_waits_longest_comes_first()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, 40).Select(number => At(number % 4, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));
        schedule.Touch(IdAt(0, 1), Second(30));
        schedule.Touch(IdAt(1, 1), Second(10));
        schedule.Touch(IdAt(2, 1), Second(20));
        schedule.Touch(IdAt(3, 1), Second(40));
        List<int> order = [];

        while (schedule.TryTakeDue(Second(5000), EntropySource.Seeded(1), out NodeId target))
        {
            order.Add(table.BucketIndexOf(target));
        }

        Assert.That(order.Where(bucket => bucket < 4), Is.EqualTo(new[] { 1, 2, 0, 3 }));
    }

    [Test]
    public void A_bucket_that_a_split_makes_inherits_the_time_of_the_one_it_was_cut_from()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, Small.K).Select(number => At(0, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));
        schedule.Touch(Self, Second(100));
        schedule.Touch(IdAt(0, 1), Second(300));
        for (int number = 0; number < Small.K; number++)
        {
            table.Add(At(1, number), Second(350));
        }

        schedule.Touch(IdAt(1, 1), Second(400));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.BucketCount, Is.EqualTo(3));
            Assert.That(schedule.NextDue, Is.EqualTo(Second(100) + Interval));
        }
    }

    [Test]
    public void The_own_id_belongs_to_the_last_bucket()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, Small.K).Select(number => At(0, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));

        schedule.Touch(Self, Second(60));
        schedule.TryTakeDue(Second(0) + Interval, EntropySource.Seeded(1), out NodeId target);

        Assert.That(table.BucketIndexOf(target), Is.Zero);
    }
}
