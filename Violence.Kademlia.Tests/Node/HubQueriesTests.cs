using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Node.Hub;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
internal sealed class HubQueriesTests
{
    private static readonly NodeId Self = new(1, 0, 0);
    private static readonly NodeId Other = new(2, 0, 0);

    [TestCase(ServerLiveness.Live, false, true)]
    [TestCase(ServerLiveness.Unknown, false, true)]
    [TestCase(ServerLiveness.Stale, false, false)]
    [TestCase(ServerLiveness.Stale, true, true)]
    public void Servers_that_have_crashed_are_passed_on_only_when_asked_for(ServerLiveness liveness, bool includeStale, bool isListed)
    {
        Assert.That(HubQueries.IsListed(Row(Other, liveness), new HubQuery { IncludeStale = includeStale }, Self), Is.EqualTo(isListed));
    }

    [Test]
    public void What_this_node_signed_is_left_to_its_own_table()
    {
        Assert.That(HubQueries.IsListed(Row(Self, ServerLiveness.Live), new HubQuery { IncludeStale = true }, Self), Is.False);
    }

    [Test]
    public void Whether_stale_ones_are_wanted_is_read_from_the_address()
    {
        Assert.That(HubQuery.TryParse([new("includeStale", "true")], out HubQuery? query, out _), Is.True);
        Assert.That(query!.IncludeStale, Is.True);
    }

    [Test]
    public void Everything_a_query_can_ask_is_read_from_the_address()
    {
        bool isRead = HubQuery.TryParse(
            [new("mode", "CTF"), new("hasPassword", "false"), new("version", "1.2"), new("tag", "PvP"), new("tag", "eu")], out HubQuery? query, out _);

        Assert.That(isRead, Is.True);
        ServerQuery asked = query!.ForGenre("arena");
        Assert.That((asked.Mode, asked.HasPassword, asked.Version), Is.EqualTo(("ctf", (bool?)false, "1.2")));
        Assert.That(asked.Tags, Is.EqualTo(new[] { "pvp", "eu" }));
        Assert.That(HubQuery.TryParse([new("tag", "a b")], out _, out IReadOnlyList<HubProblem> problems), Is.False);
        Assert.That(problems.Single().Field, Does.Contain("Tags").IgnoreCase);
    }

    private static ServerListing Row(NodeId owner, ServerLiveness liveness) => new()
    {
        Server = new ServerInfo { Name = "A", Address = "192.0.2.1:1", Genre = "g" },
        Owner = owner,
        Fingerprint = "",
        Sequence = 1,
        AnnouncedAt = default,
        Holders = 1,
        Liveness = liveness,
    };
}
