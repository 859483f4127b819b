using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Messages in somebody else's name change nothing.</summary>
[TestFixture]
internal sealed class SpoofingTests
{
    private static readonly NodeId Target = RecordKey.FromText("test", "target").Position;

    private static readonly string[] Goodbyes = ["no cookie", "wrong cookie", "the cookie of another address", "another id at its own address"];

    [TestCaseSource(nameof(Goodbyes))]
    public void Nobody_says_goodbye_for_another(string how)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(4, seed: 401);
        VirtualNode node = network.Nodes[0];
        VirtualNode victim = network.Nodes[2];
        var liar = new Stranger(network);
        liar.Ping(node.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(1));
        var writer = new MessageWriter();
        MessageHeader header = liar.NewRequest(MessageKind.Goodbye) with { Sender = victim.Id };
        if (how == "another id at its own address")
        {
            liar.Send(node.Endpoint, writer.Goodbye(header, liar.Cookie!.Value));
        }
        else if (how == "no cookie")
        {
            // A PING's body begins like a GOODBYE's, with nil for the cookie.
            byte[] bytes = writer.Ping(header, null, null).ToArray();
            bytes[7] = (byte)MessageKind.Goodbye;
            network.Send(victim.Endpoint, node.Endpoint, bytes);
        }
        else
        {
            ulong cookie = how == "wrong cookie" ? 5 : liar.Cookie!.Value;
            network.Send(victim.Endpoint, node.Endpoint, writer.Goodbye(header, cookie).ToArray());
        }

        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(node.Engine.Table.Contains(victim.Id), Is.True);
        Assert.That(node.Engine.Counters.Dropped(DropReason.Malformed), Is.Zero);
    }

    [Test]
    public void A_goodbye_lets_a_candidate_move_up()
    {
        var network = new VirtualNetwork(seed: 402);
        VirtualNode node = network.Create(config => config with
        {
            K = 2,
            Holders = 2,
            ReplicationFactor = 2,
            ClosestAnswered = 2,
            Routing = new RoutingLimits { K = 2, FarCapacities = [] },
        });
        node.Start();
        while (network.Nodes.Count < 12)
        {
            network.Add(node);
            network.RunFor(TimeSpan.FromSeconds(1));
        }

        BucketSnapshot Far() => node.Engine.Table.Buckets()[0];
        Assert.That(Far().Replacements, Is.GreaterThan(0));
        int surplus = Far().Count - Far().Capacity + 1;
        for (int i = 0; i < surplus; i++)
        {
            VirtualNode leaving = network.Nodes.First(other =>
                node.Engine.Table.Contains(other.Id) && node.Engine.Table.BucketIndexOf(other.Id) == 0);
            leaving.Step(engine => engine.SayGoodbye(network.Now));
            leaving.Crash();
            network.RunFor(TimeSpan.FromMilliseconds(100));
            Assert.That(node.Engine.Table.Contains(leaving.Id), Is.False);
        }

        Assert.That(Far().Count, Is.EqualTo(Far().Capacity));
    }

    private static readonly string[] Spoofs = ["wrong endpoint", "wrong kind", "wrong transaction", "wrong sender", "as a client"];

    [TestCaseSource(nameof(Spoofs))]
    public void A_spoofed_reply_changes_nothing_and_the_true_one_still_counts(string spoof)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 403);
        VirtualNode node = network.Nodes[0];
        VirtualNode peer = network.Nodes[1];
        var writer = new MessageWriter();
        var message = new IncomingMessage();
        var trap = new Stranger(network);
        int forged = 0;
        network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from != node.Endpoint || to != peer.Endpoint || message.Header.Kind != MessageKind.FindNode)
            {
                return;
            }

            // Arrives first: it is sent at the same moment, by somebody as near as the peer.
            forged++;
            var transaction = spoof == "wrong transaction" ? new TransactionId(message.Header.Transaction.Value + 1) : message.Header.Transaction;
            NodeId sender = spoof == "wrong sender" ? trap.Id : peer.Id;
            var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Nodes, transaction, sender, spoof == "as a client");
            ReadOnlyMemory<byte> reply = spoof == "wrong kind"
                ? writer.Pong(header, node.Endpoint, 1, [], [], 1_200)
                : writer.Nodes(header, node.Endpoint, 1, [trap.Contact], 1_200);
            network.Send(spoof == "wrong endpoint" ? trap.Endpoint : peer.Endpoint, node.Endpoint, reply.ToArray());
        };
        network.Delay = TimeSpan.FromMilliseconds(10);
        long matched = node.Engine.Counters.RepliesMatched;
        long dropped = node.Engine.Counters.DroppedTotal;

        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Target, now));
        network.RunFor(TimeSpan.FromSeconds(5));

        Assert.That(forged, Is.EqualTo(1));
        Assert.That(node.Engine.Counters.DroppedTotal - dropped, Is.EqualTo(1));
        Assert.That(node.Engine.Counters.RepliesMatched - matched, Is.EqualTo(1));
        Assert.That(find.Closest, Is.EqualTo((Contact[])[peer.Contact]));
        Assert.That(trap.Received, Is.Empty);
    }

    [Test]
    public void A_reply_counts_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 404);
        VirtualNode node = network.Nodes[0];
        bool isCopying = true;
        network.Observer = (from, to, bytes) =>
        {
            if (isCopying && to == node.Endpoint)
            {
                isCopying = false;
                network.Send(from, to, bytes);
                isCopying = true;
            }
        };
        long matched = node.Engine.Counters.RepliesMatched;

        network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Target, now));
        network.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.That(node.Engine.Counters.RepliesMatched - matched, Is.EqualTo(1));
        Assert.That(node.Engine.Counters.Dropped(DropReason.Unsolicited), Is.EqualTo(1));
    }
}
