using System.Net;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Node.Hub;

namespace Violence.Kademlia.Tests.Node;

/// <summary>Names, leases, players and bounds of what is announced to a hub; the time is handed in.</summary>
[TestFixture]
public sealed class HubTableTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(15);
    private static readonly SourceKey Here = SourceKey.Of(IPAddress.Parse("192.0.2.1"));
    private static readonly SourceKey There = SourceKey.Of(IPAddress.Parse("192.0.2.2"));

    [Test]
    public void A_name_is_its_first_holders_until_that_one_is_not_heard_of_any_more()
    {
        HubTable table = Table();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Announce(table, "Arena", Here, at: 0), Is.EqualTo(HubAdmission.Registered));
            Assert.That(Announce(table, "ARENA", There, at: 1), Is.EqualTo(HubAdmission.NameTaken));
            Assert.That(Announce(table, "Arena", Here, at: 1, address: "192.0.2.50:2"), Is.EqualTo(HubAdmission.NameTaken));
            Assert.That(Announce(table, "Arena", Here, at: 10), Is.EqualTo(HubAdmission.Registered));
            Assert.That(Announce(table, "Arena", There, at: 24.9), Is.EqualTo(HubAdmission.NameTaken));
            Assert.That(Announce(table, "Arena", There, at: 25), Is.EqualTo(HubAdmission.Registered));
        }
    }

    [Test]
    public void A_server_that_leaves_takes_no_player_along_who_has_moved_on()
    {
        HubTable table = Table();
        Announce(table, "Old", Here, 0, players: ["stayer", "mover"]);
        Announce(table, "New", There, 1, players: ["mover"]);

        // The old server has not noticed yet.
        Announce(table, "Old", Here, 2, players: ["stayer", "mover"]);
        string? beforeLeaving = WhereIs(table, "mover", 2);
        Announce(table, "New", There, 10, players: ["mover"]);
        IReadOnlyList<string> ended = table.Expire(TimeSpan.FromMinutes(17));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(beforeLeaving, Is.EqualTo("New"));
            Assert.That(ended, Is.EqualTo(new[] { "old" }));
            Assert.That((WhereIs(table, "mover", 17), WhereIs(table, "stayer", 17)), Is.EqualTo(("New", (string?)null)));
        }
    }

    [Test]
    public void A_player_who_left_is_on_no_server_and_one_whose_server_is_silent_neither()
    {
        HubTable table = Table();
        Announce(table, "Arena", Here, 0, players: ["a", "b"]);
        Announce(table, "Arena", Here, 1, players: ["a"]);

        Assert.That((WhereIs(table, "a", 1), WhereIs(table, "b", 1), WhereIs(table, "a", 16)), Is.EqualTo(("Arena", (string?)null, (string?)null)));
    }

    [Test]
    public void A_full_table_and_a_source_with_its_share_take_no_more_but_keep_what_they_have()
    {
        HubTable table = new(mostServers: 3, mostPerSource: 2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Announce(table, "a", Here, 0), Is.EqualTo(HubAdmission.Registered));
            Assert.That(Announce(table, "b", Here, 0), Is.EqualTo(HubAdmission.Registered));
            Assert.That(Announce(table, "c", Here, 0), Is.EqualTo(HubAdmission.SourceFull));
            Assert.That(Announce(table, "c", There, 5), Is.EqualTo(HubAdmission.Registered));
            Assert.That(Announce(table, "d", There, 5), Is.EqualTo(HubAdmission.Full));
            Assert.That(Announce(table, "c", There, 6), Is.EqualTo(HubAdmission.Registered));
            Assert.That(table.Expire(TimeSpan.FromMinutes(15)), Is.EqualTo(new[] { "a", "b" }));
            Assert.That(Announce(table, "d", Here, 15), Is.EqualTo(HubAdmission.Registered));
        }
    }

    [Test]
    public void A_budget_refills_evenly_and_each_source_has_its_own()
    {
        SourceBudgets budgets = new(perMinute: 60);
        bool[] first = [.. Enumerable.Range(0, 61).Select(_ => budgets.TryTake(Here, TimeSpan.Zero))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Count(taken => taken), Is.EqualTo(60));
            Assert.That(budgets.TryTake(There, TimeSpan.Zero), Is.True);
            Assert.That(budgets.TryTake(Here, TimeSpan.FromSeconds(0.9)), Is.False);
            Assert.That(budgets.TryTake(Here, TimeSpan.FromSeconds(1.9)), Is.True);
        }
    }

    [Test]
    public void Sources_beyond_the_limit_share_one_budget()
    {
        SourceBudgets budgets = new(perMinute: 60);
        for (int i = 0; i < SourceBudgets.MostSources; i++)
        {
            budgets.TryTake(new SourceKey(IsIPv6: false, (ulong)i), TimeSpan.Zero);
        }

        int taken = Enumerable.Range(0, 200).Count(i => budgets.TryTake(new SourceKey(IsIPv6: true, (ulong)i), TimeSpan.Zero));

        Assert.That(taken, Is.EqualTo(60));
    }

    [Test]
    public void An_address_mapped_to_IPv6_is_the_IPv4_source_and_a_network_of_64_bits_is_one()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(SourceKey.Of(IPAddress.Parse("::ffff:192.0.2.1")), Is.EqualTo(Here));
            Assert.That(SourceKey.Of(IPAddress.Parse("2001:db8::1")), Is.EqualTo(SourceKey.Of(IPAddress.Parse("2001:db8::2"))));
            Assert.That(SourceKey.Of(IPAddress.Parse("2001:db8:0:1::1")), Is.Not.EqualTo(SourceKey.Of(IPAddress.Parse("2001:db8::1"))));
        }
    }

    [TestCase(30, "30s")]
    [TestCase(150, "2m30s")]
    [TestCase(8130, "2h15m30s")]
    [TestCase(90000, "25h0m0s")]
    public void Uptime_is_written_as_the_wire_has_it(int seconds, string expected) =>
        Assert.That(HubAnswers.Uptime(TimeSpan.FromSeconds(seconds)), Is.EqualTo(expected));

    private static HubTable Table() => new(mostServers: 100, mostPerSource: 100);

    private static HubAdmission Announce(
        HubTable table, string name, SourceKey source, double at, string address = "192.0.2.50:1", string[]? players = null) =>
        table.Announce(
            new HubAnnouncement { Server = new ServerInfo { Name = name, Address = address, Genre = "horror" }, PlayerIds = players ?? [] },
            source,
            Lease,
            TimeSpan.FromMinutes(at));

    private static string? WhereIs(HubTable table, string player, double at) =>
        table.TryFindPlayer(player, TimeSpan.FromMinutes(at), out ServerInfo? server) ? server.Name : null;
}
