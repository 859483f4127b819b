using CsCheck;
using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

[TestFixture]
public sealed class LookupPropertyTests
{
    private const int LargestReply = LookupLimits.MaxContactsPerReply;

    private static readonly Gen<LookupLimits> AnyLimits = Gen.Select(
        Gen.Int[1, 6], Gen.Int[1, 20], Gen.Int[1, 80], Gen.Int[1, 250], Gen.Int[1, LookupLimits.SpreadMax],
        (parallelism, answered, shortlist, requests, spread) => new LookupLimits
        {
            Parallelism = parallelism,
            Spread = spread,
            ClosestAnswered = answered,
            ShortlistSize = shortlist,
            MaxRequests = requests,
        });

    [Test]
    public void A_lookup_ends_whatever_is_late_or_fails_and_returns_only_who_answered_closest_first() =>
        Gen.Select(Gen.ULong, Gen.Int[1, 150], AnyLimits, Gen.Double[0, 1], Gen.Double[0, 1]).Sample(
            (seed, count, limits, slow, failing) =>
            {
                EntropySource entropy = EntropySource.Seeded(seed);
                var network = new StaticNetwork(entropy, count);
                NodeId self = network.Nodes[0].Id;
                var lookup = new Lookup(entropy.NextNodeId(), self, limits);
                lookup.Offer(network.Known(self));
                var driver = new LookupDriver(lookup, self, limits, entropy) { Slow = slow, Failing = failing };

                driver.Run(contact => network.Answer(contact.Id, lookup.Target));

                Contact[] answered = Answered(lookup, 300);
                Assert.That(answered.Select(contact => contact.Id), Is.EquivalentTo(driver.Answered));
                Assert.That(answered.Select(contact => contact.Id.DistanceTo(lookup.Target)), Is.Ordered);
            },
            iter: 150);

    [Test]
    public void Where_nobody_fails_it_ends_with_exactly_the_true_closest_however_the_answers_arrive() =>
        Gen.Select(Gen.ULong, Gen.Int[2, 300], Gen.Int[1, 6], Gen.Int[1, StaticNetwork.K]).Sample(
            (seed, count, parallelism, wanted) =>
            {
                EntropySource entropy = EntropySource.Seeded(seed);
                var network = new StaticNetwork(entropy, count);
                // A stranger with one acquaintance asks for a random position, or for one very near a node.
                NodeId self = entropy.NextNodeId();
                NodeId target = entropy.NextInt32(2) == 0 ? entropy.NextNodeId() : network.Nodes[0].Id;
                var limits = new LookupLimits { Parallelism = parallelism, ClosestAnswered = wanted };
                var lookup = new Lookup(target, self, limits);
                lookup.Offer([network.Nodes[entropy.NextInt32(count)]]);

                new LookupDriver(lookup, self, limits, entropy).Run(contact => network.Answer(contact.Id, target));

                Contact[] truth = network.Closest(target, wanted);
                Assert.That(Answered(lookup, wanted), Is.EqualTo(truth));
            },
            iter: 150);

    [Test]
    public void Where_any_of_the_closest_will_do_as_many_of_the_true_closest_answer_as_are_wanted_and_chance_decides_who() =>
        Gen.Select(Gen.ULong, Gen.Int[20, 300], Gen.Int[1, 6], Gen.Int[1, 8]).Sample(
            (seed, count, parallelism, wanted) =>
            {
                const int Spread = 8;
                EntropySource entropy = EntropySource.Seeded(seed);
                var network = new StaticNetwork(entropy, count);
                NodeId self = entropy.NextNodeId();
                NodeId target = entropy.NextNodeId();
                var limits = new LookupLimits { Parallelism = parallelism, ClosestAnswered = wanted, Spread = Spread };
                var lookup = new Lookup(target, self, limits, chance: entropy.NextUInt64());
                lookup.Offer([network.Nodes[entropy.NextInt32(count)]]);

                var driver = new LookupDriver(lookup, self, limits, entropy);
                driver.Run(contact => network.Answer(contact.Id, target));

                Contact[] closest = network.Closest(target, Spread);
                Assert.That(lookup.IsComplete, Is.True);
                Assert.That(Answered(lookup, 300).Intersect(closest).Count(), Is.GreaterThanOrEqualTo(wanted));

                // Who wants them all after all gets them all.
                lookup.Require(Spread);
                driver.Run(contact => network.Answer(contact.Id, target));
                Assert.That(Answered(lookup, 300).Intersect(closest).Count(), Is.EqualTo(Spread));
            },
            iter: 150);

    [Test]
    public void Slow_nodes_that_answer_in_the_end_do_not_spoil_the_result_when_all_are_waited_for() =>
        Gen.Select(Gen.ULong, Gen.Int[2, 200]).Sample(
            (seed, count) =>
            {
                EntropySource entropy = EntropySource.Seeded(seed);
                var network = new StaticNetwork(entropy, count);
                NodeId self = entropy.NextNodeId();
                var lookup = new Lookup(entropy.NextNodeId(), self, LookupLimits.Default);
                lookup.Offer([network.Nodes[0]]);
                var waiting = new List<Contact>();
                while (true)
                {
                    while (lookup.TryNext(out Contact contact))
                    {
                        lookup.OnSlow(contact.Id);
                        waiting.Add(contact);
                    }

                    if (waiting.Count == 0)
                    {
                        break;
                    }

                    // Everybody is slow, so everybody worth asking was asked; now one of them answers.
                    Contact late = waiting[entropy.NextInt32(waiting.Count)];
                    waiting.Remove(late);
                    lookup.OnReply(late.Id, network.Answer(late.Id, lookup.Target));
                }

                Assert.That(lookup.IsComplete, Is.True);
                Assert.That(Answered(lookup, 3), Is.EqualTo(network.Closest(lookup.Target, 3)));
            },
            iter: 60);

    [Test]
    public void Liars_of_every_kind_among_honest_nodes_cost_a_bounded_number_of_requests_and_bytes() =>
        Gen.Select(Gen.ULong, AnyLimits, Gen.Double[0, 0.5]).Sample(
            (seed, limits, failing) =>
            {
                EntropySource entropy = EntropySource.Seeded(seed);
                var liar = new Liar(entropy);
                NodeId self = entropy.NextNodeId();
                var lookup = new Lookup(entropy.NextNodeId(), self, limits);
                lookup.Offer([.. Enumerable.Range(0, 5).Select(_ => liar.Somebody())]);

                new LookupDriver(lookup, self, limits, entropy) { Slow = failing, Failing = failing }
                    .Run(contact => liar.Answer(contact, self, lookup.Target));

                // The driver has checked the limit of requests at every step.
                Assert.That(lookup.IsComplete, Is.True);
            },
            iter: 150);

    [Test]
    public void Ever_closer_inventions_end_at_the_limit_of_requests_and_take_a_few_kilobytes()
    {
        NodeId target = EntropySource.Seeded(5).NextNodeId();
        var reply = new Contact[1000];
        Lookup? last = null;

        long allocated = Allocations.Once(() => last = Invent());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(last!.IsComplete, Is.True);
            Assert.That(last.Requests, Is.InRange(100, LookupLimits.Default.MaxRequests));
            Assert.That(allocated, Is.LessThan(48 * 1024));
        }

        Lookup Invent()
        {
            EntropySource entropy = EntropySource.Seeded(6);
            int invented = 0;
            var lookup = new Lookup(target, default, LookupLimits.Default);
            lookup.Offer([new Contact(target.Sibling(0, entropy.NextNodeId()), StaticNetwork.EndpointOf(invented++))]);
            while (lookup.TryNext(out Contact contact))
            {
                int shared = Math.Min(contact.Id.CommonPrefixLength(target) + 1, NodeId.Bits - 1);
                foreach (ref Contact invention in reply.AsSpan())
                {
                    invention = new Contact(target.Sibling(shared, entropy.NextNodeId()), StaticNetwork.EndpointOf(invented++));
                }

                lookup.OnReply(contact.Id, reply);
            }

            return lookup;
        }
    }

    [Test]
    public void The_same_events_give_the_same_requests() =>
        Gen.ULong.Sample(
            seed =>
            {
                List<NodeId> first = Trace(seed);
                List<NodeId> second = Trace(seed);
                Assert.That(second, Is.EqualTo(first));
            },
            iter: 20);

    private static List<NodeId> Trace(ulong seed)
    {
        EntropySource entropy = EntropySource.Seeded(seed);
        var network = new StaticNetwork(entropy, 60);
        NodeId self = entropy.NextNodeId();
        var lookup = new Lookup(entropy.NextNodeId(), self, LookupLimits.Default);
        lookup.Offer(network.Nodes);
        var driver = new LookupDriver(lookup, self, LookupLimits.Default, entropy) { Slow = 0.3, Failing = 0.3 };
        driver.Run(contact => network.Answer(contact.Id, lookup.Target));
        return driver.Answered;
    }

    private static Contact[] Answered(Lookup lookup, int most)
    {
        var contacts = new Contact[most];
        return contacts[..lookup.Answered(contacts)];
    }

    /// <summary>Answers with anything but the truth.</summary>
    private sealed class Liar(EntropySource entropy)
    {
        private int _endpoints;

        public Contact Somebody() => new(entropy.NextNodeId(), StaticNetwork.EndpointOf(_endpoints++));

        public Contact[] Answer(Contact liar, NodeId self, NodeId target)
        {
            int shared = Math.Min(liar.Id.CommonPrefixLength(target) + 1 + entropy.NextInt32(8), NodeId.Bits - 1);
            int length = LargestReply + entropy.NextInt32(2) * 100;
            int kind = entropy.NextInt32(7);
            var reply = new Contact[length];
            Contact same = Somebody();
            for (int i = 0; i < length; i++)
            {
                NodeId closer = target.Sibling(shared, entropy.NextNodeId());
                reply[i] = kind switch
                {
                    0 => new Contact(target.Sibling(0, entropy.NextNodeId()), Somebody().Endpoint),
                    1 => new Contact(closer, Somebody().Endpoint),
                    2 => new Contact(self, Somebody().Endpoint),
                    3 => same,
                    4 => new Contact(closer, same.Endpoint),
                    5 => new Contact(closer, liar.Endpoint),
                    _ => new Contact(i % 2 == 0 ? target : closer, i % 3 == 0 ? default : Somebody().Endpoint),
                };
            }

            return reply;
        }
    }
}
