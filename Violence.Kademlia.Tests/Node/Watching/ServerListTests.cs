using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Watching;

[TestFixture]
internal sealed class ServerListTests
{
    [Test]
    public void Events_that_come_late_change_nothing()
    {
        ServerList list = WatchSamples.ListOf(WatchSamples.Listing("a", players: 5, sequence: 3));

        ServerList after = list
            .Apply(WatchSamples.Joined("a", players: 1, sequence: 2))
            .Apply(new WatchEvent(WatchKind.Left, WatchSamples.Listing("a", sequence: 2)))
            .Apply(new WatchEvent(WatchKind.Left, WatchSamples.Listing("b")))
            .Apply(new WatchEvent(WatchKind.Measured, WatchSamples.Listing("c") with { Ping = TimeSpan.FromMilliseconds(1) }));

        Assert.That(after.Servers, Is.EqualTo(list.Servers));
    }

    [Test]
    public void A_round_trip_outlives_a_change_of_the_server()
    {
        ServerList list = WatchSamples.ListOf(WatchSamples.Listing("a"))
            .Apply(new WatchEvent(WatchKind.Measured, WatchSamples.Listing("a") with { Ping = TimeSpan.FromMilliseconds(7) }))
            .Apply(new WatchEvent(WatchKind.Changed, WatchSamples.Listing("a", players: 9, sequence: 2)));

        ServerListing one = list.Servers.Values.Single();
        Assert.That((one.Server.Players, one.Ping), Is.EqualTo((9, (TimeSpan?)TimeSpan.FromMilliseconds(7))));
    }

    [Test]
    public void A_list_does_not_grow_without_end()
    {
        ServerList list = WatchSamples.ListOf([.. Enumerable.Range(0, ServerList.MaxServers + 5).Select(i => WatchSamples.Listing($"s{i}"))]);

        Assert.That(list.Count, Is.EqualTo(ServerList.MaxServers));
    }
}
