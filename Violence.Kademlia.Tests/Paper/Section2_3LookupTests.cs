using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Paper;

/// <summary>
/// Maymounkov and Mazières 2002, section 2.3, on the node lookup, statement by statement. Nodes are named by their distance
/// to the target.
/// </summary>
[TestFixture]
public sealed class Section2_3LookupTests
{
    private static readonly NodeId Self = new(ulong.MaxValue, 0, 0);

    [Test]
    public void The_initiator_starts_with_the_closest_nodes_of_its_own_table()
    {
        Lookup lookup = Begin(LookupLimits.Default, 40, 10, 30, 20);

        Assert.That(AskAll(lookup), Is.EqualTo(new[] { 10, 20, 30 }));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(5)]
    public void It_has_alpha_requests_in_flight(int alpha)
    {
        Lookup lookup = Begin(new LookupLimits { Parallelism = alpha, ClosestAnswered = 20 }, [.. Enumerable.Range(1, 20)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(AskAll(lookup), Has.Count.EqualTo(alpha));
            Assert.That(lookup.InFlight, Is.EqualTo(alpha));
        }
    }

    [Test]
    public void Alpha_is_3_and_k_is_20_by_default()
    {
        Assert.That((LookupLimits.Default.Parallelism, LookupLimits.Default.Width), Is.EqualTo((3, 20)));
    }

    [Test]
    public void It_need_not_wait_for_all_alpha_answers_before_it_asks_on()
    {
        Lookup lookup = Begin(Complete, 10, 20, 30, 40);
        AskAll(lookup);
        lookup.OnReply(Id(20), []);

        Assert.That(AskAll(lookup), Is.EqualTo(new[] { 40 }));
    }

    [Test]
    public void It_asks_nodes_that_it_learned_about_from_earlier_answers_closest_first()
    {
        Lookup lookup = Begin(Complete, 100, 200, 300, 400);
        AskAll(lookup);
        lookup.OnReply(Id(300), [Node(60), Node(50), Node(500)]);
        List<int> one = AskAll(lookup);
        lookup.OnReply(Id(100), [Node(7)]);
        List<int> two = AskAll(lookup);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(one, Is.EqualTo(new[] { 50 }));
            Assert.That(two, Is.EqualTo(new[] { 7 }));
        }
    }

    [Test]
    public void It_asks_nobody_twice()
    {
        Lookup lookup = Begin(Complete, 10, 20);
        AskAll(lookup);
        lookup.OnReply(Id(10), [Node(10), Node(20)]);
        lookup.OnReply(Id(20), [Node(10), Node(20)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(AskAll(lookup), Is.Empty);
            Assert.That(lookup.Requests, Is.EqualTo(2));
        }
    }

    [Test]
    public void Nodes_that_fail_to_respond_are_left_out_of_consideration()
    {
        Lookup lookup = Begin(new LookupLimits { ClosestAnswered = 3 }, 10, 20, 30, 40);
        AskAll(lookup);
        lookup.OnFailure(Id(10));
        List<int> instead = AskAll(lookup);
        lookup.OnReply(Id(20), []);
        lookup.OnReply(Id(30), []);
        bool early = lookup.IsComplete;
        lookup.OnReply(Id(40), [Node(10)]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(instead, Is.EqualTo(new[] { 40 }));
            Assert.That(early, Is.False);
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(Result(lookup), Is.EqualTo(new[] { 20, 30, 40 }));
        }
    }

    [Test]
    public void When_answers_bring_nobody_closer_it_goes_on_with_the_closest_not_yet_asked_until_k_answered()
    {
        var limits = new LookupLimits { ClosestAnswered = 20 };
        Lookup lookup = Begin(limits, [.. Enumerable.Range(1, 25)]);
        var asked = new List<int>();
        while (lookup.TryNext(out Contact contact))
        {
            asked.Add(Distance(contact));
            lookup.OnReply(contact.Id, [Node(1), Node(2)]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(asked, Is.EqualTo(Enumerable.Range(1, 20)));
        }
    }

    [Test]
    public void It_terminates_when_the_k_closest_it_has_seen_have_answered_and_returns_them()
    {
        var limits = new LookupLimits { ClosestAnswered = 4 };
        Lookup lookup = Begin(limits, 100, 200, 300, 400);
        while (lookup.TryNext(out Contact contact))
        {
            Assert.That(lookup.IsComplete, Is.False);
            lookup.OnReply(contact.Id, Distance(contact) == 200 ? [Node(5), Node(6), Node(7)] : []);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(Result(lookup)[..4], Is.EqualTo(new[] { 5, 6, 7, 100 }));
        }
    }

    [Test]
    public void It_has_not_terminated_while_one_of_the_closest_is_still_to_answer()
    {
        Lookup lookup = Begin(LookupLimits.Default, 1, 2, 3, 4, 5);
        AskAll(lookup);
        lookup.OnReply(Id(2), []);
        lookup.OnReply(Id(3), []);
        AskAll(lookup);
        lookup.OnReply(Id(4), []);
        bool before = lookup.IsComplete;
        lookup.OnReply(Id(1), []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(Result(lookup)[..3], Is.EqualTo(new[] { 1, 2, 3 }));
        }
    }

    [Test]
    public void In_a_network_smaller_than_k_it_terminates_when_everybody_answered()
    {
        Lookup lookup = Begin(Complete, 9, 3);
        while (lookup.TryNext(out Contact contact))
        {
            lookup.OnReply(contact.Id, [Node(3), Node(9)]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lookup.IsComplete, Is.True);
            Assert.That(Result(lookup), Is.EqualTo(new[] { 3, 9 }));
        }
    }

    /// <summary>The paper's own end: the k closest must all have answered.</summary>
    private static LookupLimits Complete => new() { ClosestAnswered = 20 };

    private static Lookup Begin(LookupLimits limits, params int[] seeds)
    {
        var lookup = new Lookup(NodeId.Zero, Self, limits);
        lookup.Offer([.. seeds.Select(Node)]);
        return lookup;
    }

    private static List<int> AskAll(Lookup lookup)
    {
        var asked = new List<int>();
        while (lookup.TryNext(out Contact contact))
        {
            asked.Add(Distance(contact));
        }

        return asked;
    }

    private static int[] Result(Lookup lookup)
    {
        var contacts = new Contact[30];
        return [.. contacts[..lookup.Answered(contacts)].Select(Distance)];
    }

    private static Contact Node(int distance) =>
        new(Id(distance), NodeEndpoint.FromIPv4([20, 0, (byte)(distance >> 8), (byte)distance], 4000));

    private static NodeId Id(int distance) => new(0, 0, (uint)distance);

    private static int Distance(Contact contact)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        contact.Id.CopyTo(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes[16..]);
    }
}
