using System.Net;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Crowds of made-up contacts and spoofed sources: what a node does and keeps for them is bounded.</summary>
[TestFixture]
internal sealed class FloodTests
{
    private static readonly NodeId Target = RecordKey.FromText("test", "target").Position;

    [Test]
    public void Made_up_contacts_are_challenged_at_a_bounded_rate_and_keep_nobody_out()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 301);
        VirtualNode node = network.Nodes[0];
        EntropySource entropy = EntropySource.Seeded(2);
        var liar = new Stranger(network) { Names = _ => MadeUp(entropy) };
        liar.OnMessage = liar.BehaveAsNode;
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));
        int toNobody = 0;
        int mostInFlight = 0;
        int mostUnderWay = 0;
        network.Observer = (from, to, _) =>
        {
            toNobody += from == node.Endpoint && to.ToString().StartsWith("12.", StringComparison.Ordinal) ? 1 : 0;
            mostInFlight = Math.Max(mostInFlight, node.Engine.ChallengesInFlight);
            mostUnderWay = Math.Max(mostUnderWay, node.Engine.ChallengesUnderWay);
        };

        // Gets for the liar's own position: it is asked each time, and names 32 more.
        Instant start = network.Now;
        for (int i = 0; i < 300; i++)
        {
            node.Do((engine, now) => engine.FindNode(liar.Id, now));
            network.RunFor(TimeSpan.FromMilliseconds(200));
        }

        VirtualNode newcomer = network.Create();
        newcomer.Start(node.Endpoint);
        bool joined = network.RunUntil(() => node.Engine.Table.Contains(newcomer.Id), TimeSpan.FromSeconds(5));
        network.RunFor(TimeSpan.FromMinutes(1));

        int seconds = (int)(network.Now - start).TotalSeconds;
        int asked = (int)node.Engine.Counters.RequestsSent;
        TestContext.Out.WriteLine($"{toNobody} datagrams to nobody in {seconds} s, {mostInFlight} challenges in flight, {mostUnderWay} under way, {asked} requests in all");
        Assert.That(joined, Is.True, "a real node gets in during the flood");
        Assert.That(mostInFlight, Is.LessThanOrEqualTo(16));
        Assert.That(mostUnderWay, Is.LessThanOrEqualTo(2 * 256 + 16));
        Assert.That(node.Engine.Table.Count, Is.LessThanOrEqualTo(7), "nobody made up got in");
        Assert.That(node.Engine.ChallengesUnderWay, Is.Zero, "and the flood leaves nothing behind");
    }

    [Test]
    public void Requests_from_spoofed_sources_get_one_answer_each_and_keep_nobody_out()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 302);
        VirtualNode node = network.Nodes[0];
        var writer = new MessageWriter();
        EntropySource entropy = EntropySource.Seeded(3);
        int answers = 0;
        int inReturn = 0;
        int mostInReturn = 0;
        int mostUnderWay = 0;
        var message = new IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            if (from == node.Endpoint && to.ToString().StartsWith("12.", StringComparison.Ordinal))
            {
                MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
                answers++;
                inReturn += message.InReturn is null ? 0 : 1;
            }

            mostInReturn = Math.Max(mostInReturn, node.Engine.ChallengesInReturn);
            mostUnderWay = Math.Max(mostUnderWay, node.Engine.ChallengesUnderWay);
        };

        VirtualNode? newcomer = null;
        bool joined = false;
        for (int i = 0; i < 20_000; i++)
        {
            SendSpoofed(network, node, writer, entropy, i, isPing: i % 2 == 0);
            network.RunFor(TimeSpan.FromMilliseconds(1));
            if (i == 10_000)
            {
                newcomer = network.Create();
                newcomer.Start(node.Endpoint);
            }

            joined |= newcomer is not null && node.Engine.Table.Contains(newcomer.Id);
        }

        Assert.That(joined, Is.True, "a real node gets in during the flood");
        Assert.That(answers, Is.InRange(19_000, 20_000), "no challenge goes to who may not be there");
        Assert.That(inReturn, Is.InRange(16, 16 * 21), "a second after which each is given up");
        Assert.That(mostInReturn, Is.LessThanOrEqualTo(Introductions.InReturnMax));
        Assert.That(mostUnderWay, Is.LessThanOrEqualTo(16));
        Assert.That(node.Engine.Table.Count, Is.LessThanOrEqualTo(7));
        network.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(node.Engine.ChallengesInReturn, Is.Zero);
        Assert.That(node.Engine.RequestsInFlight, Is.Zero);
    }

    [Test]
    public void A_burst_of_made_up_sources_does_not_take_all_challenges_in_return()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 306);
        VirtualNode node = network.Nodes[0];
        var writer = new MessageWriter();
        EntropySource entropy = EntropySource.Seeded(6);
        for (int i = 0; i < 100; i++)
        {
            SendSpoofed(network, node, writer, entropy, i, isPing: true);
        }

        network.RunFor(TimeSpan.FromMilliseconds(15));
        Assert.That(node.Engine.ChallengesInReturn, Is.EqualTo(16));
        VirtualNode newcomer = network.Create();
        newcomer.Start(node.Endpoint);

        Assert.That(network.RunUntil(() => node.Engine.Table.Contains(newcomer.Id), TimeSpan.FromMilliseconds(100)), Is.True);
    }

    private static void SendSpoofed(VirtualNetwork network, VirtualNode node, MessageWriter writer, EntropySource entropy, int number, bool isPing)
    {
        MessageKind kind = isPing ? MessageKind.Ping : MessageKind.FindNode;
        var header = new MessageHeader(VirtualNetwork.NetworkId, kind, entropy.NextTransactionId(), entropy.NextNodeId(), false);
        _ = isPing ? writer.Ping(header, null, node.Endpoint) : writer.FindNode(header, null, Target, AddressFamilies.Both);
        network.Send(Address(number), node.Endpoint, writer.Pad().ToArray());
    }

    [Test]
    public void A_flood_of_challenges_from_spoofed_sources_costs_few_signatures_and_none_of_those_for_others()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 303);
        VirtualNode node = network.Nodes[0];
        network.Jitter = TimeSpan.FromMilliseconds(3);
        var writer = new MessageWriter();
        EntropySource entropy = EntropySource.Seeded(4);
        int signed = 0;
        int retried = 0;
        var message = new IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            if (from == node.Endpoint && to.ToString().StartsWith("12.", StringComparison.Ordinal))
            {
                MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
                signed += message.HasProof ? 1 : 0;
                retried += message.Header.Kind == MessageKind.Retry ? 1 : 0;
            }
        };
        int sent = 0;
        void FloodFor(int milliseconds)
        {
            // 4,000 a second, evenly: what comes back to the budget is taken at once.
            for (int i = 0; i < milliseconds * 4; i++, sent++)
            {
                var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, entropy.NextTransactionId(), entropy.NextNodeId(), true);
                writer.Ping(header, null, node.Endpoint);
                network.Send(Address(sent), node.Endpoint, writer.Pad(512).ToArray());
                network.RunFor(TimeSpan.FromMilliseconds(0.25));
            }
        }

        FloodFor(2_000);

        var newcomers = new List<VirtualNode>();
        for (int i = 20; i < 40; i++)
        {
            newcomers.Add(network.Create());
            newcomers[^1].Start(node.Endpoint);
            FloodFor(100);
        }

        Assert.That(signed, Is.LessThanOrEqualTo(1_000 + 500 * 4));
        Assert.That(retried, Is.GreaterThan(0));
        Assert.That(newcomers.Select(newcomer => newcomer.Engine.Table.Contains(node.Id)), Is.All.True, "who receives at its address still gets a proof");
    }

    [Test]
    public void Requests_that_name_a_known_id_make_a_node_ask_it_once_at_a_time()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 304);
        VirtualNode node = network.Nodes[0];
        VirtualNode known = network.Nodes[1];
        var stranger = new Stranger(network) { Id = known.Id };
        stranger.Ping(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(11));
        long before = node.Engine.Counters.RequestsSent;
        network.IsBlocked = (_, to) => to == known.Endpoint;
        for (int i = 0; i < 200; i++)
        {
            stranger.Ping(node.Endpoint, stranger.Cookie, padTo: WireLimits.MinRequest);
            network.RunFor(TimeSpan.FromMilliseconds(1));
        }

        Assert.That(node.Engine.Counters.RequestsSent - before, Is.EqualTo(1));
    }

    [Test]
    public void Checking_records_costs_their_sender_more_than_asking()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 305);
        VirtualNode node = network.Nodes[0];
        var stranger = new Stranger(network);
        stranger.Ping(node.Endpoint, isClient: true);
        network.RunFor(TimeSpan.FromSeconds(3));
        var author = new RecordAuthorOf(stranger.Identity);
        long verified = node.Engine.Counters.SignaturesVerified;
        for (int i = 0; i < 1_000; i++)
        {
            byte[] bytes = author.Write(new RecordKey(network.NewNodeId()), "", 10, network.Utc).Bytes.ToArray();
            bytes[^1] ^= 1;
            var writer = new MessageWriter();
            stranger.Send(node.Endpoint, writer.Store(stranger.NewRequest(MessageKind.Store), stranger.Cookie, bytes).ToArray());
        }

        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(node.Engine.Counters.SignaturesVerified - verified, Is.InRange(100, 400));
        Assert.That(node.Engine.Store.Count, Is.Zero);
    }

    private static Contact[] MadeUp(EntropySource entropy) =>
        [.. Enumerable.Range(0, 32).Select(_ => new Contact(entropy.NextNodeId(), Address(entropy.NextInt32(1 << 24))))];

    private static NodeEndpoint Address(int host) =>
        NodeEndpoint.From(new IPEndPoint(new IPAddress([12, (byte)(host >> 16), (byte)(host >> 8), (byte)host]), 4_000));
}
