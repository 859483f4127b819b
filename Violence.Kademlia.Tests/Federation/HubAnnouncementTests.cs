using System.Text;
using System.Text.Json;
using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>The hub's wire and the directory's values: what is read, what is refused, and that nothing throws.</summary>
public sealed class HubAnnouncementTests
{
    private const string Whole =
        """{"name":"my-server","address":"game.example.com:7777","region":"us-east","genre":"Horror","players":5,"maxPlayers":16,"playerList":["p-1"],"timestamp":"2026-03-01T12:00:00Z","extra":{"a":[1]}}""";

    [Test]
    public void An_announcement_is_read_as_the_wire_has_it()
    {
        bool isRead = HubAnnouncement.TryParse(Encoding.UTF8.GetBytes(Whole), out HubAnnouncement? read, out var problems);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.True);
            Assert.That(problems, Is.Empty);
            Assert.That(read!.Server, Is.EqualTo(new ServerInfo
            {
                Name = "my-server",
                Address = "game.example.com:7777",
                Region = "us-east",
                Genre = "horror",
                Players = 5,
                MaxPlayers = 16,
            }));
            Assert.That(read.PlayerIds, Is.EqualTo(new[] { "p-1" }));
            Assert.That(read.Timestamp, Is.EqualTo(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        }
    }

    [Test]
    public void What_is_written_is_read_as_the_same()
    {
        _ = HubAnnouncement.TryParse(Encoding.UTF8.GetBytes(Whole), out HubAnnouncement? announcement, out _);
        using MemoryStream written = new();
        using (Utf8JsonWriter writer = new(written))
        {
            announcement!.WriteTo(writer);
        }

        _ = HubAnnouncement.TryParse(written.ToArray(), out HubAnnouncement? again, out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(again!.Server, Is.EqualTo(announcement!.Server));
            Assert.That(again.PlayerIds, Is.EqualTo(announcement.PlayerIds));
            Assert.That(again.Timestamp, Is.EqualTo(announcement.Timestamp));
        }
    }

    [TestCase("""{"name":"a","address":"h:1","genre":"g","playerList":null,"region":null,"timestamp":"long ago"}""")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","region":"","maxPlayers":0}""")]
    public void What_is_absent_null_or_empty_has_its_default(string json)
    {
        bool isRead = HubAnnouncement.TryParse(Encoding.UTF8.GetBytes(json), out HubAnnouncement? read, out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.True);
            Assert.That(read!.Server.Region, Is.EqualTo("unknown"));
            Assert.That(read.PlayerIds, Is.Empty);
            Assert.That(read.Timestamp, Is.Null);
        }
    }

    [TestCase("not json", "$")]
    [TestCase("", "$")]
    [TestCase("[]", "$")]
    [TestCase("null", "$")]
    [TestCase("""{"name":"\ud800","address":"h:1","genre":"g"}""", "$")]
    [TestCase("""{"name":5,"address":"h:1","genre":"g"}""", "name")]
    [TestCase("""{"name":"a","address":"0.0.0.0:1","genre":"g"}""", "address")]
    [TestCase("""{"name":"a","address":"h:1"}""", "genre")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","players":"5"}""", "players")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","players":1e99}""", "players")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","players":9,"maxPlayers":8}""", "players")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","playerList":"p"}""", "playerList")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","playerList":["p",7]}""", "playerList[1]")]
    [TestCase("""{"name":"a","address":"h:1","genre":"g","playerList":["é"]}""", "playerList[0]")]
    public void What_breaks_a_rule_is_refused_with_the_field(string json, string field)
    {
        bool isRead = HubAnnouncement.TryParse(Encoding.UTF8.GetBytes(json), out _, out var problems);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.False);
            Assert.That(problems.Select(problem => problem.Field), Is.EqualTo(new[] { field }));
        }
    }

    [Test]
    public void More_than_200_players_are_refused()
    {
        string players = string.Join(',', Enumerable.Range(0, 201).Select(i => $"\"p{i}\""));

        bool isRead = HubAnnouncement.TryParse(
            Encoding.UTF8.GetBytes($$"""{"name":"a","address":"h:1","genre":"g","playerList":[{{players}}]}"""), out _, out var problems);

        Assert.That((isRead, problems.Single().Value), Is.EqualTo((false, "a list of 201")));
    }

    [Test]
    public void Any_bytes_are_judged_without_an_exception() => Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, Whole.Length]).Sample((noise, at) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Whole);
        noise.AsSpan(0, Math.Min(noise.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
        foreach (byte[] message in new[] { noise, bytes })
        {
            bool isRead = HubAnnouncement.TryParse(message, out HubAnnouncement? read, out var problems);
            Assert.That(isRead, Is.EqualTo(problems.Count == 0).And.EqualTo(read is not null));
            _ = HubQuery.TryParse(message, out _, out _);
            _ = HubPlayerQuestion.TryParse(message, out _, out _);
        }
    });

    [Test]
    public void A_query_leaves_open_what_is_empty_or_zero()
    {
        _ = HubQuery.TryParse("""{"genre":"","region":"EU-west","minPlayers":0,"maxPlayers":0}"""u8.ToArray(), out HubQuery? query, out _);

        Assert.That(query, Is.EqualTo(new HubQuery { Region = "eu-west" }));
    }

    [TestCase("""{"genre":"a b"}""", "genre")]
    [TestCase("""{"minPlayers":3,"maxPlayers":2}""", "minPlayers")]
    [TestCase("""{"minPlayers":-1}""", "minPlayers")]
    [TestCase("""{"region":[]}""", "region")]
    public void A_query_that_breaks_a_rule_is_refused_with_the_field(string json, string field)
    {
        bool isRead = HubQuery.TryParse(Encoding.UTF8.GetBytes(json), out _, out var problems);

        Assert.That((isRead, problems.Single().Field), Is.EqualTo((false, field)));
    }

    [Test]
    public void Parameters_of_an_address_are_read_and_unknown_ones_refused()
    {
        _ = HubQuery.TryParse([new("genre", "FPS"), new("hasFreeSlots", "true"), new("maxPlayers", "0"), new("limit", "5")], out HubQuery? query, out _);
        bool isRead = HubQuery.TryParse([new("genre", "fps"), new("colour", "red"), new("limit", "0")], out _, out var problems);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(query, Is.EqualTo(new HubQuery { Genre = "fps", HasFreeSlots = true, MaxPlayers = 0, Limit = 5 }));
            Assert.That(isRead, Is.False);
            Assert.That(problems.Select(problem => problem.Field), Is.EqualTo(new[] { "\"colour\"", "limit" }));
        }
    }

    [TestCase("""{"playerID":""}""")]
    [TestCase("{}")]
    [TestCase("""{"playerID":7}""")]
    public void A_player_without_an_id_is_refused(string json)
    {
        bool isRead = HubPlayerQuestion.TryParse(Encoding.UTF8.GetBytes(json), out _, out var problems);

        Assert.That((isRead, problems.Single().Field), Is.EqualTo((false, "playerID")));
    }
}
