using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;
using static Violence.Kademlia.Tests.Engine.WatchNetwork;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Forged news, and subscriptions in masses or in another's name.</summary>
[TestFixture]
internal sealed class HostileNewsTests
{
    private readonly MessageWriter _writer = new();

    [Test]
    public void News_counts_only_from_who_was_asked_and_with_the_number()
    {
        WatchNetwork watched = WatchNetwork.OfSize(12, seed: 2_701);
        VirtualNetwork network = watched.Network;
        Subscriber subscriber = watched.Subscribe();
        Record record = RecordOf(network, network.Nodes[5], 1);
        VirtualNode holder = watched.Holding()[0];
        VirtualNode other = watched.Closest()[^1];
        KademliaEngine engine = subscriber.Node.Engine;
        long verified = engine.Counters.SignaturesVerified;

        Send(network, other.Endpoint, subscriber, subscriber.Watch!.Number, record);
        Send(network, holder.Endpoint, subscriber, subscriber.Watch.Number + 1, record);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(subscriber.Records, Is.Empty);
        Assert.That(engine.Counters.Dropped(DropReason.Unsolicited), Is.EqualTo(2));
        Assert.That(engine.Counters.SignaturesVerified, Is.EqualTo(verified));

        Send(network, holder.Endpoint, subscriber, subscriber.Watch.Number, record);
        Send(network, holder.Endpoint, subscriber, subscriber.Watch.Number, record);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 1 }), "a replay is told once");
        Assert.That(engine.Counters.SignaturesVerified, Is.EqualTo(verified + 1));
    }

    [TestCase("signature")]
    [TestCase("key")]
    [TestCase("garbage")]
    public void A_holder_that_lies_is_listened_to_no_more(string lie)
    {
        WatchNetwork watched = WatchNetwork.OfSize(12, seed: 2_702);
        VirtualNetwork network = watched.Network;
        Subscriber subscriber = watched.Subscribe();
        NodeEndpoint liar = watched.Holding()[0].Endpoint;
        Record honest = RecordOf(network, network.Nodes[5], 1);
        byte[] forged = lie == "key"
            ? RecordOf(network, network.Nodes[5], 1, RecordKey.FromText("test", "another")).Bytes.ToArray()
            : honest.Bytes.ToArray();
        forged[lie == "garbage" ? 0 : ^1] ^= (byte)(lie == "key" ? 0 : 1);

        network.Send(liar, subscriber.Node.Endpoint, News(subscriber.Watch!.Number, forged));
        network.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.That(subscriber.Holders, Is.EqualTo(2));
        long verified = subscriber.Node.Engine.Counters.SignaturesVerified;
        Send(network, liar, subscriber, subscriber.Watch.Number, honest);
        network.RunFor(TimeSpan.FromMilliseconds(50));

        Assert.That(subscriber.Records, Is.Empty);
        Assert.That(subscriber.Node.Engine.Counters.SignaturesVerified, Is.EqualTo(verified));
    }

    [Test]
    public void An_expired_record_is_no_news()
    {
        WatchNetwork watched = WatchNetwork.OfSize(12, seed: 2_703);
        VirtualNetwork network = watched.Network;
        Subscriber subscriber = watched.Subscribe();
        Record old = RecordOf(network, network.Nodes[5], 1);
        network.RunFor(TimeSpan.FromHours(8.5));

        Send(network, watched.Holding()[0].Endpoint, subscriber, subscriber.Watch!.Number, old);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(subscriber.Records, Is.Empty);
    }

    [Test]
    public void A_flood_of_news_is_verified_up_to_the_budget_of_its_source()
    {
        WatchNetwork watched = WatchNetwork.OfSize(12, seed: 2_704);
        VirtualNetwork network = watched.Network;
        Subscriber subscriber = watched.Subscribe();
        NodeEndpoint holder = watched.Holding()[0].Endpoint;
        long verified = subscriber.Node.Engine.Counters.SignaturesVerified;
        for (int i = 0; i < 5_000; i++)
        {
            Send(network, holder, subscriber, subscriber.Watch!.Number, RecordOf(network, network.Nodes[i % 9], (byte)i, label: $"{i}"));
        }

        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(subscriber.Node.Engine.Counters.SignaturesVerified - verified, Is.InRange(100, 400), "2,000 datagrams are a burst, and each verification costs five");
    }

    [Test]
    public void Nobody_subscribes_without_a_cookie_nor_with_another_address_s()
    {
        VirtualNetwork network = WatchNetwork.OfSize(6, seed: 2_705).Network;
        VirtualNode node = network.Nodes[1];
        var stranger = new Stranger(network);
        var victim = new Stranger(network);
        Watch(stranger, node, cookie: null);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Kinds, Does.Contain(MessageKind.Retry));
        Assert.That(node.Engine.Watchers, Is.Zero);

        network.Send(victim.Endpoint, node.Endpoint, Watch(stranger, stranger.Cookie, number: 1));
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(node.Engine.Watchers, Is.Zero);

        Watch(stranger, node, stranger.Cookie);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Kinds[^1], Is.EqualTo(MessageKind.Watching));
        Assert.That(node.Engine.Watchers, Is.EqualTo(1));
    }

    [Test]
    public void A_flood_of_subscriptions_ends_at_the_limit_of_its_source()
    {
        WatchNetwork watched = WatchNetwork.OfSize(6, seed: 2_706);
        VirtualNetwork network = watched.Network;
        VirtualNode node = network.Nodes[1];
        var stranger = new Stranger(network);
        stranger.Ping(node.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(1));
        for (ulong i = 0; i < 1_500; i++)
        {
            Watch(stranger, node, stranger.Cookie, number: i, key: RecordKey.FromText("test", $"{i % 100}"));
        }

        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(node.Engine.Watchers, Is.EqualTo(64));
        network.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(node.Engine.Watchers, Is.Zero);
    }

    [Test]
    public void Clients_and_those_far_from_the_key_are_no_holders()
    {
        WatchNetwork watched = WatchNetwork.OfSize(40, seed: 2_707);
        VirtualNetwork network = watched.Network;
        VirtualNode far = watched.Closest()[^1];
        var stranger = new Stranger(network);
        stranger.Ping(far.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(1));
        WatchStatus? status = null;
        stranger.OnMessage = (_, message) => status = message.WatchStatus;

        Watch(stranger, far, stranger.Cookie);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That((status, far.Engine.Watchers), Is.EqualTo((WatchStatus.NotHolder, 0)));
    }

    [Test]
    public void The_budget_bounds_what_is_sent_and_shares_it_out()
    {
        WatchNetwork watched = WatchNetwork.OfSize(8, seed: 2_708, static config => config with { News = new(PerSecond: 10, Burst: 10) });
        VirtualNetwork network = watched.Network;
        Subscriber[] subscribers = [.. Enumerable.Range(0, 20).Select(_ => watched.Subscribe())];
        for (byte number = 0; number < 40; number++)
        {
            watched.Put(network.Nodes[3], number);
            network.RunFor(TimeSpan.FromMilliseconds(500));
        }

        double seconds = 40 * 0.6;
        Assert.That(network.Nodes.Max(static node => node.Engine.Counters.NewsSent), Is.InRange(100, 10 + 10 * seconds));
        Assert.That(network.Nodes.Sum(static node => node.Engine.Counters.NewsHeldBack), Is.GreaterThan(100));
        Assert.That(subscribers.Min(static subscriber => subscriber.Records.Count), Is.GreaterThan(20), "not always the same are left out");
    }

    private static Record RecordOf(VirtualNetwork network, VirtualNode owner, byte number, RecordKey? key = null, string label = "") =>
        new Kademlia.Engine.RecordAuthor(owner.Identity, VirtualNetwork.NetworkId).Write(key ?? Key, label, Payload(number), Record.MaxTimeToLive, network.Utc);

    private void Send(VirtualNetwork network, NodeEndpoint from, Subscriber to, ulong number, Record record) =>
        network.Send(from, to.Node.Endpoint, News(number, record.Bytes.ToArray()));

    private byte[] News(ulong number, byte[] record) => _writer.News(
        new MessageHeader(VirtualNetwork.NetworkId, MessageKind.News, new TransactionId(5), new NodeId(1, 2, 3), IsClient: false), null, number, record).ToArray();

    private void Watch(Stranger stranger, VirtualNode node, ulong? cookie, ulong number = 1, RecordKey? key = null) =>
        stranger.Send(node.Endpoint, Watch(stranger, cookie, number, key));

    private byte[] Watch(Stranger stranger, ulong? cookie, ulong number, RecordKey? key = null)
    {
        _writer.Watch(stranger.NewRequest(MessageKind.Watch, isClient: true), cookie, key ?? Key, number, 60);
        return _writer.Pad(WireLimits.MinRequest).ToArray();
    }
}
