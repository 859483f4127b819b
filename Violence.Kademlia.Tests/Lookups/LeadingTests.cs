using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

/// <summary>Whom a put gives the record to while its search still goes on. Nodes are named by their distance to the target.</summary>
[TestFixture]
public sealed class LeadingTests
{
    [Test]
    public void Those_lead_that_have_answered_and_are_among_the_closest_known_of()
    {
        Lookup lookup = Asked(new LookupLimits { Parallelism = 4, ClosestAnswered = 4 }, 1, 2, 3, 9);
        lookup.OnReply(Node(2).Id, []);
        lookup.OnReply(Node(9).Id, [Node(4), Node(5)]);
        Contact[] ofThree = Leading(lookup, 3);
        Contact[] ofSix = Leading(lookup, 6);
        lookup.OnFailure(Node(1).Id);
        lookup.OnSlow(Node(3).Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ofThree, Is.EqualTo(new[] { Node(2) }), "1 and 3 may answer yet, 9 is too far");
            Assert.That(ofSix, Is.EqualTo(new[] { Node(2), Node(9) }));
            Assert.That(Leading(lookup, 4), Is.EqualTo(new[] { Node(2), Node(9) }), "who fails or is slow takes no place");
        }
    }

    [Test]
    public void Who_turns_out_unfit_after_its_answer_is_replaced_by_the_next_closest()
    {
        Lookup lookup = Asked(new LookupLimits { ClosestAnswered = 2 }, 1, 2, 3);
        lookup.OnReply(Node(1).Id, []);
        lookup.OnReply(Node(2).Id, []);
        bool before = lookup.IsComplete;
        lookup.OnUnfit(Node(1).Id);
        bool after = lookup.IsComplete;
        AskAll(lookup);
        lookup.OnReply(Node(3).Id, []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((before, after, lookup.IsComplete), Is.EqualTo((true, false, true)));
            Assert.That(Leading(lookup, 2), Is.EqualTo(new[] { Node(2), Node(3) }));
        }
    }

    private static Lookup Asked(LookupLimits limits, params int[] seeds)
    {
        var lookup = new Lookup(NodeId.Zero, new NodeId(ulong.MaxValue, 0, 0), limits);
        lookup.Offer([.. seeds.Select(Node)]);
        AskAll(lookup);
        return lookup;
    }

    private static void AskAll(Lookup lookup)
    {
        while (lookup.TryNext(out _))
        {
        }
    }

    private static Contact[] Leading(Lookup lookup, int places)
    {
        var contacts = new Contact[20];
        return contacts[..lookup.Leading(contacts, places)];
    }

    private static Contact Node(int distance) => new(new NodeId(0, 0, (uint)distance), StaticNetwork.EndpointOf(distance));
}
