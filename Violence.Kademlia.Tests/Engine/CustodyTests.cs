using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Holders keep up the copies of what they hold, with nobody's help.</summary>
[TestFixture]
internal sealed class CustodyTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void A_put_is_reported_at_three_acknowledgements_and_reaches_eight()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 901);
        VirtualNode owner = Far(network);
        int atReport = -1;
        owner.OnFinished = operation => atReport = ((PutOperation)operation).Holders.Count;

        PutOperation put = PutGetTests.Put(network, owner, "quick");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(atReport, Is.EqualTo(3));
            Assert.That(put.Holders, Has.Count.EqualTo(8));
            Assert.That(Holders(network), Is.EquivalentTo(Closest(network, 8)));
        }
    }

    [Test]
    public void A_newcomer_that_is_closer_is_given_the_record_within_seconds()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 902);
        PutGetTests.Put(network, Far(network), "handed on", keepAlive: false);

        VirtualNode newcomer = Closer(network);
        newcomer.Start(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(5));

        Assert.That(Holds(network, newcomer), Is.True);
    }

    [Test]
    public void Copies_that_died_are_made_anew_though_the_owner_is_gone()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 903);
        VirtualNode owner = Far(network);
        PutGetTests.Put(network, owner, "outlives");
        owner.Crash();
        for (int round = 0; round < 3; round++)
        {
            foreach (VirtualNode holder in Closest(network, 8).Take(5))
            {
                holder.Crash();
            }

            network.RunFor(TimeSpan.FromMinutes(25));
        }

        Assert.That(Holders(network), Is.EquivalentTo(Closest(network, 8)), "of eight holders five died, three times");
    }

    [Test]
    public void One_holder_in_turn_does_the_work_of_all()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 904);
        PutGetTests.Put(network, Far(network), "cheap", keepAlive: false);
        network.RunFor(TimeSpan.FromMinutes(1));
        int touches = 0;
        int stores = 0;
        network.Observer = (_, _, datagram) =>
        {
            MessageKind kind = KindOf(datagram);
            touches += kind == MessageKind.Touch ? 1 : 0;
            stores += kind == MessageKind.Store ? 1 : 0;
        };

        network.RunFor(TimeSpan.FromHours(2));

        // Twelve rounds of ten minutes with seven touches each, and as much again for rounds that cross.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(touches, Is.InRange(7 * 6, 7 * 12 * 3));
            Assert.That(stores, Is.Zero, "nothing was missing");
        }
    }

    [Test]
    public void A_holder_that_others_have_come_before_hands_over_and_drops()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(16, seed: 905);
        PutGetTests.Put(network, Far(network), "moves on", keepAlive: false);
        VirtualNode[] before = Closest(network, 8);
        for (int i = 0; i < 8; i++)
        {
            Closer(network).Start(network.Nodes[0].Endpoint);
            network.RunFor(TimeSpan.FromSeconds(1));
        }

        network.RunFor(TimeSpan.FromHours(1));

        VirtualNode[] now = Closest(network, 8);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(now, Is.Not.EquivalentTo(before));
            Assert.That(Holders(network), Is.EquivalentTo(now));
        }
    }

    [Test]
    public void Strangers_that_touch_a_record_all_the_time_do_not_keep_it_from_being_repaired()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 906);
        VirtualNode liar = Far(network);
        PutOperation put = PutGetTests.Put(network, liar, "touched", keepAlive: false);
        Record record = put.Record;
        for (int minute = 0; minute < 90; minute++)
        {
            if (minute == 5)
            {
                foreach (VirtualNode holder in Closest(network, 8).Take(6))
                {
                    holder.Crash();
                }
            }

            // A node that is in everybody's table, and touches whoever holds the record once a minute.
            Touch[] touches = [.. Holders(network).Select(holder => new Touch(holder.Contact, [record]))];
            liar.Do((engine, now) =>
            {
                engine.BeginTouching(touches, isOwned: false, now);
                return default;
            });
            network.RunFor(TimeSpan.FromMinutes(1));
        }

        Assert.That(Holders(network), Has.Length.GreaterThanOrEqualTo(8));
    }

    [Test]
    public void An_owner_touches_the_holders_it_remembers_and_publishes_in_full_only_on_shortfall()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 907);
        VirtualNode owner = Far(network);
        PutGetTests.Put(network, owner, "mine");
        network.RunFor(TimeSpan.FromMinutes(1));
        var sent = new List<MessageKind>();
        network.Observer = (from, _, datagram) =>
        {
            if (from == owner.Endpoint && KindOf(datagram) is MessageKind.Store or MessageKind.Touch)
            {
                sent.Add(KindOf(datagram));
            }
        };

        network.RunFor(TimeSpan.FromMinutes(19));
        MessageKind[] quiet = [.. sent];
        foreach (VirtualNode holder in Closest(network, 8).Take(5))
        {
            holder.Crash();
        }

        network.RunFor(TimeSpan.FromMinutes(19));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(quiet, Has.Length.EqualTo(8).And.All.EqualTo(MessageKind.Touch), "one round, one touch for each holder");
            Assert.That(sent.Skip(quiet.Length), Does.Contain(MessageKind.Store));
        }
    }

    [Test]
    public void Nodes_that_leave_with_a_goodbye_leave_their_records_to_others()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 908);
        VirtualNode owner = Far(network);
        PutGetTests.Put(network, owner, "bequeathed");
        owner.Crash();
        foreach (VirtualNode holder in Closest(network, 8))
        {
            network.Run<TouchOperation>(holder, static (engine, now) => engine.HandOver(now));
            holder.Do(static (engine, now) =>
            {
                engine.SayGoodbye(now);
                return default;
            });
            holder.Crash();
        }

        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Holders(network), Has.Length.GreaterThanOrEqualTo(3), "all eight holders left within seconds, one after the other");
    }

    [Test]
    public void A_reader_brings_holders_up_to_date_that_it_met()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 909);
        VirtualNode owner = Far(network);
        VirtualNode[] closest = Closest(network, 8);
        PutGetTests.Put(network, owner, "old", keepAlive: false);

        // The closest holder is out of reach while the owner writes again.
        closest[0].Crash();
        PutOperation put = PutGetTests.Put(network, owner, "new", keepAlive: false);
        closest[0].Resume();
        network.RunFor(TimeSpan.FromSeconds(1));
        Record stale = closest[0].Engine.Store.Snapshot(network.Now).Single(held => held.Record.Key == Key).Record;

        GetOperation get = PutGetTests.Get(network, network.Nodes.First(node => node != owner && !Holds(network, node)));
        network.RunFor(TimeSpan.FromSeconds(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(stale.Sequence, Is.LessThan(put.Record.Sequence), "the test is about a stale holder");
            Assert.That(PutGetTests.Text(get), Is.EqualTo("new"));
            Assert.That(
                closest[0].Engine.Store.Snapshot(network.Now).Single(held => held.Record.Key == Key).Record.Sequence,
                Is.EqualTo(put.Record.Sequence));
        }
    }

    private static VirtualNode Far(VirtualNetwork network) => Closest(network, network.Nodes.Count)[^1];

    private static VirtualNode[] Closest(VirtualNetwork network, int count) =>
        [.. network.Nodes.Where(static node => node.IsRunning).OrderBy(node => node.Id.DistanceTo(Key.Position)).Take(count)];

    private static VirtualNode[] Holders(VirtualNetwork network) =>
        [.. network.Nodes.Where(node => node.IsRunning && Holds(network, node))];

    private static bool Holds(VirtualNetwork network, VirtualNode node) =>
        node.Engine.Store.Snapshot(network.Now).Exists(held => held.Record.Key == Key);

    /// <summary>A node that would be the closest of all to the key.</summary>
    private static VirtualNode Closer(VirtualNetwork network)
    {
        Distance best = network.Nodes.Min(node => node.Id.DistanceTo(Key.Position));
        while (true)
        {
            Violence.Kademlia.Identity.NodeIdentity identity = network.NewIdentity();
            if (identity.Id.DistanceTo(Key.Position) < best)
            {
                return network.Create(identity: identity);
            }
        }
    }

    private static MessageKind KindOf(ReadOnlyMemory<byte> datagram)
    {
        var message = new IncomingMessage();
        MessageReader.Read(datagram, VirtualNetwork.NetworkId, message);
        return message.Header.Kind;
    }
}
