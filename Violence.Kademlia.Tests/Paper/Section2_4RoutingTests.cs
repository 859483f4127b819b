using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Paper;

/// <summary>
/// Maymounkov and Mazières 2002: k-buckets (section 2.2), refresh (2.3), the tree and its splits (2.4), replacement caches and
/// stale contacts (4.1).
/// </summary>
[TestFixture]
public sealed class Section2_4RoutingTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    [Test]
    public void Section_2_2_A_bucket_is_sorted_by_time_last_seen_with_the_least_recently_seen_at_the_head()
    {
        Contact[] contacts = [At(0, 1), At(0, 2), At(0, 3)];
        RoutingTable table = TableOf(Small, contacts);

        table.Seen(contacts[0].Id, contacts[0].Endpoint, Second(10), out _);

        Assert.That(table.Entries().Select(entry => entry.Contact), Is.EqualTo(new[] { contacts[1], contacts[2], contacts[0] }));
    }

    [Test]
    public void Section_2_2_A_known_contact_that_proves_itself_again_moves_to_the_tail()
    {
        Contact[] contacts = [At(0, 1), At(0, 2), At(0, 3)];
        RoutingTable table = TableOf(Small, contacts);

        BucketAddResult result = table.Add(contacts[1], Second(10));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.Refreshed));
            Assert.That(table.Entries().Select(entry => entry.Contact), Is.EqualTo(new[] { contacts[0], contacts[2], contacts[1] }));
        }
    }

    [Test]
    public void Section_2_2_A_full_bucket_names_its_least_recently_seen_contact_to_be_probed()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Seen(members[0].Id, members[0].Endpoint, Second(1000), out _);

        bool hasRoom = table.HasRoomFor(At(1, 900), out Contact? leastRecentlySeen);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.False);
            Assert.That(leastRecentlySeen, Is.EqualTo(members[1]));
        }
    }

    [Test]
    public void Section_2_2_Live_old_contacts_are_kept_over_new_ones()
    {
        RoutingTable table = FullAt(1, out Contact[] members);

        BucketAddResult result = table.Add(At(1, 900), Second(1000));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.Full));
            Assert.That(members, Has.All.Matches<Contact>(member => table.Contains(member.Id)));
            Assert.That(table.Contains(At(1, 900).Id), Is.False);
        }
    }

    [Test]
    public void Section_2_2_An_old_contact_that_does_not_answer_gives_way_to_a_new_one()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Fail(members[3], Small.FailuresToRemove);

        BucketAddResult result = table.Add(At(1, 900), Second(1000));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
            Assert.That(table.Contains(members[3].Id), Is.False);
        }
    }

    [Test]
    public void Section_2_3_A_bucket_without_a_lookup_for_the_interval_is_refreshed_by_a_random_id_in_its_range()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, 40).Select(number => At(number % 6, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));
        var entropy = EntropySource.Seeded(3);
        List<int> refreshed = [];

        while (schedule.TryTakeDue(Second(0) + Interval, entropy, out NodeId target))
        {
            refreshed.Add(table.BucketIndexOf(target));
        }

        Assert.That(refreshed, Is.EqualTo(Enumerable.Range(0, table.BucketCount)), "each bucket once");
    }

    [Test]
    public void Section_2_3_A_bucket_is_not_refreshed_before_the_interval_is_over()
    {
        var schedule = new RefreshSchedule(Table(), Interval, Second(0));

        bool isDue = schedule.TryTakeDue(Second(15 * 60 - 1), EntropySource.Seeded(3), out _);

        Assert.That(isDue, Is.False);
    }

    [Test]
    public void Section_2_3_A_lookup_in_a_buckets_range_puts_its_refresh_off()
    {
        RoutingTable table = TableOf(Small, Enumerable.Range(0, Small.K).Select(number => At(0, number)));
        var schedule = new RefreshSchedule(table, Interval, Second(0));

        schedule.Touch(IdAt(0, 77), Second(60));

        Instant end = Second(0) + Interval;
        bool first = schedule.TryTakeDue(end, EntropySource.Seeded(3), out NodeId target);
        bool second = schedule.TryTakeDue(end, EntropySource.Seeded(3), out _);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.True);
            Assert.That(table.BucketIndexOf(target), Is.EqualTo(1), "the other bucket");
            Assert.That(second, Is.False);
            Assert.That(schedule.NextDue, Is.EqualTo(Second(60) + Interval));
        }
    }

    [Test]
    public void Section_2_4_The_tree_begins_as_one_bucket_that_covers_the_whole_space()
    {
        RoutingTable table = TableOf(Small, [At(0, 0), At(5, 0), At(159, 0)]);

        Assert.That(table.Buckets(), Has.Length.EqualTo(1));
    }

    [Test]
    public void Section_2_4_A_full_bucket_that_covers_self_splits_and_keeps_all_its_contacts()
    {
        Contact[] contacts = [At(0, 1), At(0, 2), At(1, 1), At(3, 1)];
        RoutingTable table = TableOf(Small, contacts);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Buckets().Select(bucket => bucket.Count), Is.EqualTo(new[] { 2, 2 }));
            Assert.That(contacts, Has.All.Matches<Contact>(contact => table.Contains(contact.Id)));
        }
    }

    [Test]
    public void Section_2_4_A_bucket_whose_contacts_all_fall_on_the_side_of_self_splits_until_they_part()
    {
        Contact[] contacts = [At(7, 1), At(7, 2), At(7, 3), At(8, 1)];
        RoutingTable table = TableOf(Small, contacts);

        Assert.That(table.Buckets().Select(bucket => bucket.Count), Is.EqualTo(new[] { 0, 0, 0, 0, 0, 0, 0, 3, 1 }));
    }

    [Test]
    public void Section_2_4_A_full_bucket_that_does_not_cover_self_never_splits()
    {
        RoutingTable table = FullAt(1, out _);
        int before = table.BucketCount;

        for (int number = 900; number < 950; number++)
        {
            table.Add(At(1, number), Second(number));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.BucketCount, Is.EqualTo(before));
            Assert.That(table.Buckets()[1].Count, Is.EqualTo(Small.CapacityAt(1)));
        }
    }

    [Test]
    public void Section_2_4_The_k_closest_to_self_are_kept_even_where_their_bucket_is_full()
    {
        // The paper's case: a subtree around self with fewer than k nodes, and a full bucket next to it.
        var limits = new RoutingLimits { K = 4, FarCapacities = [] };
        Contact[] byDistance =
            [.. Enumerable.Range(0, 60).Select(number => At(0, number)).OrderBy(contact => Self.DistanceTo(contact.Id))];

        RoutingTable table = TableOf(limits, byDistance.Reverse());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Closest(Self, 4), Is.EqualTo(byDistance[..4]));
            Assert.That(table.Buckets()[0].Count, Is.EqualTo(8), "capacity and K");
        }
    }

    [Test]
    public void Section_4_1_A_contact_that_finds_its_bucket_full_waits_in_the_replacement_cache()
    {
        RoutingTable table = FullAt(1, out _);

        table.Add(At(1, 900), Second(1000));
        table.Add(At(1, 901), Second(1001));

        Assert.That(table.Replacements(1), Is.EqualTo(new[] { At(1, 900), At(1, 901) }));
    }

    [Test]
    public void Section_4_1_A_stale_contact_is_replaced_by_the_candidate_that_was_seen_most_recently()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Add(At(1, 900), Second(1000));
        table.Add(At(1, 901), Second(1001));
        table.Seen(At(1, 900).Id, At(1, 900).Endpoint, Second(1002), out _);

        bool first = table.Failed(members[2].Id, members[2].Endpoint, Second(2000), out Contact? none);
        bool second = table.Failed(members[2].Id, members[2].Endpoint, Second(2001), out Contact? replacement);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.False, "one lost datagram is no proof");
            Assert.That(none, Is.Null);
            Assert.That(second, Is.True);
            Assert.That(replacement, Is.EqualTo(At(1, 900)));
            Assert.That(table.Replacements(1), Is.EqualTo(new[] { At(1, 901) }));
        }
    }

    [Test]
    public void Section_4_1_A_stale_contact_without_replacement_is_only_flagged()
    {
        RoutingTable table = TableOf(Small, At(0, 1));

        bool removed = false;
        for (int time = 0; time < Small.FailuresToForget - 1; time++)
        {
            removed |= table.Failed(At(0, 1).Id, At(0, 1).Endpoint, Second(10), out _);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.False);
            Assert.That(table.Contains(At(0, 1).Id), Is.True);
            Assert.That(table.Closest(Self, 9, onlyReliable: true), Is.Empty, "not handed on");
            Assert.That(table.Closest(Self, 9, onlyReliable: false), Is.EqualTo(new[] { At(0, 1) }), "still asked by ourselves");
        }
    }
}
