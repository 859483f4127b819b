using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Finds, gets and puts where datagrams vanish, overtake each other and nodes are dead.</summary>
[TestFixture]
internal sealed class LossTests
{
    [Test]
    public void With_a_fifth_of_all_datagrams_lost_everything_is_stored_found_and_bounded([Range(1, 8)] int seed)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 500 + (ulong)seed * 1_000);
        network.Loss = 0.2;
        network.Delay = TimeSpan.FromMilliseconds(20);
        network.Jitter = TimeSpan.FromMilliseconds(60);
        RecordKey[] keys = [.. Enumerable.Range(0, 40).Select(i => RecordKey.FromText("test", $"key {i}"))];
        PutOperation[] puts = [.. keys.Select((key, i) => PutGetTests.Put(network, network.Nodes[i % 30], $"value {i}", key))];
        GetOperation[] gets = [.. keys.Select((key, i) => PutGetTests.Get(network, network.Nodes[(i + 11) % 30], key))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(puts.Select(put => put.Status), Is.All.EqualTo(PutStatus.Stored));
            Assert.That(gets.Select(get => get.Status), Is.All.EqualTo(GetStatus.Found));
            Assert.That(puts.Select(put => put.Requests), Is.All.LessThanOrEqualTo(60));
            Assert.That(puts.Select(put => put.Elapsed), Is.All.LessThan(TimeSpan.FromSeconds(10)));
            Assert.That(gets.Select(PutGetTests.Text), Is.EqualTo(keys.Select((_, i) => $"value {i}")));
            Assert.That(gets.Select(get => get.Requests), Is.All.LessThanOrEqualTo(30));
            Assert.That(gets.Select(get => get.Elapsed), Is.All.LessThan(TimeSpan.FromSeconds(5)));
        }
    }

    [Test]
    public void Where_half_of_the_nodes_are_dead_finds_end_with_the_living_closest()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 502);
        foreach (VirtualNode node in network.Nodes.Where((_, i) => i % 2 == 1))
        {
            node.Crash();
        }

        VirtualNode[] living = [.. network.Nodes.Where(node => node.IsRunning)];
        for (int i = 0; i < 20; i++)
        {
            VirtualNode asker = living[i];
            NodeId target = network.NewNodeId();
            FindNodeOperation find = network.Run<FindNodeOperation>(asker, (engine, now) => engine.FindNode(target, now));
            NodeId[] closest = [.. living.Where(node => node != asker).Select(node => node.Id).OrderBy(id => id.DistanceTo(target)).Take(8)];

            Assert.That(find.Closest.Take(8).Select(contact => contact.Id), Is.EqualTo(closest));
            Assert.That(find.Requests, Is.LessThanOrEqualTo(60));
        }
    }

    [Test]
    public void A_late_answer_counts()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 503);
        VirtualNode node = network.Nodes[0];
        VirtualNode other = network.Nodes[1];

        // A soft time-out is at most a second here, a hard one no less than half a second: 300 ms is late, but counts.
        network.Delay = TimeSpan.FromMilliseconds(150);
        PutOperation put = PutGetTests.Put(network, node, "late");
        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(other.Id, now));

        Assert.That(find.Closest, Has.Count.EqualTo(2));
        Assert.That(put.Holders, Has.Count.EqualTo(2));
        Assert.That(node.Engine.Counters.RequestsTimedOut, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_path_that_is_slow_from_the_start_or_becomes_so_is_soon_waited_for(bool fromTheStart)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 508);
        VirtualNode far = network.Create();
        VirtualNode node = network.Nodes[0];
        void MoveAway() => network.ExtraDelay = (from, to, _) =>
            from == far.Endpoint || to == far.Endpoint ? TimeSpan.FromMilliseconds(120) : TimeSpan.Zero;
        if (fromTheStart)
        {
            MoveAway();
        }

        far.Start(node.Endpoint);
        network.RunFor(TimeSpan.FromMinutes(1));
        MoveAway();
        void Ask(int times)
        {
            for (int i = 0; i < times; i++)
            {
                network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(far.Id, now));
                network.RunFor(TimeSpan.FromSeconds(1));
            }
        }

        Ask(5);
        long before = node.Engine.Counters.RequestsRetransmitted;
        Ask(20);

        Assert.That(node.Engine.Table.Contains(far.Id), Is.True);
        Assert.That(node.Engine.Counters.RequestsRetransmitted - before, Is.Zero);
        Assert.That(node.Engine.Counters.RequestsTimedOut, Is.Zero);
    }

    [Test]
    public void A_liar_who_names_ever_closer_nodes_costs_a_bounded_search_that_still_finds()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 504);
        VirtualNode node = network.Nodes[0];
        RecordKey key = RecordKey.FromText("test", "wanted");
        PutGetTests.Put(network, network.Nodes[3], "honest", key);
        EntropySource entropy = EntropySource.Seeded(9);
        var liar = new Stranger(network)
        {
            // Ids that share ever more bits with the target, at addresses where nobody is.
            Names = target => [.. Enumerable.Range(0, 32).Select(i => new Contact(target.Sibling(150 - i, entropy.NextNodeId()), network.NewEndpoint()))],
        };
        liar.OnMessage = liar.BehaveAsNode;
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(node.Engine.Table.Contains(liar.Id), Is.True);

        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(liar.Id, now));
        GetOperation get = network.Run<GetOperation>(node, (engine, now) => engine.Get(key, GetMode.Closest, null, 100, null, now));
        PutOperation put = PutGetTests.Put(network, node, "mine", key);

        Assert.That(find.Requests, Is.LessThanOrEqualTo(200));
        Assert.That(get.Found.Select(found => found.Record.Payload.ToArray()), Does.Contain("honest"u8.ToArray()));
        Assert.That(get.Requests, Is.LessThanOrEqualTo(200));
        Assert.That(put.Holders, Has.Count.GreaterThanOrEqualTo(3));
        Assert.That(put.Requests, Is.LessThanOrEqualTo(200));
    }

    [Test]
    public void What_a_reply_names_of_another_address_family_is_not_asked()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 505, static config => config with { Families = AddressFamilies.IPv4 });
        VirtualNode node = network.Nodes[0];
        var ipv6 = NodeEndpoint.From(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("2001:db8::5"), 4_001));
        var liar = new Stranger(network);
        liar.Names = target => [new Contact(target, ipv6)];
        liar.OnMessage = liar.BehaveAsNode;
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));
        int toIPv6 = 0;
        network.Observer = (_, to, _) => toIPv6 += to == ipv6 ? 1 : 0;

        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(liar.Id.Sibling(100, liar.Id), now));

        Assert.That(find.Closest.Select(contact => contact.Id), Does.Contain(liar.Id));
        Assert.That(toIPv6, Is.Zero);
    }

    [Test]
    public void A_join_asks_its_seed_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(1, seed: 506);
        VirtualNode node = network.Create();
        int finds = 0;
        var message = new Violence.Kademlia.Wire.IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            Violence.Kademlia.Wire.MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            finds += from == node.Endpoint && message.Header.Kind == MessageKind.FindNode ? 1 : 0;
        };
        node.Start(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromMilliseconds(200));

        Assert.That(node.Engine.JoinState, Is.EqualTo(JoinState.Joined));
        Assert.That(finds, Is.EqualTo(1));
    }

    [Test]
    public void A_dead_seed_among_live_ones_does_not_hold_up_the_join()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 507);
        VirtualNode node = network.Create();
        node.Start(network.NewEndpoint(), network.Nodes[0].Endpoint, network.NewEndpoint());

        bool joined = network.RunUntil(() => node.Engine.JoinState == JoinState.Joined, TimeSpan.FromMilliseconds(200));

        Assert.That(joined, Is.True);
    }
}
