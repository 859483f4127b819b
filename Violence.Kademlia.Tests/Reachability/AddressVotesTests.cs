using System.Net;
using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Reachability;

namespace Violence.Kademlia.Tests.Reachability;

[TestFixture]
public sealed class AddressVotesTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(10_000);
    private static readonly NodeEndpoint Mine = Endpoint("203.0.113.9", 4000);
    private static readonly NodeEndpoint Lie = Endpoint("198.51.100.66", 666);

    [TestCase(1, false)]
    [TestCase(2, false)]
    [TestCase(3, true)]
    [TestCase(30, true)]
    public void Three_observers_in_different_networks_make_an_address(int observers, bool isKnown)
    {
        var votes = new AddressVotes();
        for (int i = 0; i < observers; i++)
        {
            votes.Add(Public(i), Mine, Start);
        }

        Assert.That(votes.External(Start), Is.EqualTo(isKnown ? Mine : (NodeEndpoint?)null));
    }

    [Test]
    public void Two_networks_that_look_alike_at_a_glance_have_a_vote_each()
    {
        // Folded to 32 bits both are 0x00012a00.
        NodeEndpoint mine = Endpoint("2001:db8:1::1", 4000);
        NodeEndpoint twin = Endpoint("2a01:1:1::1", 4000);
        var votes = new AddressVotes();
        votes.Add(Endpoint("2a00:1::1", 4000), mine, Start);
        votes.Add(twin, mine, Start);
        votes.Add(Endpoint("2a02:7::1", 4000), mine, Start);
        NodeEndpoint? seen = votes.External(Start);

        votes.Add(twin, Endpoint("2001:db8:bad::1", 4000), Start);

        Assert.That((seen, votes.External(Start)), Is.EqualTo(((NodeEndpoint?)mine, (NodeEndpoint?)null)), "three agree, then two of three");
    }

    [Test]
    public void A_network_has_one_vote_however_many_nodes_it_runs()
    {
        var votes = new AddressVotes();
        for (int i = 1; i < 250; i++)
        {
            votes.Add(Endpoint($"198.51.100.{i}", 4000 + i), Lie, Start);
            votes.Add(Endpoint($"2001:db8:5:{i}::1", 4000), Endpoint("2001:db8:bad::1", 4000), Start);
        }

        Assert.That(votes.External(Start), Is.Null);
    }

    [Test]
    public void Liars_of_one_network_never_win_against_three_honest_networks_whatever_the_order() =>
        Gen.Int[0, 255].Array[0, 120].Sample(
            order =>
            {
                var votes = new AddressVotes();
                foreach (int who in order)
                {
                    // The low two bits tell honest networks from the liars' one.
                    votes.Add(who % 4 == 0 ? Endpoint($"198.51.100.{who}", 4000) : Public(who % 4), who % 4 == 0 ? Lie : Mine, Start);
                    Assert.That(votes.External(Start), Is.Null.Or.EqualTo(Mine));
                }

                bool allSpoke = Enumerable.Range(1, 3).All(honest => Array.Exists(order, who => who % 4 == honest));
                Assert.That(votes.External(Start) == Mine, Is.EqualTo(allSpoke));
            },
            iter: 300);

    [Test]
    public void What_wins_is_what_most_of_the_latest_32_say_each_network_by_its_last_word() =>
        Gen.Select(Gen.Int[0, 40], Gen.Bool).Array[0, 400].Sample(
            said =>
            {
                var votes = new AddressVotes();
                List<(int Who, NodeEndpoint What)> latest = [];
                foreach ((int who, bool isMine) in said)
                {
                    NodeEndpoint what = isMine ? Mine : Lie;
                    votes.Add(Public(who), what, Start);
                    latest.RemoveAll(vote => vote.Who == who);
                    latest.Add((who, what));
                    latest = latest[^Math.Min(latest.Count, AddressVotes.MaxVotes)..];

                    NodeEndpoint? winner = new[] { Mine, Lie }
                        .Select(candidate => (Candidate: (NodeEndpoint?)candidate, Votes: latest.Count(vote => vote.What == candidate)))
                        .FirstOrDefault(count => count.Votes >= AddressVotes.Quorum && count.Votes * 2 > latest.Count).Candidate;
                    Assert.That(votes.External(Start), Is.EqualTo(winner));
                }
            },
            iter: 100);

    [TestCase(3, 3, false)]
    [TestCase(4, 3, true)]
    [TestCase(5, 4, true)]
    [TestCase(5, 6, false)]
    public void An_address_needs_more_than_half_of_the_votes(int agreeing, int others, bool isKnown)
    {
        var votes = new AddressVotes();
        for (int i = 0; i < agreeing + others; i++)
        {
            // Each of the others sees another port, as behind a symmetric NAT. They are mixed among the agreeing ones.
            bool agrees = i % 2 == 0 ? i / 2 < agreeing : i / 2 >= others;
            votes.Add(Public(i), agrees ? Mine : Endpoint("203.0.113.9", 5000 + i), Start);
        }

        Assert.That(votes.External(Start) == Mine, Is.EqualTo(isKnown));
    }

    [Test]
    public void Votes_count_for_thirty_minutes()
    {
        var votes = new AddressVotes();
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), Mine, Start + TimeSpan.FromMinutes(i));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(votes.External(Start + TimeSpan.FromMinutes(29.9)), Is.EqualTo(Mine));
            Assert.That(votes.External(Start + TimeSpan.FromMinutes(30)), Is.Null);
        }
    }

    [Test]
    public void An_observer_that_sees_something_new_takes_its_old_vote_back()
    {
        var votes = new AddressVotes();
        NodeEndpoint moved = Endpoint("203.0.113.77", 4000);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), Mine, Start);
        }

        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), moved, Start);
        }

        Assert.That(votes.External(Start), Is.EqualTo(moved));
    }

    [Test]
    public void A_changed_address_wins_as_soon_as_most_of_the_latest_32_votes_see_it()
    {
        var votes = new AddressVotes();
        for (int i = 0; i < 500; i++)
        {
            votes.Add(Public(i), Mine, Start + TimeSpan.FromMilliseconds(i));
        }

        NodeEndpoint moved = Endpoint("203.0.113.77", 4000);
        int needed = 0;
        while (votes.External(Start) != moved && needed < 100)
        {
            votes.Add(Public(1000 + needed), moved, Start + TimeSpan.FromSeconds(1 + needed));
            needed++;
        }

        Assert.That(needed, Is.EqualTo(17));
    }

    [Test]
    public void In_a_private_network_addresses_vote_and_ports_do_not()
    {
        var votes = new AddressVotes();
        NodeEndpoint seen = Endpoint("192.168.1.5", 4000);
        for (int i = 0; i < 10; i++)
        {
            votes.Add(Endpoint("192.168.1.20", 4000 + i), seen, Start);
            votes.Add(Endpoint("192.168.1.21", 4000 + i), seen, Start);
        }

        NodeEndpoint? byTwo = votes.External(Start);
        votes.Add(Endpoint("192.168.1.22", 4000), seen, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(byTwo, Is.Null);
            Assert.That(votes.External(Start), Is.EqualTo(seen));
        }
    }

    [Test]
    public void Neighbours_see_another_address_than_the_Internet_and_both_are_right()
    {
        var votes = new AddressVotes();
        NodeEndpoint atHome = Endpoint("192.168.1.5", 4000);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Endpoint($"192.168.1.{20 + i}", 4000), atHome, Start);
        }

        NodeEndpoint? first = votes.External(Start);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), Mine, Start);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(atHome));
            Assert.That(votes.External(Start), Is.EqualTo(Mine));
            Assert.That(votes.Winner(isIPv4: true, isPrivate: true, Start), Is.EqualTo(atHome));
        }
    }

    [Test]
    public void Each_family_has_its_own_address()
    {
        var votes = new AddressVotes();
        NodeEndpoint six = Endpoint("2001:db8:9::1", 4000);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Endpoint($"2001:db8:{100 + i}::1", 4000), six, Start);
        }

        NodeEndpoint? first = votes.External(Start);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), Mine, Start);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(six));
            Assert.That(votes.Winner(isIPv4: false, isPrivate: false, Start), Is.EqualTo(six));
            Assert.That(votes.External(Start), Is.EqualTo(Mine));
        }
    }

    [Test]
    public void Local_IPv6_observers_vote_for_a_local_address()
    {
        var votes = new AddressVotes();
        NodeEndpoint local = Endpoint("fd00::9", 4000);
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Endpoint($"fd00::{1 + i}", 4000), local, Start);
        }

        Assert.That(votes.External(Start), Is.EqualTo(local));
    }

    [TestCase("10.0.0.1", 4000, TestName = "The_Internet_does_not_see_a_private_address")]
    [TestCase("2001:db8::1", 4000, TestName = "An_IPv4_observer_does_not_see_an_IPv6_address")]
    [TestCase("203.0.113.9", 0, TestName = "Nobody_sees_port_0")]
    [TestCase("224.0.0.1", 4000, TestName = "Nobody_sees_a_multicast_address")]
    public void What_cannot_be_true_is_ignored(string address, int port)
    {
        var votes = new AddressVotes();
        for (int i = 0; i < 5; i++)
        {
            votes.Add(Public(i), Endpoint(address, port), Start);
        }

        // It did not even take the honest votes' places.
        for (int i = 0; i < 3; i++)
        {
            votes.Add(Public(i), Mine, Start);
        }

        Assert.That(votes.External(Start), Is.EqualTo(Mine));
    }

    private static NodeEndpoint Public(int number) => NodeEndpoint.FromIPv4([20, (byte)(number >> 8), (byte)number, 1], 4000);

    private static NodeEndpoint Endpoint(string address, int port) =>
        NodeEndpoint.From(IPAddress.Parse(address), (ushort)port);
}
