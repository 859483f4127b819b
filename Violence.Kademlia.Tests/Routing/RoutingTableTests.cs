using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Tests.Primitives;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class RoutingTableTests
{
    [Test]
    public void A_contact_that_proved_itself_is_in_with_its_times()
    {
        RoutingTable table = Table();

        BucketAddResult result = table.Add(At(2, 1), Second(5));
        table.Seen(At(2, 1).Id, At(2, 1).Endpoint, Second(9), out _);

        bool found = table.TryGet(At(2, 1).Id, out BucketEntry entry);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
            Assert.That(found, Is.True);
            Assert.That(entry.Contact, Is.EqualTo(At(2, 1)));
            Assert.That(entry.FirstSeen, Is.EqualTo(Second(5)));
            Assert.That(entry.LastSeen, Is.EqualTo(Second(9)));
            Assert.That(table.Count, Is.EqualTo(1));
        }
    }

    [Test]
    public void The_own_id_is_never_a_contact()
    {
        RoutingTable table = Table();
        var self = new Contact(Self, Private(1));
        table.Suggest(self);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Add(self, Second(1)), Is.EqualTo(BucketAddResult.OwnId));
            Assert.That(table.HasRoomFor(self, out Contact? toProbe), Is.False);
            Assert.That(toProbe, Is.Null);
            Assert.That(table.Replacements(0), Is.Empty);
            Assert.That(table.Count, Is.Zero);
        }
    }

    [Test]
    public void A_contact_that_proves_itself_elsewhere_has_moved_there([Values] bool toOtherFamily)
    {
        RoutingTable table = TableOf(Small, At(0, 1), At(0, 2));
        table.Fail(At(0, 1));
        var moved = new Contact(At(0, 1).Id, toOtherFamily ? IPv6(1, 1) : Private(777_777));

        bool hasRoom = table.HasRoomFor(moved, out _);
        BucketAddResult result = table.Add(moved, Second(9));

        TableInvariants.Check(table, Small);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Moved));
            Assert.That(table.Entries().Select(entry => entry.Contact), Is.EqualTo(new[] { At(0, 2), moved }));
            Assert.That(table.Closest(Self, 9), Does.Contain(moved), "reliable again");
        }
    }

    [Test]
    public void Another_id_proved_at_an_endpoint_ends_the_contact_that_was_known_there()
    {
        RoutingTable table = TableOf(Small, At(0, 1), At(3, 1));
        var successor = new Contact(IdAt(3, 2), At(0, 1).Endpoint);

        table.Add(successor, Second(9));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Contains(At(0, 1).Id), Is.False);
            Assert.That(table.Contains(successor.Id), Is.True);
        }
    }

    [Test]
    public void A_successor_at_the_same_endpoint_gets_in_where_its_predecessor_made_room()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        var successor = new Contact(IdAt(1, 900), members[0].Endpoint);

        bool hasRoom = table.HasRoomFor(successor, out _);
        BucketAddResult result = table.Add(successor, Second(1000));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void A_reply_from_another_endpoint_says_nothing_about_a_contact()
    {
        RoutingTable table = TableOf(Small, At(0, 1));
        NodeEndpoint elsewhere = Private(777_777);
        table.Fail(At(0, 1));

        table.Seen(At(0, 1).Id, elsewhere, Second(50), out _);
        table.Failed(At(0, 1).Id, elsewhere, Second(50), out _);
        bool removed = table.Remove(At(0, 1).Id, elsewhere);

        table.TryGet(At(0, 1).Id, out BucketEntry entry);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.False);
            Assert.That(entry.Failures, Is.EqualTo(1));
            Assert.That(entry.LastSeen, Is.EqualTo(Second(1)));
        }
    }

    [Test]
    public void Only_failures_in_a_row_count()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Add(At(1, 900), Second(1000));

        table.Fail(members[0], Small.FailuresToRemove - 1);
        table.Seen(members[0].Id, members[0].Endpoint, Second(200_000), out _);
        bool removed = table.Failed(members[0].Id, members[0].Endpoint, Second(200_001), out _);

        Assert.That(removed, Is.False);
    }

    [Test]
    public void A_failure_counts_unless_the_contact_was_seen_after_the_request_was_sent()
    {
        RoutingTable table = TableOf(Small, At(0, 1), At(0, 2));
        table.Seen(At(0, 1).Id, At(0, 1).Endpoint, Second(20), out _);
        table.Seen(At(0, 2).Id, At(0, 2).Endpoint, Second(20), out _);

        table.Failed(At(0, 1).Id, At(0, 1).Endpoint, Second(19), out _);
        table.Failed(At(0, 2).Id, At(0, 2).Endpoint, Second(20), out _);

        Assert.That(table.Entries().Select(entry => entry.Failures), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void A_contact_that_never_answers_again_is_forgotten_although_nobody_replaces_it()
    {
        RoutingTable table = TableOf(Small, At(0, 1));
        table.Fail(At(0, 1), Small.FailuresToForget - 1);

        bool removed = table.Failed(At(0, 1).Id, At(0, 1).Endpoint, Second(50), out Contact? replacement);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.True);
            Assert.That(replacement, Is.Null);
            Assert.That(table.Count, Is.Zero);
        }
    }

    [Test]
    public void A_candidate_that_fails_is_forgotten()
    {
        RoutingTable table = FullAt(1, out _);
        table.Add(At(1, 900), Second(1000));

        bool removed = table.Failed(At(1, 900).Id, At(1, 900).Endpoint, Second(1001), out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.False);
            Assert.That(table.Replacements(1), Is.Empty);
        }
    }

    [Test]
    public void A_candidate_stays_when_its_id_fails_or_leaves_at_an_endpoint_that_is_not_its_own()
    {
        RoutingTable table = FullAt(1, out _);
        table.Add(At(1, 900), Second(1000));

        table.Failed(At(1, 900).Id, Private(777_777), Second(1001), out _);
        table.Remove(At(1, 900).Id, Private(777_777));

        Assert.That(table.Replacements(1), Is.EqualTo(new[] { At(1, 900) }));
    }

    [Test]
    public void Goodbye_removes_contact_and_candidate()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Add(At(1, 900), Second(1000));

        bool contact = table.Remove(members[0].Id, members[0].Endpoint);
        bool candidate = table.Remove(At(1, 900).Id, At(1, 900).Endpoint);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(contact, Is.True);
            Assert.That(candidate, Is.False, "it was not in the table");
            Assert.That(table.Contains(members[0].Id), Is.False);
            Assert.That(table.Replacements(1), Is.Empty);
        }
    }

    [Test]
    public void Candidates_are_handed_out_for_buckets_with_room_only()
    {
        RoutingTable table = FullAt(1, out Contact[] members);
        table.Suggest(At(1, 900));
        bool whileFull = table.TryTakeCandidate(out _);
        table.Remove(members[0].Id, members[0].Endpoint);

        bool withRoom = table.TryTakeCandidate(out Contact candidate);
        bool again = table.TryTakeCandidate(out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(whileFull, Is.False);
            Assert.That(withRoom, Is.True);
            Assert.That(candidate, Is.EqualTo(At(1, 900)));
            Assert.That(again, Is.False);
        }
    }

    [Test]
    public void Who_is_in_the_table_or_at_an_endpoint_of_it_is_no_candidate()
    {
        RoutingTable table = TableOf(Small, At(0, 1));

        table.Suggest(At(0, 1) with { Endpoint = Private(777_777) });
        table.Suggest(At(0, 2) with { Endpoint = At(0, 1).Endpoint });

        Assert.That(table.Replacements(0), Is.Empty);
    }

    [Test]
    public void Candidates_follow_their_bucket_when_it_splits()
    {
        RoutingTable table = Table();
        table.Suggest(At(0, 50));
        table.Suggest(At(2, 50));
        for (int number = 0; number < Small.K; number++)
        {
            table.Add(At(number % 2, number), Second(1));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Replacements(0), Is.EqualTo(new[] { At(0, 50) }));
            Assert.That(table.Replacements(1), Is.EqualTo(new[] { At(2, 50) }));
        }
    }

    [Test]
    public void In_an_empty_table_nobody_is_unseen()
    {
        var unseen = new Contact[3];

        Assert.That(TableOf(Small).LeastRecentlySeen(Instant.Never, unseen), Is.Zero);
    }

    [Test]
    public void The_longest_unseen_of_the_whole_table_come_first()
    {
        Contact[] contacts = [At(0, 1), At(5, 1), At(0, 2), At(1, 1), At(5, 2)];
        RoutingTable table = TableOf(Small, contacts);
        table.Seen(At(0, 1).Id, At(0, 1).Endpoint, Second(60), out _);
        var unseen = new Contact[9];

        int count = table.LeastRecentlySeen(Second(4), unseen);
        bool any = table.TryGetLeastRecentlySeen(Second(2), out Contact oldest);
        bool none = table.TryGetLeastRecentlySeen(Second(1.9), out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(unseen[..count], Is.EqualTo(new[] { At(5, 1), At(0, 2), At(1, 1) }));
            Assert.That(table.LeastRecentlySeen(Second(100), unseen.AsSpan(0, 2)), Is.EqualTo(2));
            Assert.That(any, Is.True);
            Assert.That(oldest, Is.EqualTo(At(5, 1)));
            Assert.That(none, Is.False);
        }
    }

    [Test]
    public void Ids_made_to_lie_ever_closer_displace_each_other_and_not_the_contacts_of_long_standing()
    {
        var limits = new RoutingLimits { K = 4, FarCapacities = [] };
        Contact[] byDistance =
            [.. Enumerable.Range(0, 200).Select(number => At(0, number)).OrderByDescending(contact => Self.DistanceTo(contact.Id))];
        Contact[] old = byDistance[..4];

        RoutingTable table = TableOf(limits, byDistance);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(old, Has.All.Matches<Contact>(contact => table.Contains(contact.Id)));
            Assert.That(table.Closest(Self, 4), Is.EqualTo(byDistance[^4..].Reverse()));
            Assert.That(table.Replacements(0), Is.Not.Empty, "the displaced wait");
        }
    }

    [Test]
    public void One_of_the_K_closest_takes_the_place_of_a_failing_contact_first()
    {
        var limits = new RoutingLimits { K = 4, FarCapacities = [] };
        Contact[] byDistance =
            [.. Enumerable.Range(0, 9).Select(number => At(0, number)).OrderByDescending(contact => Self.DistanceTo(contact.Id))];
        RoutingTable table = TableOf(limits, byDistance[..8]);
        table.Fail(byDistance[1]);

        table.Add(byDistance[8], Second(100));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Contains(byDistance[8].Id), Is.True);
            Assert.That(table.Contains(byDistance[1].Id), Is.False);
            Assert.That(table.Replacements(0), Is.Empty, "who fails does not wait");
        }
    }

    [Test]
    public void Contacts_that_come_and_go_take_no_more_memory()
    {
        Contact[] contacts = [.. Enumerable.Range(0, 50).Select(number => At(number % 5, number))];

        long allocated = Allocations.Least(
            () =>
            {
                // The first round may still grow an array.
                RoutingTable table = TableOf(Small, contacts);
                ComeAndGo(table, 0);
                return table;
            },
            table =>
            {
                for (int round = 1; round < 50; round++)
                {
                    ComeAndGo(table, round);
                }
            });

        Assert.That(allocated, Is.Zero);

        void ComeAndGo(RoutingTable table, int round)
        {
            foreach (Contact contact in contacts)
            {
                table.Remove(contact.Id, contact.Endpoint);
            }

            foreach (Contact contact in contacts)
            {
                table.Add(contact, Second(round));
            }
        }
    }

    [TestCase(1, 2, 5)]
    [TestCase(20, 0, 5)]
    [TestCase(20, 2, 1)]
    [TestCase(20, 2, 256)]
    public void A_table_with_senseless_limits_is_refused(int k, int failuresToRemove, int failuresToForget)
    {
        var limits = new RoutingLimits { K = k, FailuresToRemove = failuresToRemove, FailuresToForget = failuresToForget };

        Assert.That(() => new RoutingTable(Self, limits), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
