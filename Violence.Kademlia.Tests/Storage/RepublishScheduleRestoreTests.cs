using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>What a schedule tells whoever saves it, and what it takes back.</summary>
[TestFixture]
public sealed class RepublishScheduleRestoreTests
{
    private static readonly Contact[] Holders =
    [
        new(Owner(1), NodeEndpoint.FromIPv4([192, 0, 2, 1], 4_001)),
        new(Owner(2), NodeEndpoint.FromIPv4([192, 0, 2, 2], 4_002)),
    ];

    [Test]
    public void A_restored_record_keeps_its_due_time_and_its_holders_and_is_known_as_restored()
    {
        RepublishSchedule schedule = Schedule();
        Record record = Create();
        Instant due = Now + TimeSpan.FromMinutes(3);

        schedule.Restore(record, due, Holders);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((schedule.Count, schedule.NextDue), Is.EqualTo((1, due)));
            Assert.That(schedule.Recall(record).Holders, Is.EqualTo(Holders));
            Assert.That(schedule.IsRestored(record), Is.True);
            Assert.That(schedule.TryTakeDue(due - new TimeSpan(1), out _), Is.False);
            Assert.That(schedule.TryTakeDue(due, out _), Is.True);
            Assert.That(schedule.IsRestored(record), Is.True, "also after a publication");
        }
    }

    [Test]
    public void A_record_that_is_put_again_is_no_longer_known_as_restored_and_its_holders_are_forgotten()
    {
        RepublishSchedule schedule = Schedule();
        Record old = Create();
        Record again = Create(sequence: 2);
        schedule.Restore(old, Now, Holders);

        schedule.Put(again, Now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((schedule.IsRestored(old), schedule.IsRestored(again)), Is.EqualTo((false, false)));
            Assert.That(schedule.Recall(again).Holders, Is.Empty);
            Assert.That(schedule.Find(old.Key, old.Owner, old.Label), Is.SameAs(again));
        }
    }

    [Test]
    public void What_was_put_in_this_run_stands_against_what_is_restored()
    {
        RepublishSchedule schedule = Schedule();
        Record put = Create(sequence: 2);
        schedule.Put(put, Now);

        schedule.Restore(Create(), Now, Holders);

        Assert.That((schedule.Count, schedule.IsRestored(put), schedule.NextDue > Now), Is.EqualTo((1, false, true)));
    }

    [Test]
    public void No_more_is_restored_than_a_node_may_own()
    {
        var schedule = new RepublishSchedule(EntropySource.Seeded(1), RepublishSchedule.DefaultInterval, maxRecords: 2, journals: true);
        for (int i = 0; i < 3; i++)
        {
            schedule.Restore(Create(owner: i), Now, []);
        }

        Assert.That(schedule.Count, Is.EqualTo(2));
    }

    [Test]
    public void What_is_restored_is_no_change_but_everything_after_it_is_in_order()
    {
        RepublishSchedule schedule = Schedule();
        Record restored = Create(owner: 1);
        Record put = Create(owner: 2);

        schedule.Restore(restored, Now, Holders);
        int afterRestore = Changes(schedule).Count;
        schedule.Put(put, Now);
        schedule.Remember(put, Holders);
        schedule.TryTakeDue(Now, out _);
        schedule.Retry(restored, Now);
        schedule.Remove(put.Key, put.Owner, put.Label);
        List<OwnedChange> changes = Changes(schedule);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(afterRestore, Is.Zero);
            Assert.That(
                changes.Select(change => (change.IsKept, change.Record)),
                Is.EqualTo(new[] { (true, put), (true, put), (true, restored), (true, restored), (false, put) }));
            Assert.That(changes[0].Holders, Is.Empty);
            Assert.That(changes[1].Holders, Is.EqualTo(Holders));
            Assert.That(changes[2].Due, Is.GreaterThan(Now), "taken: due an interval later");
            Assert.That(changes[3].Due, Is.LessThan(changes[2].Due), "retried: due sooner");
        }
    }

    [Test]
    public void The_changes_applied_in_their_order_give_the_schedule()
    {
        RepublishSchedule schedule = Schedule();
        var random = new Random(7);
        var saved = new Dictionary<NodeId, (Record Record, Instant Due, string Holders)>();
        Instant now = Now;
        for (int i = 0; i < 2_000; i++)
        {
            Record record = Create(owner: random.Next(8), sequence: (ulong)random.Next(3));
            switch (random.Next(6))
            {
                case 0:
                    schedule.Put(record, now);
                    break;
                case 1:
                    schedule.Remove(record.Key, record.Owner, record.Label);
                    break;
                case 2:
                    schedule.RemoveExact(record);
                    break;
                case 3:
                    schedule.Remember(record, Holders[..random.Next(3)]);
                    break;
                case 4:
                    schedule.Retry(record, now);
                    break;
                default:
                    schedule.TryTakeDue(now, out _);
                    break;
            }

            now += TimeSpan.FromSeconds(random.Next(60));
            foreach (OwnedChange change in Changes(schedule))
            {
                saved.Remove(change.Record.Owner);
                if (change.IsKept)
                {
                    saved.Add(change.Record.Owner, (change.Record, change.Due, string.Join(',', change.Holders)));
                }
            }

            Assert.That(
                saved.Values,
                Is.EquivalentTo(schedule.SnapshotForSaving().Select(static owned => (owned.Record, owned.Due, string.Join(',', owned.Holders)))),
                $"step {i}");
        }
    }

    [Test]
    public void A_schedule_that_nobody_saves_notes_nothing()
    {
        var schedule = new RepublishSchedule(EntropySource.Seeded(1), RepublishSchedule.DefaultInterval);

        schedule.Put(Create(), Now);

        Assert.That(schedule.TryTakeChange(out _), Is.False);
    }

    private static RepublishSchedule Schedule() => new(EntropySource.Seeded(1), RepublishSchedule.DefaultInterval, journals: true);

    private static List<OwnedChange> Changes(RepublishSchedule schedule)
    {
        var changes = new List<OwnedChange>();
        while (schedule.TryTakeChange(out OwnedChange change))
        {
            changes.Add(change);
        }

        return changes;
    }
}
