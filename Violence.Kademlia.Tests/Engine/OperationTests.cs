using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Starting, limiting, cancelling and ending operations.</summary>
[TestFixture]
internal sealed class OperationTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void An_operation_ends_at_its_time_out()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 901, static config => config with { OperationTimeout = TimeSpan.FromMilliseconds(45) });

        FindNodeOperation find = network.Run<FindNodeOperation>(network.Nodes[0], static (engine, now) => engine.FindNode(Key.Position, now));

        Assert.That(find.Elapsed, Is.EqualTo(TimeSpan.FromMilliseconds(45)));
        Assert.That(find.Closest, Is.Not.Empty.And.Count.LessThan(20), "with what it has by then");
    }

    [Test]
    public void A_cancelled_operation_delivers_nothing_and_sends_nothing_more()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 902);
        network.RunFor(TimeSpan.FromMinutes(5));
        VirtualNode node = network.Nodes[0];
        OperationId id = node.Do(static (engine, now) => engine.FindNode(Key.Position, now));
        long sent = node.Engine.Counters.RequestsSent;
        node.Step(engine => engine.Cancel(id, network.Now));
        network.RunFor(TimeSpan.FromSeconds(12));

        Assert.That(node.Finished.Keys, Does.Not.Contain(id));
        Assert.That(node.Engine.Counters.RequestsSent, Is.EqualTo(sent));
        Assert.That(node.Engine.RequestsInFlight, Is.Zero);
    }

    [Test]
    public void Cancelling_what_has_ended_or_never_was_changes_nothing()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 903);
        VirtualNode node = network.Nodes[0];
        FindNodeOperation find = network.Run<FindNodeOperation>(node, static (engine, now) => engine.FindNode(Key.Position, now));
        node.Step(engine =>
        {
            engine.Cancel(find.Id, network.Now);
            engine.Cancel(new OperationId(987_654), network.Now);
        });

        Assert.That(network.Run<FindNodeOperation>(node, static (engine, now) => engine.FindNode(Key.Position, now)).Closest, Has.Count.EqualTo(4));
    }

    [Test]
    public void So_many_run_so_many_wait_and_more_end_at_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 904);
        VirtualNode node = network.Nodes[0];
        var begun = new List<OperationId>();
        node.Step(engine =>
        {
            for (int i = 0; i < 256; i++)
            {
                begun.Add(engine.FindNode(network.NewNodeId(), network.Now));
            }

            Assert.That(engine.Outbox.Count, Is.EqualTo(256 * 4));
            for (int i = 0; i < 4_096; i++)
            {
                begun.Add(engine.FindNode(network.NewNodeId(), network.Now));
            }

            Assert.That(engine.Outbox.Count, Is.EqualTo(256 * 4), "they wait");
            begun.Add(engine.FindNode(network.NewNodeId(), network.Now));
        });

        Assert.That(node.Finished.Keys, Is.EquivalentTo((OperationId[])[begun[^1]]), "no room to wait");
        Assert.That(((FindNodeOperation)node.Finished[begun[^1]]).Closest, Is.Empty);
        network.RunFor(TimeSpan.FromMinutes(4));
        Assert.That(begun.Except(node.Finished.Keys), Is.Empty, "none is lost");
        Assert.That(begun.Take(4_352).Count(id => ((FindNodeOperation)node.Finished[id]).Closest.Count >= 8), Is.GreaterThan(3_500), "the others were held up by what one source may send");
    }

    [Test]
    public void Cancelling_one_that_waits_makes_room_for_another()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 905, static config => config with { OperationsMax = 1, OperationsWaitingMax = 2 });
        VirtualNode node = network.Nodes[0];
        var begun = new List<OperationId>();
        void Begin() => begun.Add(node.Engine.FindNode(Key.Position, network.Now));
        node.Step(engine =>
        {
            Begin();
            Begin();
            Begin();
            engine.Cancel(begun[1], network.Now);
            Begin();
            Begin();
        });
        network.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(node.Finished.Keys.Intersect(begun), Is.EqualTo((OperationId[])[begun[4], begun[0], begun[2], begun[3]]), "the fifth found no room");
        Assert.That(((FindNodeOperation)node.Finished[begun[4]]).Closest, Is.Empty);
        Assert.That(((FindNodeOperation)node.Finished[begun[3]]).Closest, Is.Not.Empty);
    }

    [Test]
    public void Thousands_that_wait_and_end_as_they_start_need_no_deep_stack()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 906);
        VirtualNode node = network.Nodes[0];
        VirtualNode holder = network.Nodes.OrderBy(other => other.Id.DistanceTo(Key.Position)).First();
        PutGetTests.Put(network, node, "at hand", Key);
        network.RunFor(TimeSpan.FromSeconds(1));
        var begun = new List<OperationId>();

        // The running ones wait for others; all that wait are answered from the own store.
        var stack = new Thread(
            () =>
            {
                holder.Step(engine =>
                {
                    for (int i = 0; i < 256; i++)
                    {
                        begun.Add(engine.FindNode(network.NewNodeId(), network.Now));
                    }

                    for (int i = 0; i < 4_096; i++)
                    {
                        begun.Add(engine.Get(Key, GetMode.First, null, 1, null, network.Now));
                    }
                });
                network.RunFor(TimeSpan.FromSeconds(20));
            },
            maxStackSize: 512 * 1_024);
        stack.Start();
        stack.Join();

        Assert.That(begun.Except(holder.Finished.Keys), Is.Empty);
        Assert.That(begun.Skip(256).Select(id => ((GetOperation)holder.Finished[id]).Status), Is.All.EqualTo(GetStatus.Found));
    }

    [Test]
    public void Operations_are_delivered_once_and_in_the_order_they_ended()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 907);
        network.Jitter = TimeSpan.FromMilliseconds(40);
        network.Loss = 0.1;
        VirtualNode node = network.Nodes[0];
        var delivered = new List<(OperationId Id, Instant Ended)>();
        node.OnFinished = operation => delivered.Add((operation.Id, network.Now));
        var begun = new List<OperationId>();
        for (int i = 0; i < 100; i++)
        {
            RecordKey key = RecordKey.FromText("test", $"key {i}");
            begun.Add(node.Do((engine, now) => (i % 3) switch
            {
                0 => engine.FindNode(key.Position, now),
                1 => engine.Put(key, "", [1], Record.MaxTimeToLive, keepAlive: false, now),
                _ => engine.Get(key, GetMode.Closest, null, 10, null, now),
            }));
            network.RunFor(TimeSpan.FromMilliseconds(7));
        }

        network.RunFor(TimeSpan.FromSeconds(20));

        OperationId[] ours = [.. delivered.Select(item => item.Id).Intersect(begun)];
        Assert.That(ours, Is.EquivalentTo(begun));
        Assert.That(delivered.Select(item => item.Id), Is.Unique);
        Assert.That(delivered.Select(item => item.Ended), Is.Ordered);
        Assert.That(ours.Select(id => id.Value), Is.Not.Ordered, "they end when they end");
    }

    [Test]
    public void What_has_ended_is_not_kept_until_its_time_out()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(4, seed: 908);
        VirtualNode node = network.Nodes[0];
        network.RunFor(TimeSpan.FromMinutes(1));
        network.Run<FindNodeOperation>(node, static (engine, now) => engine.FindNode(Key.Position, now));

        Assert.That(node.Engine.NextDeadline - network.Now, Is.Not.EqualTo(TimeSpan.FromSeconds(10)).Within(TimeSpan.FromSeconds(0.1)));
    }

    [Test]
    public void Without_anybody_to_ask_everything_ends_at_once()
    {
        var network = new VirtualNetwork(seed: 909);
        VirtualNode node = network.Add();

        FindNodeOperation find = network.Run<FindNodeOperation>(node, static (engine, now) => engine.FindNode(Key.Position, now));
        GetOperation get = network.Run<GetOperation>(node, static (engine, now) => engine.Get(Key, GetMode.All, null, 10, null, now));

        Assert.That(find.Closest, Is.Empty);
        Assert.That(get.Status, Is.EqualTo(GetStatus.NoPeers));
        Assert.That(find.Elapsed + get.Elapsed, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void That_there_is_nothing_is_said_only_when_eight_have_said_so()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 910);

        GetOperation get = network.Run<GetOperation>(network.Nodes[0], static (engine, now) => engine.Get(Key, GetMode.Closest, null, 10, null, now));

        Assert.That(get.Status, Is.EqualTo(GetStatus.NotFound));
        Assert.That(get.Requests, Is.EqualTo(8));
        Assert.That(get.Elapsed, Is.EqualTo(4 * network.Delay));
    }

    [Test]
    public void Records_are_reported_as_they_are_verified()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(14, seed: 911);
        for (int i = 0; i < 5; i++)
        {
            PutGetTests.Put(network, network.Nodes[i], $"of {i}", Key, keepAlive: false);
        }

        var heard = new List<NodeId>();
        VirtualNode asker = network.Nodes[9];
        GetOperation get = network.Run<GetOperation>(
            asker, (engine, now) => engine.Get(Key, GetMode.All, null, 100, held => heard.Add(held.Record.Owner), now));

        Assert.That(heard, Is.EquivalentTo(get.Found.Select(found => found.Record.Owner)));
        Assert.That(heard, Has.Count.EqualTo(5));
    }

    [Test]
    public void Only_the_wanted_owners_records_are_found()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(14, seed: 912);
        for (int i = 0; i < 5; i++)
        {
            PutGetTests.Put(network, network.Nodes[i], $"of {i}", Key, keepAlive: false);
        }

        GetOperation get = network.Run<GetOperation>(
            network.Nodes[9], (engine, now) => engine.Get(Key, GetMode.Closest, network.Nodes[2].Id, 100, null, now));

        Assert.That(PutGetTests.Text(get), Is.EqualTo("of 2"));
    }
}
