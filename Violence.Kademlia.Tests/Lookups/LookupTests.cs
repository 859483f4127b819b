using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

/// <summary>What the paper leaves open: late answers, lies, limits. Nodes are named by their distance to the target.</summary>
[TestFixture]
public sealed class LookupTests
{
    private static readonly NodeId Self = new(ulong.MaxValue, 0, 0);

    [Test]
    public void A_slow_node_makes_room_for_another_request()
    {
        Lookup lookup = Start(new LookupLimits { Parallelism = 1 }, 1, 2, 3);
        Next(lookup);
        bool before = lookup.TryNext(out _);
        lookup.OnSlow(Node(1).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(Next(lookup), Is.EqualTo(Node(2)));
            Assert.That(lookup.InFlight, Is.EqualTo(2));
        }
    }

    [Test]
    public void A_slow_node_does_not_hold_up_completion_and_its_late_answer_still_counts()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 2 }, 1, 2, 3);
        NextAll(lookup);
        lookup.OnSlow(Node(1).Id);
        NextAll(lookup);
        lookup.OnReply(Node(2).Id, []);
        bool early = lookup.IsComplete;
        lookup.OnReply(Node(3).Id, []);
        bool complete = lookup.IsComplete;
        bool late = lookup.OnReply(Node(1).Id, []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((early, complete, late), Is.EqualTo((false, true, true)));
            Assert.That(Answered(lookup), Is.EqualTo(new[] { Node(1), Node(2), Node(3) }));
            Assert.That(lookup.InFlight, Is.Zero);
        }
    }

    [Test]
    public void A_late_answer_that_names_somebody_closer_opens_the_lookup_again()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 1 }, 2, 3);
        NextAll(lookup);
        lookup.OnSlow(Node(2).Id);
        NextAll(lookup);
        lookup.OnReply(Node(3).Id, []);
        bool before = lookup.IsComplete;
        lookup.OnReply(Node(2).Id, [Node(1)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.True);
            Assert.That(Next(lookup), Is.EqualTo(Node(1)));
        }
    }

    [Test]
    public void While_too_few_answered_slow_nodes_are_waited_for()
    {
        Lookup lookup = Start(LookupLimits.Default, 1, 2);
        NextAll(lookup);
        lookup.OnSlow(Node(1).Id);
        lookup.OnSlow(Node(2).Id);
        lookup.OnReply(Node(2).Id, []);
        bool before = lookup.IsComplete;
        lookup.OnFailure(Node(1).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(lookup.IsComplete, Is.True);
        }
    }

    [Test]
    public void A_slow_node_that_fails_gives_no_second_slot_back()
    {
        Lookup lookup = Start(new LookupLimits { Parallelism = 1 }, 1, 2, 3);
        Next(lookup);
        lookup.OnSlow(Node(1).Id);
        lookup.OnSlow(Node(1).Id);
        Next(lookup);
        lookup.OnFailure(Node(1).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lookup.TryNext(out _), Is.False);
            Assert.That(lookup.InFlight, Is.EqualTo(1));
        }
    }

    [Test]
    public void Nobody_farther_is_asked_while_those_in_flight_would_be_enough()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 2, Parallelism = 3 }, 1, 2, 3);
        NextAll(lookup);
        int inFlight = lookup.InFlight;
        lookup.OnReply(Node(2).Id, []);
        bool asked = lookup.TryNext(out _);
        bool complete = lookup.IsComplete;
        lookup.OnFailure(Node(1).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(inFlight, Is.EqualTo(2));
            Assert.That(asked, Is.False);
            Assert.That(complete, Is.False);
            Assert.That(Next(lookup), Is.EqualTo(Node(3)));
        }
    }

    [Test]
    public void Events_of_nodes_that_were_not_asked_or_have_ended_change_nothing()
    {
        Lookup lookup = Start(LookupLimits.Default, 1, 2, 3, 4);
        NextAll(lookup);
        lookup.OnReply(Node(1).Id, []);
        lookup.OnFailure(Node(2).Id);

        bool[] counted =
        [
            lookup.OnReply(Node(1).Id, [Node(9)]),
            lookup.OnReply(Node(2).Id, [Node(9)]),
            lookup.OnReply(Node(4).Id, [Node(9)]),
            lookup.OnReply(Node(77).Id, [Node(9)]),
        ];
        lookup.OnSlow(Node(1).Id);
        lookup.OnSlow(Node(4).Id);
        lookup.OnSlow(Node(77).Id);
        lookup.OnFailure(Node(1).Id);
        lookup.OnFailure(Node(4).Id);
        lookup.OnFailure(Node(77).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(counted, Has.All.False);
            Assert.That(lookup.InFlight, Is.EqualTo(1));
            Assert.That(Answered(lookup), Is.EqualTo(new[] { Node(1) }));
            Assert.That(Next(lookup), Is.EqualTo(Node(4)));
        }
    }

    [Test]
    public void A_caller_that_needs_more_answers_goes_on_from_where_it_is()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 1, Width = 3 }, 1, 2, 3, 4);
        Drive(lookup);
        int first = lookup.Requests;
        bool before = lookup.IsComplete;
        lookup.Require(100);
        bool after = lookup.IsComplete;
        Drive(lookup);
        lookup.Require(1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((before, after), Is.EqualTo((true, false)));
            Assert.That(first, Is.EqualTo(1));
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(Answered(lookup), Is.EqualTo(new[] { Node(1), Node(2), Node(3) }));
        }
    }

    [Test]
    public void No_more_than_32_contacts_of_a_reply_are_looked_at()
    {
        Lookup lookup = Start(LookupLimits.Default, 1000);
        Next(lookup);
        Contact[] reply = [.. Enumerable.Range(1, 40).Select(i => Node(100 - i))];
        lookup.OnReply(Node(1000).Id, reply);

        // The closest of the forty came last.
        Assert.That(Next(lookup), Is.EqualTo(Node(100 - 32)));
    }

    [TestCase(AddressFamilies.IPv4, 2)]
    [TestCase(AddressFamilies.IPv6, 1)]
    [TestCase(AddressFamilies.Both, 1)]
    public void Only_what_can_be_sent_to_is_a_candidate(object families, int closest)
    {
        Contact six = Node(1) with { Endpoint = NodeEndpoint.FromIPv6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 4000) };
        var lookup = new Lookup(NodeId.Zero, Self, LookupLimits.Default, (AddressFamilies)families);
        lookup.Offer([Node(0) with { Endpoint = default }, six, Node(2)]);

        Assert.That(Next(lookup).Id, Is.EqualTo(Node(closest).Id));
    }

    [Test]
    public void The_node_itself_is_never_a_candidate()
    {
        var lookup = new Lookup(Self, Self, LookupLimits.Default);
        lookup.Offer([new Contact(Self, StaticNetwork.EndpointOf(1)), Node(1)]);
        Next(lookup);
        lookup.OnReply(Node(1).Id, [new Contact(Self, StaticNetwork.EndpointOf(2))]);

        Assert.That(lookup.TryNext(out _), Is.False);
    }

    [Test]
    public void The_limit_of_requests_ends_a_lookup_that_has_more_to_ask()
    {
        Lookup lookup = Start(new LookupLimits { MaxRequests = 2, Parallelism = 1 }, 1, 2, 3, 4);
        Next(lookup);
        lookup.OnFailure(Node(1).Id);
        Next(lookup);
        bool waiting = lookup.IsComplete;
        lookup.OnFailure(Node(2).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(waiting, Is.False);
            Assert.That(lookup.TryNext(out _), Is.False);
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(lookup.Requests, Is.EqualTo(2));
        }
    }

    [Test]
    public void Hops_count_the_replies_up_to_the_closest_that_answered()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 2 }, 50, 60);
        int none = lookup.Hops;
        NextAll(lookup);
        lookup.OnReply(Node(60).Id, []);
        int seed = lookup.Hops;
        lookup.OnReply(Node(50).Id, [Node(20)]);
        Next(lookup);
        int stillSeed = lookup.Hops;
        lookup.OnReply(Node(20).Id, [Node(10)]);
        Next(lookup);
        lookup.OnReply(Node(10).Id, []);

        Assert.That((none, seed, stillSeed, lookup.Hops), Is.EqualTo((0, 1, 1, 3)));
    }

    [Test]
    public void Without_anybody_to_ask_it_is_complete()
    {
        var lookup = new Lookup(NodeId.Zero, Self, LookupLimits.Default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(lookup.TryNext(out _), Is.False);
            Assert.That(Answered(lookup), Is.Empty);
        }
    }

    [Test]
    public void A_seed_that_answered_is_not_asked_again_and_what_it_named_is()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 2 }, 30);
        lookup.OfferAnswered(Node(20), [Node(10), Node(20)]);
        List<Contact> asked = NextAll(lookup);
        lookup.OnReply(Node(10).Id, []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(asked, Is.EqualTo(new[] { Node(10) }), "two are wanted, and one has answered");
            Assert.That(Answered(lookup), Is.EqualTo(new[] { Node(10), Node(20) }));
            Assert.That(lookup.Hops, Is.EqualTo(2));
            Assert.That(lookup.IsComplete, Is.True);
        }
    }

    [Test]
    public void A_seed_that_is_being_asked_as_a_candidate_is_waited_for()
    {
        Lookup lookup = Start(new LookupLimits { ClosestAnswered = 1 }, 5);
        NextAll(lookup);
        lookup.OfferAnswered(Node(5), []);
        bool before = lookup.IsComplete;
        lookup.OnReply(Node(5).Id, []);

        Assert.That((before, lookup.IsComplete, lookup.InFlight), Is.EqualTo((false, true, 0)));
    }

    [Test]
    public void Once_the_closest_has_answered_the_others_are_asked_together()
    {
        var limits = new LookupLimits { Parallelism = 2, ArrivedParallelism = 5, ClosestAnswered = 8, Width = 8 };
        Lookup lookup = Start(limits, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        int first = NextAll(lookup).Count;
        lookup.OnReply(Node(2).Id, []);
        int whileClosestIsOut = NextAll(lookup).Count;
        lookup.OnReply(Node(1).Id, []);
        int arrived = NextAll(lookup).Count;

        Assert.That((first, whileClosestIsOut, arrived, lookup.InFlight), Is.EqualTo((2, 1, 4, 5)));
    }

    private static readonly LookupLimits[] Impossible =
    [
        new() { Parallelism = 0 }, new() { ClosestAnswered = 0 }, new() { ClosestAnswered = 21 }, new() { ShortlistSize = 0 }, new() { MaxRequests = 0 },
    ];

    [TestCaseSource(nameof(Impossible))]
    public void Limits_that_contradict_each_other_are_refused(object limits) =>
        Assert.That(() => new Lookup(NodeId.Zero, Self, (LookupLimits)limits), Throws.ArgumentException);

    [Test]
    public void A_lookup_is_cheap_to_begin() =>
        Assert.That(Allocations.Once(() => new Lookup(NodeId.Zero, Self, LookupLimits.Default)), Is.LessThan(4096));

    [Test]
    public void A_lookup_under_way_allocates_nothing_while_its_shortlist_has_room()
    {
        Contact[] reply = [.. Enumerable.Range(1, 20).Select(Node)];
        Contact[] result = new Contact[3];
        int answered = 0;

        long allocated = Allocations.Least(() => Start(LookupLimits.Default, [.. Enumerable.Range(21, 20)]), Run);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answered, Is.EqualTo(3));
            Assert.That(allocated, Is.Zero);
        }

        void Run(Lookup lookup)
        {
            while (lookup.TryNext(out Contact contact))
            {
                lookup.OnReply(contact.Id, reply);
            }

            answered = lookup.Answered(result);
        }
    }

    private static Lookup Start(LookupLimits limits, params int[] seeds)
    {
        var lookup = new Lookup(NodeId.Zero, Self, limits);
        lookup.Offer([.. seeds.Select(Node)]);
        return lookup;
    }

    private static void Drive(Lookup lookup)
    {
        while (lookup.TryNext(out Contact contact))
        {
            lookup.OnReply(contact.Id, []);
        }
    }

    private static Contact Next(Lookup lookup)
    {
        Assert.That(lookup.TryNext(out Contact contact), Is.True);
        return contact;
    }

    private static List<Contact> NextAll(Lookup lookup)
    {
        var asked = new List<Contact>();
        while (lookup.TryNext(out Contact next))
        {
            asked.Add(next);
        }

        return asked;
    }

    private static Contact[] Answered(Lookup lookup)
    {
        var contacts = new Contact[100];
        return contacts[..lookup.Answered(contacts)];
    }

    private static Contact Node(int distance) => new(new NodeId(0, 0, (uint)distance), StaticNetwork.EndpointOf(distance));
}
