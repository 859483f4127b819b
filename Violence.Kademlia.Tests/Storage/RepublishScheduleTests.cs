using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
public sealed class RepublishScheduleTests
{
    private static readonly TimeSpan Interval = RepublishSchedule.DefaultInterval;

    [Test]
    public void Records_come_due_an_interval_later_give_or_take_a_fifth_and_spread_over_it()
    {
        RepublishSchedule schedule = Schedule();
        var waits = new List<double>();
        for (int i = 0; i < 500; i++)
        {
            schedule.Put(Create(owner: i), Now);
        }

        while (schedule.NextDue < Instant.Never && waits.Count < 500)
        {
            waits.Add((schedule.NextDue - Now) / Interval);
            Assert.That(schedule.TryTakeDue(schedule.NextDue, out Record? record), Is.True);
            schedule.Remove(record!.Key, record.Owner, record.Label);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(waits, Is.All.InRange(0.8, 1.2));
            Assert.That(waits, Is.Ordered);
            Assert.That(waits[0], Is.LessThan(0.82));
            Assert.That(waits[^1], Is.GreaterThan(1.18));
            Assert.That(schedule.Count, Is.Zero);
        }
    }

    [Test]
    public void Nothing_is_due_before_its_time()
    {
        RepublishSchedule schedule = Schedule();
        Assert.That(schedule.NextDue, Is.EqualTo(Instant.Never));
        schedule.Put(Create(), Now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.TryTakeDue(schedule.NextDue - new TimeSpan(1), out Record? record), Is.False);
            Assert.That(record, Is.Null);
            Assert.That(schedule.TryTakeDue(schedule.NextDue, out record), Is.True);
            Assert.That(record!.SameBytes(Create()), Is.True);
        }
    }

    [Test]
    public void No_record_is_ever_lost_whatever_is_reported_about_its_publications()
    {
        // What is reported after each publication: nothing, success, or a shortfall; and how late the loop is.
        Gen<(int Report, int Late)[]> histories = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 60]).Array[1, 200];
        Gen.Select(Gen.ULong, Gen.Int[1, 8], histories).Sample((seed, records, reports) =>
        {
            var schedule = new RepublishSchedule(EntropySource.Seeded(seed), Interval);
            var last = new Dictionary<NodeId, Instant>();
            for (int i = 0; i < records; i++)
            {
                schedule.Put(Create(owner: i), Now);
                last[Owner(i)] = Now;
            }

            TimeSpan lateness = TimeSpan.FromSeconds(60 * records);
            foreach ((int report, int late) in reports)
            {
                Instant now = Instant.Max(schedule.NextDue, last.Values.Max()) + TimeSpan.FromSeconds(late);
                Assert.That(schedule.TryTakeDue(now, out Record? record), Is.True);
                Assert.That(now - last[record!.Owner], Is.LessThanOrEqualTo(Interval * 1.2 + lateness));
                last[record.Owner] = now;
                Report(schedule, report, record, now);
                Assert.That(schedule.Count, Is.EqualTo(records));
            }
        }, iter: 500);

        static void Report(RepublishSchedule schedule, int report, Record record, Instant now)
        {
            if (report == 1)
            {
                schedule.Succeeded(record);
            }
            else if (report == 2)
            {
                schedule.Retry(record, now);
            }
        }
    }

    [Test]
    public void Shortfalls_are_retried_after_5_10_20_seconds_and_so_on_up_to_the_interval()
    {
        RepublishSchedule schedule = Schedule();
        Record record = Create();
        schedule.Put(record, Now);
        Instant now = Now;
        for (int attempt = 0; attempt < 100; attempt++)
        {
            schedule.Retry(record, now);
            double expected = Math.Min(5 * Math.Pow(2, attempt), Interval.TotalSeconds);
            double wait = (schedule.NextDue - now).TotalSeconds;
            Assert.That(wait, Is.InRange(expected * 0.8, expected * 1.2), $"attempt {attempt}");
            now = schedule.NextDue;
            Assert.That(schedule.TryTakeDue(now, out _), Is.True);
        }
    }

    [Test]
    public void A_retry_never_comes_later_than_the_publication_that_was_due_anyway()
    {
        RepublishSchedule schedule = Schedule();
        Record record = Create();
        schedule.Put(record, Now);
        Instant due = schedule.NextDue;
        for (int attempt = 0; attempt < 12; attempt++)
        {
            schedule.Retry(record, due - TimeSpan.FromSeconds(1));
            Assert.That(schedule.NextDue, Is.LessThanOrEqualTo(due));
        }
    }

    [Test]
    public void After_a_success_the_short_wait_comes_first_again()
    {
        RepublishSchedule schedule = Schedule();
        Record record = Create();
        schedule.Put(record, Now);
        for (int attempt = 0; attempt < 6; attempt++)
        {
            schedule.Retry(record, Now);
        }

        schedule.Succeeded(record);
        Assert.That(schedule.TryTakeDue(Now + 2 * Interval, out _), Is.True);
        schedule.Retry(record, Now + 2 * Interval);

        Assert.That((schedule.NextDue - (Now + 2 * Interval)).TotalSeconds, Is.InRange(4, 6));
    }

    [Test]
    public void A_replacement_takes_the_place_of_the_earlier_record_and_starts_anew()
    {
        RepublishSchedule schedule = Schedule();
        schedule.Put(Create(sequence: 1), Now);
        schedule.Retry(Create(sequence: 1), Now);
        Record newer = Create(sequence: 2);
        schedule.Put(newer, Now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.Count, Is.EqualTo(1));
            Assert.That((schedule.NextDue - Now) / Interval, Is.InRange(0.8, 1.2));
            Assert.That(schedule.TryTakeDue(schedule.NextDue, out Record? due), Is.True);
            Assert.That(due, Is.SameAs(newer));
            schedule.Retry(newer, Now);
            Assert.That((schedule.NextDue - Now).TotalSeconds, Is.InRange(4, 6));
        }
    }

    [Test]
    public void Late_reports_about_replaced_or_removed_records_change_nothing()
    {
        RepublishSchedule schedule = Schedule();
        Record older = Create(sequence: 1);
        Record newer = Create(sequence: 2);
        schedule.Put(older, Now);
        schedule.Put(newer, Now);
        Instant due = schedule.NextDue;

        schedule.Retry(older, Now);
        Assert.That(schedule.NextDue, Is.EqualTo(due));

        schedule.Retry(newer, Now);
        schedule.Succeeded(older);
        schedule.Retry(newer, Now - TimeSpan.FromSeconds(60));
        Assert.That((schedule.NextDue - (Now - TimeSpan.FromSeconds(60))).TotalSeconds, Is.InRange(8, 12), "still the second attempt");

        schedule.Remove(newer.Key, newer.Owner, newer.Label);
        schedule.Retry(newer, Now);
        schedule.Succeeded(newer);
        Assert.That(schedule.NextDue, Is.EqualTo(Instant.Never));
    }

    [Test]
    public void A_removed_record_is_never_due_again()
    {
        RepublishSchedule schedule = Schedule();
        Record record = Create(label: "a");
        schedule.Put(record, Now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.Remove(record.Key, record.Owner, "b"), Is.False);
            Assert.That(schedule.Remove(record.Key, record.Owner, "a"), Is.True);
            Assert.That(schedule.Remove(record.Key, record.Owner, "a"), Is.False);
            Assert.That(schedule.TryTakeDue(Instant.Never, out _), Is.False);
        }
    }

    [Test]
    public void It_takes_up_no_more_records_than_allowed_but_always_replacements()
    {
        var schedule = new RepublishSchedule(EntropySource.Seeded(1), Interval, maxRecords: 2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(schedule.Put(Create(label: "b"), Now), Is.True);
            Assert.That(schedule.Put(Create(label: "a"), Now), Is.True);
            Assert.That(schedule.Put(Create(label: "c"), Now), Is.False);
            Assert.That(schedule.Put(Create(label: "b", sequence: 2), Now), Is.True);
            Assert.That(
                schedule.Snapshot().Select(record => (record.Label, record.Sequence)),
                Is.EqualTo(new[] { ("b", 2UL), ("a", 1UL) }));
        }
    }

    private static RepublishSchedule Schedule() => new(EntropySource.Seeded(1), Interval);
}
