using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Tests.Primitives;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>What the quotas promise as a whole: small networks know themselves, and one network does not own a large one.</summary>
[TestFixture]
public sealed class NetworkDiversityTests
{
    private const int Attacker = 255;

    // Two in each of 250 networks, so that their own quota never stands in their way.
    private const int HonestMax = 500;

    // Small enough to be filled.
    private static readonly RoutingLimits Limits = new() { FarCapacities = [128, 64, 32] };

    [TestCase(40, 1)]
    [TestCase(60, 3)]
    [TestCase(80, 1)]
    public void In_a_small_network_everybody_knows_their_20_closest_however_few_hosts_they_share(int nodes, int networks) =>
        Gen.ULong.Sample(seed =>
        {
            var entropy = EntropySource.Seeded(seed);
            Contact[] contacts =
                [.. Enumerable.Range(0, nodes).Select(number => new Contact(entropy.NextNodeId(), Public(number % networks, number)))];
            Contact[] closest = [.. contacts.OrderBy(contact => Self.DistanceTo(contact.Id)).Take(Limits.K)];

            return TableOf(Limits, contacts).Closest(Self, Limits.K).SequenceEqual(closest);
        }, iter: 50);

    [Test]
    public void Who_comes_from_other_networks_gets_into_a_bucket_full_of_one_up_to_its_quota() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 200]).Sample((depth, others) =>
        {
            int capacity = Limits.CapacityAt(depth);
            int quota = Limits.SubnetContactsPerBucket;
            RoutingTable table = TableOf(
                Limits,
                [.. Enumerable.Range(0, 20).Select(number => At(10, number)), .. Enumerable.Range(0, 200).Select(number => Of(Attacker, depth, number))]);

            for (int number = 0; number < others; number++)
            {
                table.Add(Of(number, depth, 1000 + number), Second(1000 + number));
            }

            int left = CountOf(table, Attacker, depth);
            return left == Math.Max(quota, capacity - others)
                && table.Buckets()[depth].Count == capacity
                && Enumerable.Range(0, Math.Min(others, capacity - quota)).All(number => table.Contains(IdAt(depth, 1000 + number)));
        }, iter: 30);

    [Test]
    public void Ten_thousand_ids_of_one_network_never_hold_more_than_its_quota_where_others_were_refused() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 40]).Sample((seed, ratio) =>
        {
            var entropy = EntropySource.Seeded(seed);
            RoutingTable table = Table(Limits);
            List<Contact> honest = [];
            for (int number = 0; number < 10_000; number++)
            {
                bool isHonest = number % ratio == 0 && honest.Count < HonestMax;
                int network = isHonest ? honest.Count % 250 : Attacker;
                Contact contact = new(entropy.NextNodeId(), isHonest ? Public(network, number / 250) : PublicPort(network, number));
                table.Add(contact, Second(number));
                if (isHonest)
                {
                    honest.Add(contact);
                }
            }

            TableInvariants.Check(table, Limits);
            for (int bucket = 0; bucket < table.BucketCount; bucket++)
            {
                bool areOthersRefused = honest.Any(contact => table.BucketIndexOf(contact.Id) == bucket && !table.Contains(contact.Id));
                TableInvariants.Require(
                    !areOthersRefused || CountOf(table, Attacker, bucket) <= Limits.SubnetContactsPerBucket,
                    "one network takes nobody's place beyond its quota");
            }
        }, iter: 5);

    [Test]
    public void Asking_whether_there_is_room_in_a_crowded_bucket_allocates_nothing()
    {
        RoutingTable table = TableOf(
            Limits,
            [.. Enumerable.Range(0, 20).Select(number => At(10, number)), .. Enumerable.Range(0, 200).Select(number => Of(Attacker, 0, number))]);
        Contact stranger = Of(3, 0, 5000);
        Contact oneMore = Of(Attacker, 0, 5001);
        bool isAdmitted = table.HasRoomFor(stranger, out _) && !table.HasRoomFor(oneMore, out _);

        long allocated = Allocations.Of(() => isAdmitted &= table.HasRoomFor(stranger, out _) && !table.HasRoomFor(oneMore, out _));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isAdmitted, Is.True);
            Assert.That(allocated, Is.Zero);
        }
    }

    private static Contact Of(int network, int depth, int number) => new(IdAt(depth, number), PublicPort(network, number));

    private static NodeEndpoint PublicPort(int network, int number) =>
        NodeEndpoint.FromIPv4([198, 18, (byte)network, (byte)(number % 200)], (ushort)(5000 + number));

    private static int CountOf(RoutingTable table, int network, int bucket) =>
        table.Entries().Count(entry => table.BucketIndexOf(entry.Contact.Id) == bucket
            && entry.Contact.Endpoint.NetworkPrefix == Public(network, 0).NetworkPrefix);
}
