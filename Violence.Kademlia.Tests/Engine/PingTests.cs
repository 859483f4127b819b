using System.Net;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Round trips to endpoints that somebody names.</summary>
[TestFixture]
internal sealed class PingTests
{
    private static readonly NodeEndpoint Nobody = NodeEndpoint.From(new IPEndPoint(IPAddress.Parse("10.9.9.9"), 4_001));

    [Test]
    public void A_ping_measures_the_way_there_and_back_of_a_stranger()
    {
        var network = new VirtualNetwork(1_201);
        VirtualNode asker = network.Add();
        VirtualNode stranger = network.Add();

        PingOperation ping = Ping(network, asker, stranger.Endpoint);

        Assert.That((ping.Status, ping.RoundTrip), Is.EqualTo((PingStatus.Answered, (TimeSpan?)(2 * network.Delay))));
    }

    [Test]
    public void A_ping_of_a_node_that_knows_an_older_cookie_is_asked_anew_and_measures_the_second_try()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 1_202);
        VirtualNode asker = network.Nodes[0];
        VirtualNode other = network.Nodes[1];
        Ping(network, asker, other.Endpoint);
        other.Crash();
        VirtualNode again = network.Create(identity: other.Identity, endpoint: other.Endpoint);
        again.Start();

        PingOperation ping = Ping(network, asker, other.Endpoint);

        Assert.That((ping.Status, ping.RoundTrip, ping.Requests), Is.EqualTo((PingStatus.Answered, (TimeSpan?)(2 * network.Delay), 2)));
    }

    [Test]
    public void Where_nobody_is_one_short_datagram_goes_and_a_second_is_waited()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(4, seed: 1_203);
        List<int> sent = [];
        network.Observer = (_, to, datagram) =>
        {
            if (to == Nobody)
            {
                sent.Add(datagram.Length);
            }
        };

        PingOperation ping = Ping(network, network.Nodes[0], Nobody);
        network.RunFor(TimeSpan.FromSeconds(10));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((ping.Status, ping.RoundTrip, ping.Elapsed), Is.EqualTo((PingStatus.Silent, (TimeSpan?)null, PingOperation.Patience)));
            Assert.That(sent, Is.EqualTo(new[] { WireLimits.MinRequest }));
        }
    }

    [Test]
    public void A_ping_is_not_repeated_to_a_contact_either()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(4, seed: 1_206);
        VirtualNode asker = network.Nodes[0];
        NodeEndpoint known = network.Nodes[1].Endpoint;
        network.IsBlocked = (_, to) => to == known;
        int sent = 0;
        network.Observer = (from, to, _) => sent += from == asker.Endpoint && to == known ? 1 : 0;

        PingOperation ping = Ping(network, asker, known);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((ping.Status, sent), Is.EqualTo((PingStatus.Silent, 1)));
            Assert.That(asker.Engine.Knows(network.Nodes[1].Contact), Is.True, "one lost ping is no death");
        }
    }

    [TestCase("127.0.0.1", 4_001)]
    [TestCase("10.0.0.1", 4_001)]
    [TestCase("192.168.0.1", 4_001)]
    [TestCase("172.16.0.1", 4_001)]
    [TestCase("169.254.0.1", 4_001)]
    [TestCase("100.64.0.1", 4_001)]
    [TestCase("::1", 4_001)]
    [TestCase("fe80::1", 4_001)]
    [TestCase("fd00::1", 4_001)]
    [TestCase("::ffff:10.0.0.1", 4_001)]
    [TestCase("224.0.0.1", 4_001)]
    [TestCase("8.8.4.4", 0)]
    public void On_a_public_network_nothing_is_sent_into_private_ones_or_nowhere(string address, int port)
    {
        (VirtualNetwork network, VirtualNode asker) = PublicNetwork();
        var target = NodeEndpoint.From(new IPEndPoint(IPAddress.Parse(address), port));
        bool isSent = false;
        network.Observer = (_, to, _) => isSent |= to == target;

        PingOperation ping = Ping(network, asker, target);

        Assert.That((ping.Status, ping.RoundTrip, isSent), Is.EqualTo((PingStatus.Refused, (TimeSpan?)null, false)));
    }

    [Test]
    public void A_network_is_public_by_the_nodes_met_until_an_external_address_is_known()
    {
        (VirtualNetwork network, VirtualNode asker) = PublicNetwork();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(asker.Engine.ExternalEndpoint(network.Now), Is.Null);
            Assert.That(asker.Engine.IsOnPublicNetwork(network.Now), Is.True);
            Assert.That(VirtualNetwork.OfSize(4, seed: 1_205).Nodes[0].Engine.IsOnPublicNetwork(network.Now), Is.False);
        }
    }

    private static PingOperation Ping(VirtualNetwork network, VirtualNode asker, NodeEndpoint target) =>
        network.Run<PingOperation>(asker, (engine, now) => engine.Ping(target, now));

    /// <summary>A node behind a router, with one contact at a public address.</summary>
    private static (VirtualNetwork Network, VirtualNode Asker) PublicNetwork()
    {
        var network = new VirtualNetwork(1_204);
        VirtualNode far = network.Create(endpoint: NodeEndpoint.From(new IPEndPoint(IPAddress.Parse("8.8.8.8"), 4_001)));
        far.Start();
        VirtualNode asker = network.Add(through: far);
        network.RunFor(TimeSpan.FromSeconds(5));
        return (network, asker);
    }
}
