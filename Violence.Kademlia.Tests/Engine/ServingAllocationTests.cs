using System.Net;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>A served request costs no memory: datagrams come by the hundred thousand.</summary>
[TestFixture]
internal sealed class ServingAllocationTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void Serving_allocates_nothing(
        [Values("PING", "FIND_NODE", "FIND_VALUE", "FIND_VALUE of records", "FIND_VALUE of an owner's", "STORE without cookie", "GOODBYE", "garbage")] string request,
        [Values] bool hasCookie)
    {
        var network = new VirtualNetwork(seed: 1001);
        VirtualNode node = network.Add();
        KademliaEngine engine = node.Engine;
        while (engine.Table.Count < 100)
        {
            engine.Table.Add(new Contact(network.NewNodeId(), network.NewEndpoint()), network.Now);
        }

        NodeIdentity owner = network.NewIdentity();
        for (int i = 0; i < 10; i++)
        {
            engine.Store.Put(new RecordAuthorOf(owner).Write(Key, $"{i}", 100, network.Utc), RecordSource.Self, network.Now, network.Utc);
        }

        NodeEndpoint source = NodeEndpoint.From(new IPEndPoint(new IPAddress([127, 0, 0, 1]), 4_000));
        NodeId asker = network.NewNodeId();
        engine.Table.Add(new Contact(asker, source), network.Now);
        ulong? cookie = hasCookie ? CookieFor(engine, source, asker, network.Now) : null;
        byte[] datagram = Write(request, asker, cookie, owner.Id);
        Instant now = network.Now;
        long served = engine.Counters.RequestsServed;

        void Serve()
        {
            engine.Receive(source, datagram, now);
            engine.Outbox.Clear();
        }

        Assert.That(Allocations.Of(Serve), Is.Zero);
        if (request is not ("GOODBYE" or "garbage"))
        {
            Assert.That(engine.Counters.RequestsServed, Is.GreaterThan(served));
        }
    }

    private static byte[] Write(string request, NodeId asker, ulong? cookie, NodeId owner)
    {
        var writer = new MessageWriter();
        var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, new TransactionId(77), asker, false);
        switch (request)
        {
            case "PING":
                writer.Ping(header, cookie, null);
                break;
            case "FIND_NODE":
                writer.FindNode(header, cookie, Key.Position, AddressFamilies.Both);
                break;
            case "FIND_VALUE":
                writer.FindValue(header, cookie, new RecordKey(asker), AddressFamilies.Both, null, null);
                break;
            case "FIND_VALUE of records":
                writer.FindValue(header, cookie, Key, AddressFamilies.Both, null, null);
                break;
            case "FIND_VALUE of an owner's":
                writer.FindValue(header, cookie, Key, AddressFamilies.IPv4, owner, null);
                break;
            case "STORE without cookie":
                writer.Store(header, null, new byte[500]);
                break;
            case "GOODBYE":
                writer.Goodbye(header, 1);
                break;
            default:
                writer.Ping(header, cookie, null);
                return [.. writer.Pad(30).Span[..20], 0xC1];
        }

        return writer.Pad(1_200).ToArray();
    }

    private static ulong CookieFor(KademliaEngine engine, NodeEndpoint source, NodeId asker, Instant now)
    {
        var writer = new MessageWriter();
        var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, new TransactionId(1), asker, false);
        writer.Ping(header, null, null);
        engine.Receive(source, writer.Pad().ToArray(), now);
        var reply = new IncomingMessage();
        MessageReader.Read(engine.Outbox.Read(0, out _), VirtualNetwork.NetworkId, reply);
        engine.Outbox.Clear();
        return reply.Cookie;
    }
}
