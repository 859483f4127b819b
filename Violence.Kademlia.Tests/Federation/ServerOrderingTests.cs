using CsCheck;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Tests.Federation.Pings;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerOrderingTests
{
    private static readonly ServerListing[] Rows =
    [
        Row(1, "delta", players: 3, ping: 20),
        Row(2, "Bravo", players: 9, ping: null),
        Row(3, "bravo", players: 3, ping: 5),
        Row(4, "alpha", players: 0, ping: null),
        Row(5, "charlie", players: 9, ping: 20),
    ];

    [TestCase(ServerOrder.Name, "alpha Bravo bravo charlie delta")]
    [TestCase(ServerOrder.Players, "Bravo charlie bravo delta alpha")]
    [TestCase(ServerOrder.Ping, "bravo charlie delta alpha Bravo")]
    public void Equal_ones_are_told_apart_by_name_then_owner_and_unknown_pings_come_last(ServerOrder order, string expected) =>
        Assert.That(string.Join(' ', ServerOrdering.Best(Rows, order, 10).Select(listing => listing.Server.Name)), Is.EqualTo(expected));

    [Test]
    public void The_limit_cuts_after_all_are_in_order() =>
        Assert.That(ServerOrdering.Best(Rows, ServerOrder.Players, 2).Select(listing => listing.Server.Players), Is.EqualTo(new[] { 9, 9 }));

    [TestCase(5, "alpha Bravo bravo charlie delta")]
    [TestCase(4, "alpha Bravo bravo charlie")]
    [TestCase(3, "Bravo bravo charlie")]
    [TestCase(2, "Bravo bravo")]
    public void Where_the_limit_cuts_stale_servers_give_way_and_the_order_stays(int limit, string expected)
    {
        ServerListing[] rows = [.. Rows.Select(static row => row.Server.Name is "alpha" or "delta"
            ? row with { Liveness = ServerLiveness.Stale }
            : row with { Liveness = ServerLiveness.Live })];

        Assert.That(string.Join(' ', ServerOrdering.Best(rows, ServerOrder.Name, limit).Select(listing => listing.Server.Name)), Is.EqualTo(expected));
    }

    [Test]
    public void The_order_of_arrival_has_no_say() =>
        Gen.Select(Gen.Shuffle(Rows), Gen.Enum<ServerOrder>()).Sample((rows, order) =>
            ServerOrdering.Best(rows, order, 4).SequenceEqual(ServerOrdering.Best(Rows, order, 4)));

    private static ServerListing Row(uint owner, string name, int players, int? ping) =>
        PingPlanTests.Listing(owner, name, "192.0.2.1:1", 1) is var row
            ? row with { Server = row.Server with { Players = players, MaxPlayers = 0 }, Ping = ping is { } ms ? TimeSpan.FromMilliseconds(ms) : null }
            : throw new InvalidOperationException();
}
