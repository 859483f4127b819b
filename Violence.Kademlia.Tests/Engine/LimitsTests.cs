using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Where nothing more fits: requests that cannot be sent fail there and then, and leave no count behind.</summary>
[TestFixture]
internal sealed class LimitsTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void When_nothing_can_be_sent_operations_end_and_everything_works_again_afterwards()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 1_501);
        VirtualNode node = network.Nodes[0];
        var begun = new List<OperationId>();
        var stranger = new Stranger(network);
        stranger.OnMessage = stranger.BehaveAsNode;
        node.Step(engine =>
        {
            FillOutbox(engine, network);
            begun.Add(engine.Put(Key, "", [1], Record.MaxTimeToLive, keepAlive: true, network.Now));
            begun.Add(engine.Get(Key, GetMode.All, null, 10, null, network.Now));
            begun.Add(engine.FindNode(Key.Position, network.Now));
            engine.Join([network.NewEndpoint()], hasSeeds: true, network.Now);
            engine.ProbeIfQuiet(network.Nodes[3].Contact, TimeSpan.Zero, network.Now);
            var writer = new MessageWriter();
            writer.FindNode(stranger.NewRequest(MessageKind.FindNode), null, Key.Position, AddressFamilies.Both);
            engine.Receive(stranger.Endpoint, writer.Pad().ToArray(), network.Now);
        });

        Assert.That(begun.Select(id => node.Finished[id].Requests), Is.All.Zero);
        Assert.That(((PutOperation)node.Finished[begun[0]]).Status, Is.EqualTo(PutStatus.NoPeers));
        Assert.That(node.Engine.Counters.Dropped(DropReason.OutboxFull), Is.GreaterThan(30));
        Assert.That(node.Engine.ChallengesInFlight, Is.Zero);
        network.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(network.Nodes.Count(other => other.Engine.Store.Count == 1), Is.GreaterThanOrEqualTo(8), "the put is tried again");

        stranger.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(node.Engine.Table.Contains(stranger.Id), Is.True);
        Assert.That(node.Engine.RequestsInFlight, Is.Zero);
    }

    [Test]
    public void When_too_many_requests_are_in_flight_nothing_more_is_sent()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 1_502);
        VirtualNode node = network.Nodes[0];
        network.IsBlocked = (from, _) => from == node.Endpoint;
        for (int i = 0; i < 3; i++)
        {
            node.Step(engine => Fill(engine, network, 2_000));
        }

        Assert.That(node.Engine.RequestsInFlight, Is.EqualTo(RequestTable<OutgoingRequest>.DefaultMaximum));
        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Key.Position, now));
        Assert.That(find.Elapsed, Is.EqualTo(TimeSpan.Zero));

        network.IsBlocked = static (_, _) => false;
        network.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Key.Position, now)).Closest, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_source_that_sends_too_much_is_not_heard_and_others_are()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 1_503);
        VirtualNode node = network.Nodes[0];
        var loud = new Stranger(network);
        for (int i = 0; i < 5_000; i++)
        {
            loud.Ping(node.Endpoint, isClient: true, padTo: 100);
        }

        network.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.That(loud.Received, Has.Count.InRange(2_000, 2_200));
        Assert.That(node.Engine.Counters.Dropped(DropReason.RateLimited), Is.GreaterThan(2_700));
        Assert.That(network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Key.Position, now)).Closest, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_client_serves_nobody_and_says_no_goodbye()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 1_504);
        VirtualNode client = network.Add(network.Nodes[0], static config => config with { IsClient = true });
        network.RunFor(TimeSpan.FromSeconds(5));
        var stranger = new Stranger(network);
        stranger.FindNode(client.Endpoint, Key.Position);
        client.Step(engine => engine.SayGoodbye(network.Now));
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(stranger.Received, Is.Empty);
        Assert.That(client.Engine.Counters.Dropped(DropReason.Unsolicited), Is.EqualTo(1));
        PutGetTests.Put(network, client, "from a client");
        Assert.That(client.Engine.Store.Count, Is.Zero, "it keeps nothing for others");
        Assert.That(PutGetTests.Text(PutGetTests.Get(network, network.Nodes[1])), Is.EqualTo("from a client"));
    }

    [Test]
    public void A_join_ends_at_its_time_out_and_is_tried_again()
    {
        var network = new VirtualNetwork(seed: 1_505);
        VirtualNode seed = network.Create();
        VirtualNode node = network.Create(static config => config with { OperationTimeout = TimeSpan.FromMilliseconds(100) });
        node.Start(seed.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(3));
        seed.Start();

        Assert.That(network.RunUntil(() => node.Engine.JoinState == JoinState.Joined, TimeSpan.FromSeconds(10)), Is.True);
    }

    [Test]
    public void A_seed_that_cannot_be_sent_to_is_left_out()
    {
        var network = new VirtualNetwork(seed: 1_506);
        VirtualNode node = network.Create(static config => config with { Families = AddressFamilies.IPv4 });
        int sent = 0;
        network.Observer = (_, _, _) => sent++;
        node.Start(NodeEndpoint.From(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("2001:db8::1"), 4_001)), NodeEndpoint.From(new System.Net.IPEndPoint(System.Net.IPAddress.Any, 0)));
        network.RunFor(TimeSpan.FromMinutes(1));

        Assert.That(sent, Is.Zero);
        Assert.That(node.JoinTries, Is.GreaterThan(3), "it may resolve to something usable later");
    }

    [Test]
    public void The_wall_clock_may_be_set_while_a_node_runs()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 1_507);
        VirtualNode owner = network.Nodes[0];
        PutGetTests.Put(network, owner, "before");
        owner.Step(engine => engine.SetUtc(network.Now, network.Utc - TimeSpan.FromDays(1)));
        network.RunFor(TimeSpan.FromSeconds(1));

        PutOperation put = PutGetTests.Put(network, owner, "after");

        Assert.That(owner.Engine.UtcAt(network.Now), Is.EqualTo(network.Utc - TimeSpan.FromDays(1)));
        Assert.That(put.Record.Sequence, Is.GreaterThan((ulong)network.StartUtc.ToUnixTimeMilliseconds()), "sequences do not go back");
    }

    /// <summary>Has it answer more clients of this host than fit into one step.</summary>
    private static void FillOutbox(KademliaEngine engine, VirtualNetwork network)
    {
        var writer = new MessageWriter();
        for (int i = 0; i < 4_100; i++)
        {
            NodeEndpoint source = NodeEndpoint.From(new System.Net.IPAddress([127, 1, (byte)(i >> 8), (byte)i]), 4_001);
            var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, new TransactionId((ulong)i), network.NewNodeId(), IsClient: true);
            writer.Ping(header, null, null);
            engine.Receive(source, writer.Pad(100).ToArray(), network.Now);
        }
    }

    private static void Fill(KademliaEngine engine, VirtualNetwork network, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            var ping = new OutgoingRequest { Kind = MessageKind.Ping, To = new Contact(network.NewNodeId(), network.NewEndpoint()), PaddedSize = 256 };
            engine.Send(ping, network.Now);
        }
    }
}
