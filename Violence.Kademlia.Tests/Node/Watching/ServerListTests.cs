using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Watching;

[TestFixture]
internal sealed class ServerListTests
{
    private static readonly Gen<ServerListing[]> Listed = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 2], Gen.UInt[1, 2])
        .Select((name, players, owner) => WatchSamples.Listing($"s{name}", players, owner)).Array[0, 10];

    [Test]
    public void Told_what_has_changed_a_list_becomes_what_is_listed_now() => Gen.Select(Listed, Listed).Sample((before, now) =>
    {
        ServerList list = WatchSamples.ListOf(before);
        ServerList then = list.Compare(now).Aggregate(list, (all, happened) => all.Apply(happened));
        return then.Servers.Select(Said).SequenceEqual(WatchSamples.ListOf([.. now.Reverse()]).Servers.Select(Said));
    });

    [Test]
    public void A_list_has_nothing_to_tell_of_itself() =>
        Listed.Sample(listed => WatchSamples.ListOf([.. listed.Reverse()]).Compare(listed).Count == 0);

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
    public void A_row_that_was_only_signed_anew_is_no_change() =>
        Assert.That(WatchSamples.ListOf(WatchSamples.Listing("a")).Compare([WatchSamples.Listing("a", sequence: 2)]), Is.Empty);

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

    private static (ServerKey Key, ServerInfo Server) Said(KeyValuePair<ServerKey, ServerListing> row) => (row.Key, row.Value.Server);
}
