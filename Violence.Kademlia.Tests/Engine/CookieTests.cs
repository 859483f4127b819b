using System.Net;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>docs/protocol.md, "Cookies": nobody is flooded through us, and nothing is asked twice for it.</summary>
[TestFixture]
internal sealed class CookieTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    private static Record RecordOf(NodeIdentity owner, VirtualNetwork network, string label = "", int payload = 100, int ageSeconds = 0) =>
        new RecordAuthorOf(owner).Write(Key, label, payload, network.Utc - TimeSpan.FromSeconds(ageSeconds));

    private static IEnumerable<TestCaseData> States()
    {
        foreach (bool isFilled in (bool[])[false, true])
        {
            foreach (bool hasWrongCookie in (bool[])[false, true])
            {
                yield return new TestCaseData(isFilled, hasWrongCookie).SetArgDisplayNames(isFilled ? "full" : "empty", hasWrongCookie ? "wrong cookie" : "no cookie");
            }
        }
    }

    [TestCaseSource(nameof(States))]
    public void An_unproven_source_never_gets_more_bytes_than_came_from_it(bool isFilled, bool hasWrongCookie)
    {
        var network = new VirtualNetwork(seed: 101);
        VirtualNode node = network.Create(config => config with { Storage = config.Storage with { MaxRecordsPerKey = 40 } });
        if (isFilled)
        {
            Fill(network, node);
        }

        node.Start();
        var sent = new Dictionary<NodeEndpoint, int>();
        var received = new Dictionary<NodeEndpoint, int>();
        int challenges = 0;
        network.Observer = (from, to, bytes) =>
        {
            if (from == node.Endpoint)
            {
                sent[to] = sent.GetValueOrDefault(to) + bytes.Length;
                challenges += sent.ContainsKey(to) && HasChallengeInReturn(bytes) ? 1 : 0;
            }
        };

        foreach ((ReadOnlyMemory<byte> bytes, NodeEndpoint source) in Requests(network, node, hasWrongCookie ? 42UL : null))
        {
            received[source] = bytes.Length;
            network.Send(source, node.Endpoint, bytes);
            network.RunFor(TimeSpan.FromMilliseconds(60));
        }

        network.RunFor(TimeSpan.FromMinutes(2));

        Assert.That(received.Where(pair => sent.GetValueOrDefault(pair.Key) > pair.Value), Is.Empty, $"seed {network.Seed}");
        Assert.That(challenges, hasWrongCookie ? Is.Zero : Is.GreaterThan(isFilled ? 0 : 1_000), "challenges are part of what was counted, and RETRY carries none");
    }

    private static bool HasChallengeInReturn(ReadOnlyMemory<byte> datagram)
    {
        var message = new IncomingMessage();
        return MessageReader.Read(datagram, VirtualNetwork.NetworkId, message) == WireError.None && message.InReturn is not null;
    }

    /// <summary>Every kind of request at every length up to that of a datagram, each from a source of its own.</summary>
    private static IEnumerable<(ReadOnlyMemory<byte> Bytes, NodeEndpoint Source)> Requests(VirtualNetwork network, VirtualNode node, ulong? cookie)
    {
        var writer = new MessageWriter();
        EntropySource entropy = EntropySource.Seeded(5);
        byte[] record = RecordOf(network.NewIdentity(), network).Bytes.ToArray();
        for (int length = 0; length <= WireLimits.MaxDatagram; length++)
        {
            for (int kind = 0; kind < 7; kind++)
            {
                NodeEndpoint source = kind == 6
                    ? NodeEndpoint.From(new IPEndPoint(new IPAddress([0x20, 1, 0xd, 0xb8, .. new byte[8], 1, 2, (byte)(length >> 8), (byte)length]), 5_000))
                    : NodeEndpoint.From(new IPEndPoint(new IPAddress([11, (byte)kind, (byte)(length >> 8), (byte)length]), 5_000));
                var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, entropy.NextTransactionId(), entropy.NextNodeId(), false);
                ReadOnlyMemory<byte> request = kind switch
                {
                    0 => writer.Ping(header, cookie, null),
                    1 => writer.Ping(header, cookie, node.Endpoint),
                    2 => writer.Store(header, cookie, record),
                    3 => writer.FindNode(header, cookie, Key.Position, AddressFamilies.Both),
                    4 => writer.Goodbye(header, 42),
                    _ => writer.FindValue(header, cookie, Key, AddressFamilies.Both, null, null),
                };
                if (request.Length <= length)
                {
                    yield return (writer.Pad(length).ToArray(), source);
                }
            }
        }
    }

    private static void Fill(VirtualNetwork network, VirtualNode node)
    {
        while (node.Engine.Table.Count < 150)
        {
            node.Engine.Table.Add(new Contact(network.NewNodeId(), network.NewEndpoint()), network.Now);
        }

        for (int i = 0; i < 40; i++)
        {
            node.Engine.Store.Put(RecordOf(network.NewIdentity(), network, payload: 20 * i), RecordSource.Self, network.Now, network.Utc);
        }
    }

    [TestCase("none")]
    [TestCase("made up")]
    [TestCase("somebody else's")]
    public void A_store_without_a_valid_cookie_gets_a_retry_and_stores_nothing(string cookie)
    {
        var network = new VirtualNetwork(seed: 102);
        VirtualNode node = network.Add();
        var stranger = new Stranger(network);
        var other = new Stranger(network);
        other.Ping(node.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(1));
        ulong? shown = cookie switch { "none" => null, "made up" => 7, _ => other.Cookie };

        stranger.Store(node.Endpoint, RecordOf(stranger.Identity, network, payload: 600), shown);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(stranger.Kinds[0], Is.EqualTo(MessageKind.Retry));
        Assert.That(node.Engine.Store.Count, Is.Zero);

        stranger.Store(node.Endpoint, RecordOf(stranger.Identity, network, payload: 600), stranger.Cookie);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Kinds, Does.Contain(MessageKind.Stored), "with the cookie of the RETRY");
        Assert.That(node.Engine.Store.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_request_answered_by_retry_is_sent_once_more_with_the_fresh_cookie_and_no_third_time()
    {
        var network = new VirtualNetwork(seed: 103);
        var stranger = new Stranger(network);
        VirtualNode node = network.Create();
        List<bool> hadCookie = [];
        bool mayRetry = false;
        stranger.OnMessage = (from, message) =>
        {
            if (message.Header.Kind == MessageKind.FindNode && mayRetry)
            {
                hadCookie.Add(message.HasCookie);
                stranger.Retry(from, message);
            }
            else
            {
                stranger.BehaveAsNode(from, message);
            }
        };
        node.Start(stranger.Endpoint);
        network.RunUntil(() => node.Engine.Table.Count == 1, TimeSpan.FromSeconds(5));
        mayRetry = true;

        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Key.Position, now));

        Assert.That(find.Requests, Is.EqualTo(2));
        Assert.That(hadCookie, Has.Count.EqualTo(2));
        Assert.That(hadCookie[1], Is.True);
        Assert.That(find.Closest, Is.Empty);
        Assert.That(find.Elapsed, Is.EqualTo(4 * network.Delay), "two round trips and no time-out");
    }

    [Test]
    public void A_contact_that_answers_nothing_but_retry_is_forgotten_in_the_end()
    {
        var network = new VirtualNetwork(seed: 104);
        var stranger = new Stranger(network);
        VirtualNode node = network.Create();
        bool mayRetry = false;
        stranger.OnMessage = (from, message) =>
        {
            if (mayRetry)
            {
                stranger.Retry(from, message);
            }
            else
            {
                stranger.BehaveAsNode(from, message);
            }
        };
        node.Start(stranger.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(5));
        Assert.That(node.Engine.Table.Count, Is.EqualTo(1));

        mayRetry = true;
        stranger.Received.Clear();
        network.RunFor(TimeSpan.FromHours(1));

        Assert.That(node.Engine.Table.Count, Is.Zero);
        Assert.That(stranger.Received, Has.Count.LessThan(500));
    }

    [Test]
    public void A_cookie_is_good_for_ten_minutes_and_not_for_thirty()
    {
        var network = new VirtualNetwork(seed: 105);
        VirtualNode node = network.Add();
        var stranger = new Stranger(network);
        stranger.Ping(node.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(1));
        ulong? cookie = stranger.Cookie;

        network.RunFor(AddressCookies.SecretLifetime - TimeSpan.FromSeconds(2));
        stranger.FindNode(node.Endpoint, Key.Position, cookie);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Kinds, Does.Contain(MessageKind.Nodes));
        Assert.That(stranger.Kinds, Does.Not.Contain(MessageKind.Retry));

        network.RunFor(TimeSpan.FromMinutes(20));
        stranger.FindNode(node.Endpoint, Key.Position, cookie);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Kinds, Does.Contain(MessageKind.Retry));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_node_started_anew_at_its_address_is_talked_to_without_a_failure(bool isIPv6)
    {
        var network = new VirtualNetwork(seed: 106);
        VirtualNode[] nodes = [.. Enumerable.Range(1, 6).Select(i => network.Create(endpoint: isIPv6 ? IPv6(i) : null))];
        foreach (VirtualNode node in nodes)
        {
            node.Start(node == nodes[0] ? [] : [nodes[0].Endpoint]);
            network.RunFor(TimeSpan.FromSeconds(1));
        }

        network.RunFor(TimeSpan.FromSeconds(20));
        VirtualNode asker = nodes[1];
        VirtualNode before = nodes[2];
        before.Crash();
        VirtualNode after = network.Create(identity: before.Identity, endpoint: before.Endpoint);
        after.Start(nodes[0].Endpoint);
        long timedOut = asker.Engine.Counters.RequestsTimedOut;

        asker.Step(engine => engine.ProbeIfQuiet(after.Contact, TimeSpan.Zero, network.Now));
        FindNodeOperation find = network.Run<FindNodeOperation>(asker, (engine, now) => engine.FindNode(after.Id, now));
        PutOperation put = PutGetTests.Put(network, asker, "still here", Key);
        GetOperation get = PutGetTests.Get(network, asker, Key);
        network.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(asker.Engine.Counters.RequestsTimedOut, Is.EqualTo(timedOut));
        Assert.That(find.Closest[0], Is.EqualTo(after.Contact));
        Assert.That(put.Holders, Has.Count.EqualTo(5));
        Assert.That(get.Status, Is.EqualTo(GetStatus.Found));
        Assert.That(asker.Engine.Table.TryGet(after.Id, out var entry) && entry.IsReliable, Is.True);
    }

    [Test]
    public void A_request_whose_cookie_does_not_hold_gets_a_retry_rather_than_a_cut_reply()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 107);
        var stranger = new Stranger(network);

        stranger.FindNode(network.Nodes[0].Endpoint, Key.Position, cookie: 99);
        stranger.Ping(network.Nodes[0].Endpoint, cookie: 99, padTo: WireLimits.MinRequest);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(stranger.Kinds[..2], Is.EqualTo((MessageKind[])[MessageKind.Retry, MessageKind.Retry]));
    }

    [Test]
    public void Every_request_is_long_enough_for_a_retry()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 108);
        int shortest = int.MaxValue;
        var message = new IncomingMessage();
        network.Observer = (_, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            shortest = message.Header.Kind.IsRequest() ? Math.Min(shortest, bytes.Length) : shortest;
        };
        VirtualNode node = network.Nodes[1];
        foreach (VirtualNode other in network.Nodes.Skip(2))
        {
            node.Step(engine => engine.ProbeIfQuiet(other.Contact, TimeSpan.Zero, network.Now));
        }

        Assert.That(shortest, Is.EqualTo(WireLimits.MinRequest), "a PING with a cookie and no challenge is the shortest there is");
    }

    private static NodeEndpoint IPv6(int host) =>
        NodeEndpoint.From(new IPEndPoint(new IPAddress([0x20, 1, 0xd, 0xb8, 0, (byte)host, .. new byte[9], (byte)host]), 4_001));
}
