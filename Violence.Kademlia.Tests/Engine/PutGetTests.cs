using System.Text;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

[TestFixture]
internal sealed class PutGetTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    internal static PutOperation Put(VirtualNetwork network, VirtualNode node, string text, RecordKey? key = null, bool keepAlive = true) =>
        network.Run<PutOperation>(
            node, (engine, now) => engine.Put(key ?? Key, "", Encoding.UTF8.GetBytes(text), Record.MaxTimeToLive, keepAlive, now));

    internal static GetOperation Get(VirtualNetwork network, VirtualNode node, RecordKey? key = null, GetMode mode = GetMode.Closest) =>
        network.Run<GetOperation>(node, (engine, now) => engine.Get(key ?? Key, mode, owner: null, limit: 1_000, onRecord: null, now));

    internal static string Text(GetOperation get) => Encoding.UTF8.GetString(get.Found.Single().Record.Payload.Span);

    [Test]
    public void A_record_is_held_by_the_eight_closest_and_found_by_everybody()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 11);
        PutOperation put = Put(network, network.Nodes[3], "hello");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        NodeId[] closest = [.. network.Nodes.Where(node => node != network.Nodes[3]).Select(node => node.Id).OrderBy(id => id.DistanceTo(Key.Position)).Take(8)];
        Assert.That(put.Holders.Select(holder => holder.Id), Is.EquivalentTo(closest));
        foreach (VirtualNode node in network.Nodes)
        {
            GetOperation get = Get(network, node);
            Assert.That(get.Status, Is.EqualTo(GetStatus.Found));
            Assert.That(Text(get), Is.EqualTo("hello"));
        }
    }

    /// <summary>Who knows the neighbourhood stores without searching, and hears from the holders of a node it did not know.</summary>
    [Test]
    public void A_record_comes_to_the_eight_closest_with_a_request_each_where_the_table_knows_them()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(60, seed: 15);
        network.RunFor(TimeSpan.FromMinutes(8));
        VirtualNode publisher = network.Nodes[3];
        NodeId[] closest = [.. network.Nodes.Where(node => node != publisher).Select(node => node.Id).OrderBy(id => id.DistanceTo(Key.Position)).Take(8)];
        foreach (VirtualNode node in network.Nodes.Where(node => node != publisher))
        {
            network.Run<FindNodeOperation>(publisher, (engine, now) => engine.FindNode(node.Id, now));
        }

        Assert.That(closest.Count(id => publisher.Engine.Table.Contains(id)), Is.EqualTo(8), "the publisher knows them");
        PutOperation put = Put(network, publisher, "known");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(put.Requests, Is.EqualTo(8));
            Assert.That(put.Hops, Is.Zero.Or.EqualTo(1));
        }

        publisher.Engine.Table.Remove(closest[0], network.Nodes.Single(node => node.Id == closest[0]).Endpoint);
        put = Put(network, publisher, "less known");
        network.RunFor(TimeSpan.FromSeconds(5));
        Assert.That(
            network.Nodes.Where(node => node.Engine.Store.Count > 0 && PayloadOf(node) == "less known").Select(node => node.Id), Is.SupersetOf(closest));
    }

    internal static string PayloadOf(VirtualNode node)
    {
        var page = new HeldRecord[1];
        return node.Engine.Store.Read(Key, owner: null, after: null, page, node.Engine.StartedAt, out _, out _) == 0
            ? ""
            : Encoding.UTF8.GetString(page[0].Record.Payload.Span);
    }

    [Test]
    public void In_a_network_of_two_a_put_succeeds_with_what_there_is()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 12);

        PutOperation put = Put(network, network.Nodes[0], "small");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Holders, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_put_of_a_lonely_node_has_no_peers_and_reaches_them_when_they_come()
    {
        var network = new VirtualNetwork(seed: 13);
        VirtualNode first = network.Add();
        PutOperation put = Put(network, first, "early");
        Assert.That(put.Status, Is.EqualTo(PutStatus.NoPeers));

        for (int i = 0; i < 4; i++)
        {
            network.Add(first);
        }

        network.RunFor(TimeSpan.FromMinutes(1));

        Assert.That(network.Nodes.Count(node => node.Engine.Store.Count == 1), Is.GreaterThanOrEqualTo(4));
    }

    [Test]
    public void A_put_that_reaches_fewer_than_three_holders_says_so()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 14);
        VirtualNode publisher = network.Nodes[0];
        VirtualNode[] reachable = [publisher, network.Nodes[5], network.Nodes[8]];
        network.IsBlocked = (_, to) => reachable.All(node => node.Endpoint != to);

        PutOperation put = Put(network, publisher, "few");

        Assert.That(put.Status, Is.EqualTo(PutStatus.TooFewReplicas));
        Assert.That(put.Holders, Has.Count.EqualTo(2));
    }

    [Test]
    public void The_newer_record_wins_everywhere_and_a_replay_of_the_older_is_stale()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 15);
        VirtualNode owner = network.Nodes[2];
        Record older = Put(network, owner, "older").Record;
        network.RunFor(TimeSpan.FromSeconds(1));
        Put(network, owner, "newer");

        PutOperation replay = network.Run<PutOperation>(network.Nodes[7], (engine, now) => engine.Publish(older, now));

        Assert.That(replay.Status, Is.EqualTo(PutStatus.Stale));
        Assert.That(replay.Holders, Is.Empty);
        Assert.That(network.Nodes.Select(node => Text(Get(network, node))), Is.All.EqualTo("newer"));
    }

    [Test]
    public void A_withdrawn_record_is_gone_everywhere_and_cannot_be_replayed()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 16);
        VirtualNode owner = network.Nodes[2];
        Record record = Put(network, owner, "gone").Record;
        network.RunFor(TimeSpan.FromSeconds(1));

        network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));
        network.Run<PutOperation>(network.Nodes[9], (engine, now) => engine.Publish(record, now));

        Assert.That(network.Nodes.Select(node => Get(network, node).Status), Is.All.EqualTo(GetStatus.Withdrawn));
        Assert.That(owner.Engine.Owned.Count, Is.Zero);
    }

    [Test]
    public void An_owner_whose_clock_went_back_outruns_its_earlier_record()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(9, seed: 17);
        VirtualNode before = network.Create(clockError: TimeSpan.FromMinutes(5));
        before.Start(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(5));
        Put(network, before, "before");
        before.Crash();

        VirtualNode after = network.Create(identity: before.Identity);
        after.Start(network.Nodes[1].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(5));
        PutOperation put = Put(network, after, "after");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(Text(Get(network, network.Nodes[4])), Is.EqualTo("after"));
    }

    [Test]
    public void The_first_valid_record_ends_a_get_for_the_first_after_one_round_trip()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 18);
        Put(network, network.Nodes[1], "quick");
        VirtualNode asker = network.Nodes.First(node => node.Engine.Store.Count == 0);

        GetOperation get = Get(network, asker, mode: GetMode.First);

        Assert.That(get.Status, Is.EqualTo(GetStatus.Found));
        Assert.That(get.Elapsed, Is.EqualTo(network.Delay * 2));
        Assert.That(get.Requests, Is.LessThanOrEqualTo(3));
    }

    [Test]
    public void A_key_with_many_owners_is_read_to_its_end()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(16, seed: 19);
        foreach (VirtualNode node in network.Nodes)
        {
            for (int i = 0; i < 4; i++)
            {
                string label = $"server {i}";
                network.Run<PutOperation>(
                    node, (engine, now) => engine.Put(Key, label, new byte[200], Record.MaxTimeToLive, keepAlive: true, now));
            }
        }

        GetOperation all = Get(network, network.Nodes[5], mode: GetMode.All);

        Assert.That(all.Found, Has.Count.EqualTo(64));
        Assert.That(all.Found.Select(found => (found.Record.Owner, found.Record.Label)).Distinct().Count(), Is.EqualTo(64));
    }

    [Test]
    public void A_quarter_of_the_nodes_may_vanish_and_everything_is_still_found()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 20);
        RecordKey[] keys = [.. Enumerable.Range(0, 20).Select(i => RecordKey.FromText("test", $"key {i}"))];
        for (int i = 0; i < keys.Length; i++)
        {
            Put(network, network.Nodes[i], $"value {i}", keys[i]);
        }

        foreach (VirtualNode node in network.Nodes.Where((_, index) => index % 4 == 1))
        {
            node.Crash();
        }

        foreach (RecordKey key in keys)
        {
            GetOperation get = Get(network, network.Nodes[0], key);
            Assert.That(get.Status, Is.EqualTo(GetStatus.Found), key.ToString());
            Assert.That(get.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
        }
    }
}
