using System.Text;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>A new version of a record straight to its holders, and how old readers find it.</summary>
[TestFixture]
internal sealed class RenewalTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    internal static PutOperation Renew(VirtualNetwork network, VirtualNode node, string text) => network.Run<PutOperation>(
        node, (engine, now) => engine.Renew(Key, "", Encoding.UTF8.GetBytes(text), Record.MaxTimeToLive, now));

    [Test]
    public void A_renewal_is_one_store_to_each_holder_and_no_search()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_101);
        VirtualNode owner = network.Nodes[3];
        PutOperation put = PutGetTests.Put(network, owner, "first");
        List<MessageKind> sent = RequestsOf(network, owner);

        PutOperation renewal = Renew(network, owner, "second");

        Assert.That(sent, Is.EqualTo(Enumerable.Repeat(MessageKind.Store, 8)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(renewal.Status, Is.EqualTo(PutStatus.Stored));
            Assert.That(renewal.Holders, Is.EquivalentTo(put.Holders));
            Assert.That(renewal.Record.Sequence, Is.GreaterThan(put.Record.Sequence));
            Assert.That(renewal.Requests, Is.EqualTo(8));
        }

        Assert.That(network.Nodes.Select(node => PutGetTests.Text(PutGetTests.Get(network, node))), Is.All.EqualTo("second"));
    }

    private static VirtualNode[] ClosestOthers(VirtualNetwork network, VirtualNode owner, int count) =>
        [.. network.Nodes.Where(node => node != owner).OrderBy(node => node.Id.DistanceTo(Key.Position)).Take(count)];

    private static void AssertIsHeldWhenReported(VirtualNetwork network, VirtualNode owner, OperationId put, VirtualNode[] closest)
    {
        network.RunUntil(() => owner.Finished.ContainsKey(put), TimeSpan.FromSeconds(5));
        Assert.That(((PutOperation)owner.Finished[put]).Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(closest.Select(PutGetTests.PayloadOf), Has.Some.EqualTo("second"));
    }

    /// <summary>Readers ask the closest: three others' acknowledgements would come before the closest have heard of it at all.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void What_is_reported_as_stored_is_held_by_one_of_the_three_closest(bool isRenewal)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_115);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        VirtualNode[] closest = ClosestOthers(network, owner, 3);
        HashSet<NodeEndpoint> far = [.. closest.Select(node => node.Endpoint)];
        network.ExtraDelay = (_, to, _) => far.Contains(to) ? TimeSpan.FromMilliseconds(14) : TimeSpan.Zero;

        OperationId put = owner.Do((engine, now) => isRenewal
            ? engine.Renew(Key, "", "second"u8.ToArray(), Record.MaxTimeToLive, now)
            : engine.Put(Key, "", "second"u8, Record.MaxTimeToLive, keepAlive: true, now));
        AssertIsHeldWhenReported(network, owner, put, closest);
    }

    /// <summary>
    /// In a small network a put asks who is closest first, and those who answer soon are stored at soon: three of them have
    /// acknowledged before the closest have answered at all.
    /// </summary>
    [Test]
    public void What_is_reported_as_stored_is_held_by_one_of_the_three_closest_though_they_are_far_away()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(16, seed: 2_116);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        VirtualNode[] closest = ClosestOthers(network, owner, 3);
        HashSet<NodeEndpoint> far = [.. closest.Select(node => node.Endpoint)];
        network.ExtraDelay = (from, to, _) => far.Contains(to) || far.Contains(from) ? TimeSpan.FromMilliseconds(60) : TimeSpan.Zero;
        for (int i = 0; i < 20; i++)
        {
            // They are not late, they are always so far away.
            network.Run<FindNodeOperation>(owner, (engine, now) => engine.FindNode(closest[i % 3].Id, now));
        }

        OperationId put = owner.Do((engine, now) => engine.Put(Key, "", "second"u8, Record.MaxTimeToLive, keepAlive: true, now));
        AssertIsHeldWhenReported(network, owner, put, closest);
    }

    [Test]
    public void An_owner_that_is_a_holder_has_what_it_is_told_to_be_stored()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_117);
        VirtualNode owner = network.Nodes.MinBy(node => node.Id.DistanceTo(Key.Position))!;
        PutGetTests.Put(network, owner, "first");
        VirtualNode[] others = ClosestOthers(network, owner, 8);

        // The last acknowledgement, which ends the operation, does not come for long.
        network.ExtraDelay = (from, to, _) => from == others[7].Endpoint || to == others[7].Endpoint ? TimeSpan.FromMilliseconds(400) : TimeSpan.Zero;
        OperationId renewal = owner.Do((engine, now) => engine.Renew(Key, "", "second"u8.ToArray(), Record.MaxTimeToLive, now));
        network.RunUntil(() => owner.Finished.ContainsKey(renewal), TimeSpan.FromSeconds(5));

        Assert.That(owner.Finished[renewal].IsFinished, Is.False, "it goes on");
        Assert.That(PutGetTests.PayloadOf(owner), Is.EqualTo("second"));
    }

    [Test]
    public void What_was_never_put_is_put()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_102);

        PutOperation renewal = Renew(network, network.Nodes[3], "first");

        Assert.That((renewal.Status, renewal.Holders.Count), Is.EqualTo((PutStatus.Stored, 8)));
        Assert.That(network.Nodes[3].Engine.Owned.Count, Is.EqualTo(1), "and kept alive");
    }

    [Test]
    public void What_was_withdrawn_is_put()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_103);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        network.Run<PutOperation>(owner, static (engine, now) => engine.Withdraw(Key, "", now));

        Renew(network, owner, "again");

        Assert.That(PutGetTests.Text(PutGetTests.Get(network, network.Nodes[9])), Is.EqualTo("again"));
    }

    [Test]
    public void Three_holders_that_died_are_not_replaced_at_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_104);
        VirtualNode owner = network.Nodes[3];
        Crash(network, PutGetTests.Put(network, owner, "first").Holders.Take(3));
        List<MessageKind> sent = RequestsOf(network, owner);

        PutOperation renewal = Renew(network, owner, "second");

        Assert.That((renewal.Status, renewal.Holders.Count), Is.EqualTo((PutStatus.Stored, 5)));
        Assert.That(sent, Has.None.EqualTo(MessageKind.FindNode));
    }

    [TestCase(4)]
    [TestCase(8)]
    public void When_half_of_the_holders_have_died_the_record_is_put_in_full(int dead)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_105);
        VirtualNode owner = network.Nodes[3];
        Contact[] gone = [.. PutGetTests.Put(network, owner, "first").Holders.Take(dead)];
        Crash(network, gone);

        PutOperation renewal = Renew(network, owner, "second");

        Assert.That((renewal.Status, renewal.Holders.Count), Is.EqualTo((PutStatus.Stored, 8)));
        Assert.That(renewal.Holders, Is.Unique);
        Assert.That(renewal.Holders.Intersect(gone), Is.Empty);
    }

    [Test]
    public void A_holder_that_has_a_later_word_of_an_earlier_run_is_outrun()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_106);
        VirtualNode owner = network.Nodes[3];
        PutOperation put = PutGetTests.Put(network, owner, "first");
        Record later = new RecordAuthorOf(owner.Identity, VirtualNetwork.NetworkId).Write(Key, "", 10, network.Utc + TimeSpan.FromDays(2));
        VirtualNode holder = network.Nodes.Single(node => node.Id == put.Holders[2].Id);
        holder.Engine.Store.Put(later, Kademlia.Storage.RecordSource.Of(owner.Endpoint), network.Now, network.Utc);

        PutOperation renewal = Renew(network, owner, "second");

        Assert.That((renewal.Status, renewal.Holders.Count), Is.EqualTo((PutStatus.Stored, 8)));
        Assert.That(renewal.Record.Sequence, Is.GreaterThan(later.Sequence));
        Assert.That(renewal.Requests, Is.LessThanOrEqualTo(16), "issued anew once, without a search");
    }

    [Test]
    public void Every_fifth_renewal_searches_so_that_nodes_that_came_nearer_get_it()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_107);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        int searches = 0;
        var message = new IncomingMessage();
        network.Observer = (from, _, datagram) => searches += from == owner.Endpoint && IsSearch(datagram, message) ? 1 : 0;
        List<bool> searched = [];
        for (int i = 0; i < 10; i++)
        {
            Renew(network, owner, $"renewal {i}");
            searched.Add(searches > 0);
            searches = 0;
        }

        Assert.That(searched, Is.EqualTo(new[] { false, false, false, false, true, false, false, false, false, true }));
    }

    [Test]
    public void However_often_it_is_renewed_a_record_becomes_due_as_before()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_108);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        Instant due = owner.Engine.Owned.NextDue;

        Renew(network, owner, "second");

        Assert.That(owner.Engine.Owned.NextDue, Is.EqualTo(due));
    }

    [Test]
    public void An_owner_that_is_a_holder_itself_has_the_new_version_too()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_109);
        VirtualNode owner = network.Nodes.MinBy(node => node.Id.DistanceTo(Key.Position))!;
        PutGetTests.Put(network, owner, "first");

        Record renewed = Renew(network, owner, "second").Record;

        Assert.That(owner.Engine.Store.Holds(renewed), Is.True);
    }

    [Test]
    public void Readers_find_how_long_ago_the_owner_was_heard_of()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_110);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");
        network.RunFor(TimeSpan.FromMinutes(5));
        Renew(network, owner, "second");
        network.RunFor(TimeSpan.FromSeconds(42));

        FoundRecord found = PutGetTests.Get(network, network.Nodes[9]).Found.Single();

        Assert.That(found.Age!.Value.TotalSeconds, Is.InRange(41, 43));
        Assert.That(found.HeldFor, Is.GreaterThan(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public void Keeping_a_record_up_does_not_make_it_younger()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_111);
        VirtualNode owner = network.Nodes[3];
        PutGetTests.Put(network, owner, "first");

        network.RunFor(TimeSpan.FromHours(1));

        Assert.That(PutGetTests.Get(network, network.Nodes[9]).Found.Single().Age!.Value, Is.GreaterThan(TimeSpan.FromMinutes(59)));
    }

    [Test]
    public void Copies_that_others_made_are_no_younger_than_what_they_were_made_of()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 2_112);
        VirtualNode owner = network.Nodes[3];
        Contact[] holders = [.. PutGetTests.Put(network, owner, "first").Holders];
        owner.Crash();
        Crash(network, holders.Take(3));
        network.RunFor(TimeSpan.FromMinutes(40));
        Crash(network, holders.Skip(3).Take(4));
        network.RunFor(TimeSpan.FromMinutes(1));

        FoundRecord found = PutGetTests.Get(network, network.Nodes.First(node => node.IsRunning && node.Engine.Store.Count == 0)).Found.Single();

        Assert.That(found.Age!.Value, Is.GreaterThan(TimeSpan.FromMinutes(40)));
    }

    private static void Crash(VirtualNetwork network, IEnumerable<Contact> nodes)
    {
        foreach (Contact gone in nodes)
        {
            network.Nodes.Single(node => node.Id == gone.Id).Crash();
        }
    }

    /// <summary>The requests of a node's operations from now on; challenges, probes and repair are not.</summary>
    private static bool IsSearch(ReadOnlyMemory<byte> datagram, IncomingMessage message) =>
        MessageReader.Read(datagram, VirtualNetwork.NetworkId, message) == WireError.None
        && (message.Header.Kind == MessageKind.FindNode || (message.Header.Kind == MessageKind.Store && message.Families != AddressFamilies.None));

    private static List<MessageKind> RequestsOf(VirtualNetwork network, VirtualNode node)
    {
        List<MessageKind> sent = [];
        HashSet<TransactionId> seen = [];
        var message = new IncomingMessage();
        network.Observer = (from, _, datagram) =>
        {
            if (from == node.Endpoint
                && MessageReader.Read(datagram, VirtualNetwork.NetworkId, message) == WireError.None
                && message.Header.Kind is MessageKind.FindNode or MessageKind.FindValue or MessageKind.Store
                && seen.Add(message.Header.Transaction))
            {
                sent.Add(message.Header.Kind);
            }
        };
        return sent;
    }
}
