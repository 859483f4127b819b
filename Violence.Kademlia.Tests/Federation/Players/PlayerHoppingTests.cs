using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Engine;

namespace Violence.Kademlia.Tests.Federation.Players;

/// <summary>A player who does not stay anywhere, in virtual time over whole engines.</summary>
[TestFixture]
internal sealed class PlayerHoppingTests
{
    private static readonly PlayerPlaceKey Key = PlayerSamples.Keys.Of("p-123");
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    [TestCase(0, 0.0)]
    [TestCase(20, 0.0)]
    [TestCase(45, 0.02)]
    public void Who_hops_every_minute_for_an_hour_is_found_on_the_newest_server_within_three_seconds(int farewellSeconds, double loss)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 71);
        network.Loss = loss;
        VirtualNode[] servers = [network.Nodes[3], network.Nodes[11], network.Nodes[17]];
        VirtualNode reader = network.Nodes[22];
        for (int hop = 0; hop < 60; hop++)
        {
            // Back to a server left a minute ago as often as on to a third.
            VirtualNode server = servers[hop % 4 == 3 ? 1 : hop % 4];
            string label = $"stay {hop}";
            Come(network, server, label);
            network.At(network.Now + TimeSpan.FromSeconds(60 + farewellSeconds), () => Leave(network, server, label));
            Instant came = network.Now;
            while (network.Now - came < TimeSpan.FromSeconds(59))
            {
                network.RunFor(Step);
                PlayerPlace? place = Find(network, reader).Place;
                if (network.Now - came >= TimeSpan.FromSeconds(3))
                {
                    Assert.That(place?.Owner, Is.EqualTo(server.Id), $"hop {hop}, {(network.Now - came).TotalSeconds} s after it");
                }
            }

            network.RunFor(TimeSpan.FromSeconds(60) - (network.Now - came));
        }
    }

    [Test]
    public void The_late_farewell_of_the_old_server_does_not_touch_the_row_of_the_new_one()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 72);
        Come(network, network.Nodes[2], "old");
        network.RunFor(TimeSpan.FromSeconds(30));
        Come(network, network.Nodes[5], "new");
        network.RunFor(TimeSpan.FromSeconds(5));
        Leave(network, network.Nodes[2], "old");
        network.RunFor(TimeSpan.FromSeconds(5));

        PlayerLookupResult found = Find(network, network.Nodes[9]);

        Assert.That((found.Place?.Owner, found.Others.Count), Is.EqualTo(((NodeId?)network.Nodes[5].Id, 0)));
    }

    [Test]
    public void Nobody_is_found_on_a_server_that_crashed_once_its_lease_is_over()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 73);
        Come(network, network.Nodes[2], "stay");
        network.RunFor(TimeSpan.FromSeconds(5));
        network.Nodes[2].Crash();

        network.RunFor(Lease - TimeSpan.FromSeconds(10));
        PlayerLookupStatus before = Find(network, network.Nodes[9]).Status;
        network.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(before, Is.EqualTo(PlayerLookupStatus.Found));
        Assert.That(Find(network, network.Nodes[9]).Status, Is.EqualTo(PlayerLookupStatus.NotFound));
    }

    [Test]
    public void A_farewell_outlives_every_replay_of_what_it_buries()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 74);
        PutOperation row = network.Run<PutOperation>(network.Nodes[2], (engine, now) => engine.Put(Key.Position, "stay", Payload(network, network.Nodes[2]), Lease, keepAlive: false, now));
        network.RunFor(TimeSpan.FromSeconds(10));
        Leave(network, network.Nodes[2], "stay");

        for (int minute = 0; minute < 20; minute++)
        {
            network.RunFor(TimeSpan.FromMinutes(1));
            network.Run<PutOperation>(network.Nodes[7], (engine, now) => engine.Publish(row.Record, now));
            Assert.That(Find(network, network.Nodes[9]).Status, Is.EqualTo(PlayerLookupStatus.NotFound), $"minute {minute}");
        }
    }

    private static void Come(VirtualNetwork network, VirtualNode server, string label) =>
        server.Do((engine, now) => engine.Put(Key.Position, label, Payload(network, server), Lease, keepAlive: false, now));

    private static void Leave(VirtualNetwork network, VirtualNode server, string label) =>
        server.Do((engine, now) => engine.Put(Key.Position, label, [], Lease + TimeSpan.FromMinutes(10), keepAlive: false, now));

    private static byte[] Payload(VirtualNetwork network, VirtualNode server) =>
        PlayerSamples.Seal(Key, server.Id, PlayerSamples.Row with { Since = network.Utc });

    private static PlayerLookupResult Find(VirtualNetwork network, VirtualNode reader)
    {
        GetOperation get = network.Run<GetOperation>(
            reader, (engine, now) => engine.Get(Key.Position, GetMode.All, owner: null, limit: 1_000, onRecord: null, now));
        return PlayerReading.Read(Key, get.Status, get.Found, default);
    }
}
