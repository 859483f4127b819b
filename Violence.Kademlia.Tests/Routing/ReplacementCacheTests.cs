using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class ReplacementCacheTests
{
    [Test]
    public void The_proven_are_taken_before_the_merely_heard_of_and_the_latest_first()
    {
        ReplacementCache cache = new(9, 2);
        cache.Put(At(0, 1), proven: true);
        cache.Put(At(0, 2), proven: false);
        cache.Put(At(0, 3), proven: true);
        cache.Put(At(0, 4), proven: false);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { At(0, 3), At(0, 1), At(0, 4), At(0, 2) }));
    }

    [Test]
    public void A_full_cache_gives_up_the_oldest_of_the_merely_heard_of()
    {
        ReplacementCache cache = new(3, 2);
        cache.Put(At(0, 1), proven: true);
        cache.Put(At(0, 2), proven: false);
        cache.Put(At(0, 3), proven: false);

        cache.Put(At(0, 4), proven: false);
        cache.Put(At(0, 5), proven: true);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { At(0, 5), At(0, 1), At(0, 4) }));
    }

    [Test]
    public void What_was_only_heard_of_never_displaces_what_proved_itself()
    {
        ReplacementCache cache = new(2, 2);
        cache.Put(At(0, 1), proven: true);
        cache.Put(At(0, 2), proven: true);

        cache.Put(At(0, 3), proven: false);
        cache.Put(At(0, 1) with { Endpoint = Private(9_000_000) }, proven: false);
        cache.Put(At(0, 4) with { Endpoint = At(0, 2).Endpoint }, proven: false);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { At(0, 2), At(0, 1) }));
    }

    [Test]
    public void A_proven_newcomer_displaces_the_oldest_proven_when_there_is_nobody_else()
    {
        ReplacementCache cache = new(2, 2);
        cache.Put(At(0, 1), proven: true);
        cache.Put(At(0, 2), proven: true);

        cache.Put(At(0, 3), proven: true);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { At(0, 3), At(0, 2) }));
    }

    [Test]
    public void A_node_is_remembered_once_by_its_latest_news()
    {
        ReplacementCache cache = new(9, 2);
        Contact moved = At(0, 1) with { Endpoint = Private(9_000_000) };
        Contact renamed = At(0, 2) with { Id = IdAt(0, 3) };
        cache.Put(At(0, 1), proven: false);
        cache.Put(At(0, 2), proven: false);

        cache.Put(moved, proven: true);
        cache.Put(renamed, proven: false);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { moved, renamed }));
    }

    [Test]
    public void A_network_only_displaces_itself_when_it_has_enough()
    {
        ReplacementCache cache = new(9, 2);
        Contact[] contacts = [.. Enumerable.Range(0, 4).Select(number => new Contact(IdAt(0, number), Public(7, number)))];
        cache.Put(At(0, 50), proven: false);
        cache.Put(contacts[0], proven: true);
        cache.Put(contacts[1], proven: true);

        cache.Put(contacts[2], proven: false);
        cache.Put(contacts[3], proven: true);

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { contacts[3], contacts[1], At(0, 50) }));
    }

    [Test]
    public void A_reply_makes_a_candidate_the_best_of_its_kind_and_no_more()
    {
        ReplacementCache cache = new(9, 2);
        cache.Put(At(0, 1), proven: false);
        cache.Put(At(0, 2), proven: false);
        cache.Put(At(0, 3), proven: true);

        cache.Seen(At(0, 1));
        cache.Seen(At(0, 2) with { Endpoint = Private(9_000_000) });

        Assert.That(TakeAll(cache), Is.EqualTo(new[] { At(0, 3), At(0, 1), At(0, 2) }));
    }

    [Test]
    public void A_cache_without_places_stays_empty()
    {
        ReplacementCache cache = new(0, 2);

        cache.Put(At(0, 1), proven: true);

        Assert.That(cache.Count, Is.Zero);
    }

    [Test]
    public void A_candidate_is_taken_from_its_position_and_what_is_proven_stays_proven([Range(0, 3)] int position)
    {
        Contact[] contacts = [At(0, 2), At(0, 4), At(0, 1), At(0, 3)];
        ReplacementCache cache = new(4, 2);
        foreach (Contact contact in contacts)
        {
            cache.Put(contact, proven: contact == At(0, 1) || contact == At(0, 3));
        }

        Contact taken = cache.TakeAt(position);
        cache.Put(At(0, 5), proven: false);

        List<Contact> left = [.. contacts.Where((_, index) => index != position)];
        left.Insert(position < 2 ? 1 : 2, At(0, 5));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken, Is.EqualTo(contacts[position]));
            Assert.That(cache.Contacts.ToArray(), Is.EqualTo(left));
        }
    }

    /// <summary>The best first.</summary>
    private static IEnumerable<Contact> TakeAll(ReplacementCache cache) => cache.Contacts.ToArray().Reverse();
}
