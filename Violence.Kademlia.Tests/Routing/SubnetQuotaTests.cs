using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>No operator of one network may own a table, or what the table would put into its place.</summary>
[TestFixture]
public sealed class SubnetQuotaTests
{
    private static readonly RoutingLimits Roomy = Small with { FarCapacities = [100, 100, 100] };

    [Test]
    public void A_bucket_takes_only_so_many_contacts_of_one_network()
    {
        RoutingTable table = TableOf(Roomy, [.. Others(), InNetwork(0, 1, 7), InNetwork(0, 2, 7)]);

        bool hasRoom = table.HasRoomFor(InNetwork(0, 3, 7), out Contact? toProbe);
        BucketAddResult same = table.Add(InNetwork(0, 3, 7), Second(50));
        BucketAddResult otherNetwork = table.Add(InNetwork(0, 4, 8), Second(51));
        BucketAddResult otherBucket = table.Add(InNetwork(1, 5, 7), Second(52));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.False);
            Assert.That(toProbe, Is.Null, "nobody's failure would make room");
            Assert.That(same, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(otherNetwork, Is.EqualTo(BucketAddResult.Added));
            Assert.That(otherBucket, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void The_table_takes_only_so_many_contacts_of_one_network()
    {
        RoutingTable table = TableOf(
            Roomy,
            [.. Others(), InNetwork(0, 1, 7), InNetwork(0, 2, 7), InNetwork(1, 3, 7), InNetwork(1, 4, 7)]);

        BucketAddResult before = table.Add(InNetwork(2, 5, 7), Second(50));
        table.Remove(InNetwork(0, 1, 7).Id, InNetwork(0, 1, 7).Endpoint);
        BucketAddResult after = table.Add(InNetwork(2, 5, 7), Second(51));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(after, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void An_IPv6_network_is_a_48()
    {
        RoutingTable table = TableOf(
            Roomy,
            [.. Others(), new Contact(IdAt(0, 1), IPv6(7, 1)), new Contact(IdAt(0, 2), IPv6(7, 2))]);

        BucketAddResult same = table.Add(new Contact(IdAt(0, 3), IPv6(7, 3)), Second(50));
        BucketAddResult other = table.Add(new Contact(IdAt(0, 4), IPv6(8, 3)), Second(51));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(same, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(other, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void The_K_closest_are_no_exception()
    {
        RoutingTable table = TableOf(Small, InNetwork(9, 1, 7), InNetwork(9, 2, 7));

        Assert.That(table.Add(InNetwork(30, 3, 7), Second(50)), Is.EqualTo(BucketAddResult.QuotaExceeded));
    }

    [Test]
    public void A_contact_cannot_move_into_a_network_that_has_enough_and_stays_where_it_was()
    {
        RoutingTable table = TableOf(Roomy, [.. Others(), InNetwork(0, 1, 7), InNetwork(0, 2, 7), InNetwork(0, 3, 8)]);

        BucketAddResult result = table.Add(InNetwork(0, 3, 7), Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(BucketAddResult.QuotaExceeded));
            Assert.That(table.TryGet(IdAt(0, 3), out BucketEntry entry), Is.True);
            Assert.That(entry.Contact, Is.EqualTo(InNetwork(0, 3, 8)));
        }
    }

    [Test]
    public void A_contact_that_moves_within_its_network_does_not_count_twice()
    {
        RoutingTable table = TableOf(Roomy, [.. Others(), InNetwork(0, 1, 7), InNetwork(0, 2, 7)]);

        Assert.That(table.Add(new Contact(IdAt(0, 2), Public(7, 99)), Second(50)), Is.EqualTo(BucketAddResult.Moved));
    }

    [Test]
    public void A_successor_at_the_same_endpoint_takes_over_its_predecessors_share()
    {
        RoutingTable table = TableOf(Roomy, [.. Others(), InNetwork(0, 1, 7), InNetwork(0, 2, 7)]);
        Contact successor = InNetwork(0, 1, 7) with { Id = IdAt(0, 99) };

        bool hasRoom = table.HasRoomFor(successor, out _);
        BucketAddResult result = table.Add(successor, Second(50));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(hasRoom, Is.True);
            Assert.That(result, Is.EqualTo(BucketAddResult.Added));
        }
    }

    [Test]
    public void Private_networks_have_no_quota()
    {
        RoutingTable table = TableOf(Roomy, Enumerable.Range(0, 90).Select(number => At(number % 3, number)));

        Assert.That(table.Count, Is.EqualTo(90));
    }

    [Test]
    public void Without_a_limit_public_networks_have_no_quota_either()
    {
        RoutingLimits limits = Roomy with { SubnetContactsPerBucket = int.MaxValue, SubnetContactsPerTable = int.MaxValue };

        RoutingTable table = TableOf(limits, Enumerable.Range(0, 90).Select(number => InNetwork(number % 3, number, 7)));

        Assert.That(table.Count, Is.EqualTo(90));
    }

    /// <summary>Enough contacts close to self for the far buckets to be split off.</summary>
    private static IEnumerable<Contact> Others() => Enumerable.Range(3, 6).Select(depth => At(depth, 0));

    private static Contact InNetwork(int depth, int number, int network) => new(IdAt(depth, number), Public(network, number));
}
