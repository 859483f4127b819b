using System.Text;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>What a put does with holders that refuse, are slow, dead or have something newer.</summary>
[TestFixture]
internal sealed class StoringTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void A_put_takes_one_round_trip_where_the_closest_are_known()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 701);
        network.RunFor(TimeSpan.FromMinutes(5));

        PutOperation put = PutGetTests.Put(network, network.Nodes[4], "quick");

        Assert.That(put.Holders, Has.Count.EqualTo(8));
        Assert.That(put.Elapsed, Is.EqualTo(2 * network.Delay), "STORE, which asks for the closest too");
        Assert.That(put.Requests, Is.EqualTo(8));
    }

    [Test]
    public void An_acknowledgement_counts_once_though_the_record_was_sent_twice()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 702);
        VirtualNode owner = network.Nodes[0];

        // Slower than any soft time-out so far: every STORE is sent again, and every copy answered.
        network.Delay = TimeSpan.FromMilliseconds(100);
        PutOperation put = PutGetTests.Put(network, owner, "once");

        Assert.That(owner.Engine.Counters.RequestsRetransmitted, Is.GreaterThan(0));
        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Holders.Select(holder => holder.Id), Is.Unique);
    }

    [Test]
    public void A_slow_holder_that_answers_late_counts_and_is_replaced_meanwhile()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(14, seed: 703);
        VirtualNode owner = network.Nodes[0];
        VirtualNode slow = Closest(network, owner, 1)[0];
        DelayStored(network, slow, TimeSpan.FromMilliseconds(250));

        PutOperation put = PutGetTests.Put(network, owner, "late");
        network.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Holders.Select(holder => holder.Id), Is.Unique);
        Assert.That(put.Holders, Has.Count.EqualTo(8), "seven in time and the next closest instead of the eighth");
        Assert.That(slow.Engine.Store.Count, Is.EqualTo(1));
    }

    [TestCase(StoreStatus.Full)]
    [TestCase(StoreStatus.QuotaExceeded)]
    public void A_holder_without_room_is_replaced_by_the_next_closest(StoreStatus refusal)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 704, config => config with
        {
            Storage = refusal == StoreStatus.Full
                ? config.Storage with { MaxRecords = 1 }
                : config.Storage with { MaxRecordsPerKey = 1 },
        });
        VirtualNode owner = network.Nodes[0];
        VirtualNode[] order = Closest(network, owner, 19);
        VirtualNode[] full = [order[0], order[2], order[5]];
        Record other = new RecordAuthorOf(network.NewIdentity()).Write(Key, "", 10, network.Utc);
        foreach (VirtualNode node in full)
        {
            Assert.That(node.Engine.Store.Put(other, RecordSource.Self, network.Now, network.Utc).Status, Is.EqualTo(StoreStatus.Stored));
        }

        PutOperation put = PutGetTests.Put(network, owner, "room elsewhere");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Refusals, Is.EqualTo(new Dictionary<StoreStatus, int> { [refusal] = 3 }));
        NodeId[] expected = [.. order.Except(full).Take(8).Select(node => node.Id)];
        Assert.That(put.Holders.Select(holder => holder.Id), Is.EquivalentTo(expected));
    }

    [Test]
    public void When_all_refuse_the_put_is_refused_and_says_why()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 705, static config => config with
        {
            Storage = config.Storage with { MaxRecords = 0 },
        });

        PutOperation put = PutGetTests.Put(network, network.Nodes[0], "nowhere");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Refused));
        Assert.That(put.Refusals, Is.EqualTo(new Dictionary<StoreStatus, int> { [StoreStatus.Full] = 9 }));
        Assert.That(put.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void A_record_that_is_called_expired_is_not_offered_to_others_too()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 706);
        Record old = new RecordAuthorOf(network.NewIdentity()).Write(Key, "", 10, network.Utc - TimeSpan.FromHours(9));

        PutOperation put = network.Run<PutOperation>(network.Nodes[0], (engine, now) => engine.Publish(old, now));

        Assert.That(put.Status, Is.EqualTo(PutStatus.Refused));
        Assert.That(put.Refusals, Is.EqualTo(new Dictionary<StoreStatus, int> { [StoreStatus.Expired] = 8 }));
    }

    [Test]
    public void A_forged_record_is_refused_as_such()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 707);
        byte[] bytes = new RecordAuthorOf(network.NewIdentity()).Write(Key, "", 10, network.Utc).Bytes.ToArray();
        bytes[^1] ^= 1;
        Assert.That(RecordCodec.TryParse(bytes, out Record? forged, out _), Is.True);

        PutOperation put = network.Run<PutOperation>(network.Nodes[0], (engine, now) => engine.Publish(forged!, now));

        Assert.That(put.Status, Is.EqualTo(PutStatus.Refused));
        Assert.That(put.Refusals, Is.EqualTo(new Dictionary<StoreStatus, int> { [StoreStatus.InvalidSignature] = 8 }));
        Assert.That(network.Nodes.Sum(node => node.Engine.Store.Count), Is.Zero, "the publisher does not keep it either");
    }

    [TestCase(1, PutStatus.Stored)]
    [TestCase(2, PutStatus.Stored)]
    [TestCase(3, PutStatus.Stored)]
    public void A_network_smaller_than_the_replication_factor_does_what_it_can(int others, PutStatus expected)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(others + 1, seed: 708);

        PutOperation put = PutGetTests.Put(network, network.Nodes[0], "small");

        Assert.That(put.Status, Is.EqualTo(expected));
        Assert.That(put.Holders, Has.Count.EqualTo(others));
    }

    [Test]
    public void Silent_nodes_are_missed_and_the_put_still_ends_in_time()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 709);
        VirtualNode owner = network.Nodes[0];
        foreach (VirtualNode node in network.Nodes.Skip(3))
        {
            node.Crash();
        }

        PutOperation put = PutGetTests.Put(network, owner, "few");

        Assert.That(put.Status, Is.EqualTo(PutStatus.TooFewReplicas));
        Assert.That(put.Holders, Has.Count.EqualTo(2));
        Assert.That(put.Elapsed, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void A_put_ends_at_its_time_out_with_what_it_has()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 710, static config => config with { OperationTimeout = TimeSpan.FromMilliseconds(300) });
        VirtualNode owner = network.Nodes[0];
        VirtualNode[] holders = Closest(network, owner, 2);
        network.IsBlocked = (from, _) => from != owner.Endpoint && holders.All(holder => holder.Endpoint != from);

        PutOperation put = PutGetTests.Put(network, owner, "cut short");

        Assert.That(put.Elapsed, Is.EqualTo(TimeSpan.FromMilliseconds(300)));
        Assert.That(put.Status, Is.EqualTo(PutStatus.NoPeers).Or.EqualTo(PutStatus.TooFewReplicas));
    }

    [Test]
    public void An_old_publication_that_ends_late_does_not_overrule_a_newer_one()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 711);
        VirtualNode owner = network.Nodes[0];
        OperationId older = owner.Do((engine, now) => engine.Put(Key, "", "older"u8, Record.MaxTimeToLive, keepAlive: true, now));
        network.RunFor(2 * network.Delay);

        // The older one's STOREs are under way now, and slower than all of the newer one.
        network.Delay = TimeSpan.FromMilliseconds(1);
        PutOperation newer = PutGetTests.Put(network, owner, "newer");
        network.RunUntil(() => owner.Finished.ContainsKey(older), TimeSpan.FromSeconds(10));
        network.RunFor(TimeSpan.FromSeconds(30));

        Assert.That(newer.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(((PutOperation)owner.Finished[older]).Status, Is.EqualTo(PutStatus.Stale));
        Assert.That(network.Nodes.Select(node => PutGetTests.Text(PutGetTests.Get(network, node))), Is.All.EqualTo("newer"));
    }

    [Test]
    public void An_old_publication_that_ends_late_does_not_undo_a_withdrawal()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 712);
        VirtualNode owner = network.Nodes[0];
        OperationId older = owner.Do((engine, now) => engine.Put(Key, "", "older"u8, Record.MaxTimeToLive, keepAlive: true, now));
        network.RunFor(2 * network.Delay);
        network.Delay = TimeSpan.FromMilliseconds(1);
        network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));
        network.RunUntil(() => owner.Finished.ContainsKey(older), TimeSpan.FromSeconds(10));
        network.RunFor(TimeSpan.FromSeconds(30));

        Assert.That(network.Nodes.Select(node => PutGetTests.Get(network, node).Status), Is.All.EqualTo(GetStatus.Withdrawn));
        Assert.That(owner.Engine.Owned.Count, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_stale_record_of_an_earlier_run_is_outrun_whether_kept_alive_or_not(bool keepAlive)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 713);
        VirtualNode before = network.Create(clockError: TimeSpan.FromDays(3));
        before.Start(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(10));
        Put(network, before, "before", keepAlive: false);
        before.Crash();
        VirtualNode after = network.Create(identity: before.Identity);
        after.Start(network.Nodes[1].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(10));

        PutOperation put = Put(network, after, "after", keepAlive);

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(PutGetTests.Text(PutGetTests.Get(network, network.Nodes[5])), Is.EqualTo("after"));
        Assert.That(put.Requests, Is.LessThanOrEqualTo(40), "issued anew once");
    }

    [Test]
    public void A_publisher_among_the_closest_is_a_holder_and_one_far_away_is_not()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 714);
        VirtualNode[] order = [.. network.Nodes.OrderBy(node => node.Id.DistanceTo(Key.Position))];
        Put(network, order[0], "near", keepAlive: false);
        Put(network, order[23], "far", keepAlive: false);

        Assert.That(order[0].Engine.Store.Snapshot(network.Now).Select(held => held.Record.Owner), Does.Contain(order[0].Id));
        Assert.That(order[23].Engine.Store.Count, Is.Zero);
    }

    [Test]
    public void A_put_reaches_all_holders_though_the_table_has_dead_entries()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 715);
        VirtualNode owner = network.Nodes[0];
        VirtualNode[] order = Closest(network, owner, 23);
        foreach (VirtualNode dead in (VirtualNode[])[order[0], order[1], order[4]])
        {
            dead.Crash();
        }

        PutOperation put = PutGetTests.Put(network, owner, "alive");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Holders.Select(holder => holder.Id), Is.EquivalentTo(order.Where(node => node.IsRunning).Take(8).Select(node => node.Id)));
        Assert.That(put.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    private static PutOperation Put(VirtualNetwork network, VirtualNode node, string text, bool keepAlive) =>
        network.Run<PutOperation>(
            node, (engine, now) => engine.Put(Key, "", Encoding.UTF8.GetBytes(text), Record.MaxTimeToLive, keepAlive, now));

    private static VirtualNode[] Closest(VirtualNetwork network, VirtualNode without, int count) =>
        [.. network.Nodes.Where(node => node != without).OrderBy(node => node.Id.DistanceTo(Key.Position)).Take(count)];

    /// <summary>Holds back what one node answers to STORE.</summary>
    private static void DelayStored(VirtualNetwork network, VirtualNode holder, TimeSpan delay)
    {
        var message = new IncomingMessage();
        network.ExtraDelay = (from, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            return from == holder.Endpoint && message.Header.Kind == MessageKind.Stored ? delay : TimeSpan.Zero;
        };
    }
}
