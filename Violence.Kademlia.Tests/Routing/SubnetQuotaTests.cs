using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>
/// Diversity under competition, completeness without: what is free anybody may have, and where places are scarce no operator of
/// one network may own a table, or what the table would put into its place.
/// </summary>
[TestFixture]
public sealed class SubnetQuotaTests
{
    private const int Depth = 1;

    /// <summary>One of the contacts in private networks that fill up a bucket.</summary>
    private static readonly Contact Bystander = At(Depth, 200);

    [Test]
    public void While_a_bucket_has_room_it_takes_all_contacts_of_one_network()
    {
        RoutingTable table = TableOf(Small, [.. Others(), .. InNetwork(7, 0, Small.CapacityAt(Depth) - 1)]);

        bool hasRoom = table.HasRoomFor(InNetwork(7, 90), out _);
        BucketAddResult result = table.Add(InNetwork(7, 90), Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void A_full_bucket_takes_no_more_of_a_network_than_its_quota_and_lets_the_rest_wait()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));

        bool hasRoom = table.HasRoomFor(InNetwork(7, 90), out Contact? toProbe);
        BucketAddResult result = table.Add(InNetwork(7, 90), Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.False);
            Assert.That(toProbe, Is.Null, "nobody gives way to it");
            Assert.That(result, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(table.Replacements(Depth), Is.EqualTo(new[] { InNetwork(7, 90) }));
        }
    }

    [Test]
    public void A_full_bucket_refuses_a_network_that_has_its_share_of_the_table_elsewhere()
    {
        Contact[] elsewhere = [.. Enumerable.Range(0, Small.SubnetContactsPerTable).Select(host => new Contact(IdAt(0, host), Public(7, host)))];
        RoutingTable table = Full(elsewhere);

        BucketAddResult before = table.Add(InNetwork(7, 90), Second(50));
        table.Remove(elsewhere[0].Id, elsewhere[0].Endpoint);
        table.Fail(Bystander, Small.FailuresToRemove);
        BucketAddResult after = table.Add(InNetwork(7, 90), Second(51));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(after, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void Nobody_gives_way_to_a_contact_over_quota_not_even_who_fails()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));
        table.Fail(Bystander, Small.FailuresToForget - 1);

        BucketAddResult result = table.Add(InNetwork(7, 90), Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(table.Contains(Bystander.Id), Is.True);
        }
    }

    [Test]
    public void One_of_the_K_closest_is_no_exception_beyond_the_capacity()
    {
        var limits = Small with { FarCapacities = [] };
        Contact[] network = [.. InNetwork(7, 0, 60).OrderByDescending(contact => Self.DistanceTo(contact.Id))];
        RoutingTable table = TableOf(limits, network);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Buckets()[Depth].Count, Is.EqualTo(limits.K));
            Assert.That(table.Add(network[^1], Second(99)), Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(table.Add(network[^1] with { Endpoint = Public(8, 1) }, Second(99)), Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void In_a_full_bucket_the_newest_of_the_most_crowded_network_gives_way_and_waits()
    {
        RoutingTable table = Full([.. InNetwork(7, 0, 4), .. InNetwork(8, 20, 3)]);
        table.Seen(InNetwork(7, 1).Id, InNetwork(7, 1).Endpoint, Second(60), out _);

        bool hasRoom = table.HasRoomFor(InNetwork(9, 90), out _);
        BucketAddResult result = table.Add(InNetwork(9, 90), Second(70));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
            Assert.That(table.Replacements(Depth), Is.EqualTo(new[] { InNetwork(7, 3) }));
            Assert.That(table.Contains(InNetwork(7, 3).Id), Is.False);
        }
    }

    [Test]
    public void A_network_over_its_quota_of_the_table_gives_way_even_where_it_has_little()
    {
        Contact[] elsewhere = [.. Enumerable.Range(0, Small.SubnetContactsPerTable).Select(host => new Contact(IdAt(0, host), Public(7, host)))];
        RoutingTable table = Full([.. elsewhere, InNetwork(7, 90)]);

        BucketAddResult result = table.Add(InNetwork(9, 91), Second(70));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
            Assert.That(table.Contains(InNetwork(7, 90).Id), Is.False);
            Assert.That(elsewhere, Has.All.Matches<Contact>(contact => table.Contains(contact.Id)));
        }
    }

    [Test]
    public void Nobody_under_quota_gives_way()
    {
        RoutingTable table = Full([.. InNetwork(7, 0, 2), .. InNetwork(8, 20, 2)]);

        Assert.That(table.Add(InNetwork(9, 90), Second(70)), Is.EqualTo(BucketAddResult.Full));
    }

    [Test]
    public void A_crowd_that_was_let_in_is_down_to_its_quota_when_others_have_come()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.CapacityAt(Depth)));

        for (int network = 10; network < 30; network++)
        {
            table.Add(InNetwork(network, network), Second(network));
        }

        Assert.That(
            table.Entries().Where(entry => entry.Contact.Endpoint.NetworkPrefix == Public(7, 0).NetworkPrefix).Select(entry => entry.Contact),
            Is.EqualTo(InNetwork(7, 0, Small.SubnetContactsPerBucket)),
            "the oldest stay");
    }

    [Test]
    public void An_IPv6_network_is_a_48()
    {
        RoutingTable table = Full(new Contact(IdAt(Depth, 1), IPv6(7, 1)), new Contact(IdAt(Depth, 2), IPv6(7, 2)));

        BucketAddResult same = table.Add(new Contact(IdAt(Depth, 90), IPv6(7, 3)), Second(50));
        BucketAddResult other = table.Add(new Contact(IdAt(Depth, 91), IPv6(8, 3)), Second(51));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(same, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(other, Is.EqualTo(BucketAddResult.Full));
        }
    }

    [Test]
    public void A_contact_in_a_full_bucket_cannot_move_into_a_network_that_has_enough_and_stays_where_it_was()
    {
        RoutingTable table = Full([.. InNetwork(7, 0, Small.SubnetContactsPerBucket), InNetwork(8, 90)]);
        Contact moved = InNetwork(8, 90) with { Endpoint = Public(7, 90) };

        bool hasRoom = table.HasRoomFor(moved, out _);
        BucketAddResult result = table.Add(moved, Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.False);
            Assert.That(result, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(table.TryGet(moved.Id, out BucketEntry entry), Is.True);
            Assert.That(entry.Contact, Is.EqualTo(InNetwork(8, 90)));
            Assert.That(table.Replacements(Depth), Is.Empty);
        }
    }

    [Test]
    public void A_contact_may_move_anywhere_while_its_bucket_has_room()
    {
        RoutingTable table = TableOf(Small, [.. Others(), .. InNetwork(7, 0, 4), InNetwork(8, 90)]);

        Assert.That(table.Add(InNetwork(8, 90) with { Endpoint = Public(7, 90) }, Second(50)), Is.EqualTo(BucketAddResult.Moved));
    }

    [Test]
    public void A_contact_may_move_within_its_network_however_crowded_that_is()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.CapacityAt(Depth)));

        Assert.That(table.Add(InNetwork(7, 2) with { Endpoint = Public(7, 99) }, Second(50)), Is.EqualTo(BucketAddResult.Moved));
    }

    [Test]
    public void A_contact_that_moves_counts_in_its_new_network_only()
    {
        RoutingTable table = Full([.. InNetwork(7, 0, 2), InNetwork(8, 20)]);

        table.Add(InNetwork(7, 0) with { Endpoint = Public(9, 50) }, Second(50));
        BucketAddResult left = table.Add(InNetwork(7, 90), Second(51));
        BucketAddResult joinedByOne = table.Add(InNetwork(9, 91), Second(52));
        table.Add(InNetwork(8, 20) with { Endpoint = Public(9, 51) }, Second(53));
        BucketAddResult joinedByTwo = table.Add(InNetwork(9, 91), Second(54));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(left, Is.EqualTo(BucketAddResult.Full));
            Assert.That(joinedByOne, Is.EqualTo(BucketAddResult.Full));
            Assert.That(joinedByTwo, Is.EqualTo(BucketAddResult.QuotaExceeded));
        }
    }

    [Test]
    public void A_successor_at_the_same_endpoint_takes_over_its_predecessors_share()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));
        Contact successor = InNetwork(7, 0) with { Id = IdAt(Depth, 99) };

        bool hasRoom = table.HasRoomFor(successor, out _);
        BucketAddResult result = table.Add(successor, Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void A_stale_contact_gives_way_to_a_candidate_under_quota_before_a_better_one_over_it()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));
        table.Suggest(InNetwork(9, 91));
        table.Add(InNetwork(7, 90), Second(50));

        table.Fail(Bystander, Small.FailuresToRemove - 1);
        bool removed = table.Failed(Bystander.Id, Bystander.Endpoint, Second(60), out Contact? replacement);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.True);
            Assert.That(replacement, Is.EqualTo(InNetwork(9, 91)));
        }
    }

    [Test]
    public void A_candidate_over_quota_gets_a_place_only_when_it_is_nobodys()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));
        table.Add(InNetwork(7, 90), Second(50));
        Contact failing = Bystander;

        table.Fail(failing, Small.FailuresToForget - 1);
        bool isKept = table.Contains(failing.Id);
        bool isForgotten = table.Failed(failing.Id, failing.Endpoint, Second(60), out Contact? replacement);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isKept, Is.True);
            Assert.That(isForgotten, Is.True);
            Assert.That(replacement, Is.EqualTo(InNetwork(7, 90)));
            Assert.That(table.Add(InNetwork(7, 90), Second(61)), Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void A_candidate_over_quota_is_not_tried_for_a_place_beyond_the_capacity()
    {
        // Coming ever closer, the last K are there beyond the capacity.
        var limits = Small with { FarCapacities = [] };
        Contact[] byDistance =
            [.. Enumerable.Range(0, 9).Select(number => At(0, number)).OrderByDescending(contact => Self.DistanceTo(contact.Id))];
        Contact[] network = [.. Enumerable.Range(20, 3).Select(number => new Contact(IdAt(0, number), Public(7, number)))];
        RoutingTable table = TableOf(limits, [.. network[..2], .. byDistance, network[2]]);
        Assert.That(table.Replacements(0), Has.Member(network[2]));
        foreach (Contact other in table.Replacements(0).Where(other => other != network[2]))
        {
            table.Remove(other.Id, other.Endpoint);
        }

        table.Fail(byDistance[^1], limits.FailuresToForget - 1);
        bool removed = table.Failed(byDistance[^1].Id, byDistance[^1].Endpoint, Second(60), out Contact? replacement);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.True);
            Assert.That(replacement, Is.Null);
            Assert.That(table.Replacements(0), Has.Member(network[2]));
        }
    }

    [Test]
    public void A_stale_contact_may_be_replaced_from_its_own_network()
    {
        RoutingTable table = Full(InNetwork(7, 0, Small.SubnetContactsPerBucket));
        table.Add(InNetwork(7, 90), Second(50));

        table.Fail(InNetwork(7, 0), Small.FailuresToRemove - 1);
        table.Failed(InNetwork(7, 0).Id, InNetwork(7, 0).Endpoint, Second(60), out Contact? replacement);

        Assert.That(replacement, Is.EqualTo(InNetwork(7, 90)));
    }

    [Test]
    public void Candidates_under_quota_are_handed_out_first_and_all_others_while_there_is_room()
    {
        RoutingTable table = TableOf(Small, [.. Others(), .. InNetwork(7, 0, 3)]);
        table.Suggest(InNetwork(9, 91));
        table.Suggest(InNetwork(7, 90));

        table.TryTakeCandidate(out Contact first);
        table.TryTakeCandidate(out Contact second);

        Assert.That(new[] { first, second }, Is.EqualTo(new[] { InNetwork(9, 91), InNetwork(7, 90) }));
    }

    [Test]
    public void Private_networks_have_no_quota()
    {
        RoutingTable table = Full();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Add(InNetwork(9, 90), Second(50)), Is.EqualTo(BucketAddResult.Full), "no crowd gives way");
            Assert.That(table.Add(At(Depth, 91), Second(51)), Is.EqualTo(BucketAddResult.Full));
        }
    }

    [Test]
    public void Without_a_limit_public_networks_have_no_quota_either()
    {
        RoutingLimits limits = Small with { SubnetContactsPerBucket = int.MaxValue, SubnetContactsPerTable = int.MaxValue };
        RoutingTable table = TableOf(limits, [.. Others(), .. InNetwork(7, 0, Small.CapacityAt(Depth))]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Add(InNetwork(9, 90), Second(50)), Is.EqualTo(BucketAddResult.Full), "no crowd gives way");
            Assert.That(table.Add(InNetwork(7, 91), Second(51)), Is.EqualTo(BucketAddResult.Full));
        }
    }

    /// <summary>Enough contacts close to self for the far buckets to be split off and for nobody in them to be one of the K closest.</summary>
    private static IEnumerable<Contact> Others() => Enumerable.Range(3, 6).Select(depth => At(depth, 0));

    /// <summary>A table whose bucket at <see cref="Depth"/> is full of these and of contacts in private networks.</summary>
    private static RoutingTable Full(params Contact[] contacts)
    {
        int here = contacts.Count(contact => Self.CommonPrefixLength(contact.Id) == Depth);
        return TableOf(
            Small,
            [.. Others(), .. contacts, .. Enumerable.Range(0, Small.CapacityAt(Depth) - here).Select(number => At(Depth, 200 + number))]);
    }

    private static Contact InNetwork(int network, int number) => new(IdAt(Depth, number), Public(network, number));

    private static Contact[] InNetwork(int network, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(number => InNetwork(network, number))];
}
