using CsCheck;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Players;

/// <summary>Whose word about a player counts.</summary>
[TestFixture]
internal sealed class PlayerReadingTests
{
    private static readonly PlayerPlaceKey Key = PlayerSamples.Keys.Of("p-123");
    private static readonly NodeId First = DirectorySamples.Owner(1);
    private static readonly NodeId Second = DirectorySamples.Owner(2);

    [Test]
    public void The_word_that_has_stood_the_shortest_time_counts_whatever_its_owner_dates_it()
    {
        PlayerLookupResult result = PlayerSamples.Read(
            Key,
            PlayerSamples.Found(Key, First, Row("old", minutesAgo: 1), heldSeconds: 600),
            PlayerSamples.Found(Key, Second, Row("new", minutesAgo: 100), heldSeconds: 2));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Status, Is.EqualTo(PlayerLookupStatus.Found));
            Assert.That((result.Place?.ServerName, result.Place?.Owner), Is.EqualTo(("new", Second)));
            Assert.That(result.Others.Select(place => place.ServerName), Is.EqualTo(["old"]));
        }
    }

    [Test]
    public void Of_words_that_stood_as_long_the_later_dated_counts_then_the_smaller_owner()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                Winner(PlayerSamples.Found(Key, First, Row("a", 2)), PlayerSamples.Found(Key, Second, Row("b", 1))), Is.EqualTo("b"));
            Assert.That(
                Winner(PlayerSamples.Found(Key, First, Row("a", 1)), PlayerSamples.Found(Key, Second, Row("b", 1))), Is.EqualTo("a"));
        }
    }

    [Test]
    public void A_date_in_the_future_counts_as_that_of_the_signature() =>
        Assert.That(
            Winner(PlayerSamples.Found(Key, First, Row("honest", 0)), PlayerSamples.Found(Key, Second, Row("boasting", -60))),
            Is.EqualTo("honest"));

    [Test]
    public void A_word_that_is_dying_out_does_not_pass_for_the_newest()
    {
        // One of three holders has it: the median counts it as held for no time.
        string? winner = Winner(
            PlayerSamples.Found(Key, First, Row("dying", 60), heldSeconds: 0, holders: 1),
            PlayerSamples.Found(Key, Second, Row("there", 1), heldSeconds: 30, holders: 3));

        Assert.That(winner, Is.EqualTo("there"));
    }

    [Test]
    public void A_word_that_is_just_arriving_is_the_newest_already()
    {
        string? winner = Winner(
            PlayerSamples.Found(Key, First, Row("left", 60), heldSeconds: 600, holders: 3),
            PlayerSamples.Found(Key, Second, Row("there", 0), heldSeconds: 0, holders: 1));

        Assert.That(winner, Is.EqualTo("there"));
    }

    [Test]
    public void A_word_that_one_node_has_counts_when_there_is_no_other() =>
        Assert.That(Winner(PlayerSamples.Found(Key, First, Row("only", 1), heldSeconds: 0, holders: 1)), Is.EqualTo("only"));

    [Test]
    public void A_farewell_a_tombstone_and_rubbish_are_no_places()
    {
        PlayerLookupResult result = PlayerSamples.Read(
            Key,
            PlayerSamples.Found(Key, First, payload: []),
            PlayerSamples.Found(Key, First, payload: null, label: "t"),
            PlayerSamples.Found(Key, First, payload: [1, 2, 3], label: "r"),
            PlayerSamples.Found(Key, Second, PlayerSamples.Seal(Key, First, PlayerSamples.Row)));

        Assert.That((result.Status, result.Place, result.Others.Count), Is.EqualTo((PlayerLookupStatus.NotFound, (PlayerPlace?)null, 0)));
    }

    [Test]
    public void An_owner_comes_once_with_its_newest_word_and_others_are_bounded()
    {
        FoundRecord[] stays = [.. Enumerable.Range(1, 5).Select(i => PlayerSamples.Found(Key, First, Row($"stay-{i}", 1), heldSeconds: 10 * i, label: $"{i}"))];
        FoundRecord[] many = [.. Enumerable.Range(10, 100).Select(i => PlayerSamples.Found(Key, DirectorySamples.Owner((uint)i), Row($"s-{i}", 1), heldSeconds: 100))];

        PlayerLookupResult result = PlayerSamples.Read(Key, [.. many, .. stays]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Place?.ServerName, Is.EqualTo("stay-1"));
            Assert.That(result.Others, Has.Count.EqualTo(PlayerReading.MaxOthers));
            Assert.That(result.Others.Select(place => place.Owner), Is.Unique.And.Not.Contain(First));
        }
    }

    [TestCase(GetStatus.NoPeers, PlayerLookupStatus.NoPeers)]
    [TestCase(GetStatus.NotFound, PlayerLookupStatus.NotFound)]
    [TestCase(GetStatus.Withdrawn, PlayerLookupStatus.NotFound)]
    public void Without_a_record_the_status_says_whether_anybody_answered(GetStatus status, PlayerLookupStatus expected) =>
        Assert.That(PlayerReading.Read(Key, status, [], default).Status, Is.EqualTo(expected));

    [Test]
    public void The_order_in_which_words_come_has_no_say() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 8].Sample(drawn =>
        {
            PlayerClaim[] claims = [.. drawn.Select((draw, i) => new PlayerClaim(DirectorySamples.Owner((uint)i), Row($"s{i}", draw.Item1), draw.Item2, TimeSpan.FromSeconds(draw.Item3)))];
            return PlayerReading.Rank(claims).SequenceEqual(PlayerReading.Rank([.. claims.Reverse()]));
        });

    private static PlayerRow Row(string server, int minutesAgo) =>
        new(server, "203.0.113.7:27015", DirectorySamples.Issued - TimeSpan.FromMinutes(minutesAgo));

    private static string? Winner(params FoundRecord[] records) => PlayerSamples.Read(Key, records).Place?.ServerName;
}
