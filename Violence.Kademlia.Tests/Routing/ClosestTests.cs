using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Tests.Primitives;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class ClosestTests
{
    /// <summary>Nobody is refused, and yet the buckets split.</summary>
    private static readonly RoutingLimits Wide = new()
    {
        FarCapacities = [.. Enumerable.Repeat(20_000, NodeId.Bits)],
        SubnetContactsPerBucket = int.MaxValue,
        SubnetContactsPerTable = int.MaxValue,
    };

    [Test]
    public void Closest_is_what_sorting_everything_by_distance_gives() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 400], Gen.Int[0, 45], Gen.Int[0, 3], Gen.Int[0, 6], Gen.Bool)
            .Sample((seed, size, count, families, clustering, onlyReliable) =>
            {
                var entropy = EntropySource.Seeded(seed);
                Dictionary<NodeId, (Contact Contact, bool Failing)> known = [];
                RoutingTable table = new(Self, Wide);
                for (int number = 0; number < size; number++)
                {
                    Contact contact = RandomContact(entropy, number, clustering);
                    bool failing = entropy.NextInt32(5) == 0;
                    table.Add(contact, Second(1));
                    table.Fail(contact, failing ? 1 : 0);
                    known[contact.Id] = (contact, failing);
                }

                NodeId target = entropy.NextInt32(3) == 0 ? RandomContact(entropy, 0, clustering).Id : entropy.NextNodeId();
                NodeId exclude = known.Count > 0 && entropy.NextInt32(2) == 0 ? known.Keys.Min() : Self;

                Contact[] found = table.Closest(target, count, (AddressFamilies)families, exclude, onlyReliable);

                return table.Count == known.Count && found.SequenceEqual(known.Values
                    .Where(item => item.Contact.Id != exclude && ((AddressFamilies)families).Includes(item.Contact.Endpoint))
                    .Where(item => !onlyReliable || !item.Failing)
                    .OrderBy(item => item.Failing).ThenBy(item => item.Contact.Id.DistanceTo(target))
                    .Select(item => item.Contact)
                    .Take(count));
            }, iter: 150);

    [Test]
    public void Ids_that_differ_in_the_last_bits_only_are_told_apart()
    {
        Contact[] contacts = [.. Enumerable.Range(140, 20).Select(depth => At(depth, 0))];
        RoutingTable table = TableOf(Wide, contacts);

        Assert.That(table.Closest(Self, 20), Is.EqualTo(contacts.Reverse()));
    }

    [Test]
    public void An_empty_table_and_an_empty_destination_give_nothing()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Table().Closest(Self, 20), Is.Empty);
            Assert.That(TableOf(Small, At(0, 0)).Closest(Self, 0), Is.Empty);
        }
    }

    [Test]
    public void Reading_the_table_allocates_nothing()
    {
        var entropy = EntropySource.Seeded(5);
        RoutingTable table = new(Self, Wide);
        for (int number = 0; number < 3000; number++)
        {
            table.Add(RandomContact(entropy, number, 0), Second(number));
        }

        NodeEndpoint newcomer = Public(1, 1);
        int time = 0;

        Assert.That(Allocations.Of(Read), Is.Zero);

        void Read()
        {
            Span<Contact> destination = stackalloc Contact[20];
            NodeId target = entropy.NextNodeId();
            table.Closest(target, destination, AddressFamilies.Both, Self, onlyReliable: time++ % 2 == 0);
            table.Contains(target);
            table.HasRoomFor(new Contact(target, newcomer), out _);
            table.Seen(destination[0].Id, destination[0].Endpoint, Second(5000 + time), out _);
            table.LeastRecentlySeen(Second(2000), destination);
            table.TryGet(target, out _);
        }
    }

    /// <summary>Mixed families; <paramref name="clustering"/> over 0 draws most ids from one small corner of the space.</summary>
    private static Contact RandomContact(EntropySource entropy, int number, int clustering)
    {
        NodeId id = entropy.NextNodeId();
        if (entropy.NextInt32(7) < clustering)
        {
            id = IdAt(entropy.NextInt32(30) + 100, entropy.NextInt32(1000));
        }

        return new Contact(id, entropy.NextInt32(3) == 0 ? IPv6(number, 1) : Private(number));
    }
}
