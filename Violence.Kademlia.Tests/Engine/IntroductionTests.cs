using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>docs/protocol.md, "Identity proofs": two nodes get to know each other in three datagrams, and nobody else gets in that way.</summary>
[TestFixture]
internal sealed class IntroductionTests
{
    private static readonly NodeId Target = RecordKey.FromText("test", "target").Position;

    /// <summary>What a liar answers to a challenge in return; by name.</summary>
    private static readonly Dictionary<string, Action<Stranger, NodeEndpoint, IncomingMessage>> Lies = new()
    {
        ["no proof"] = static (liar, from, pong) => liar.Pong(from, pong.InReturn!.Value),
        ["for its own transaction"] = static (liar, from, pong) =>
        {
            Span<byte> signature = stackalloc byte[WireLimits.SignatureSize];
            IdentityProof.Sign(liar.Identity, VirtualNetwork.NetworkId, pong.Header.Sender, pong.Header.Transaction, pong.Observed, signature);
            liar.Pong(from, pong.InReturn!.Value, liar.Identity.PublicKey.Span, signature);
        },
        ["to another transaction"] = static (liar, from, pong) => liar.ProveInReturn(from, pong, new TransactionId(pong.InReturn!.Value.Value + 1)),
        ["for another address"] = static (liar, from, pong) => liar.ProveInReturn(from, pong, challenge: from),
        ["for another asker"] = static (liar, from, pong) => liar.ProveInReturn(from, pong, asker: liar.Id),
        ["another id than its key's"] = static (liar, from, pong) => liar.ProveInReturn(from, pong),
        ["a broken signature"] = static (liar, from, pong) =>
            liar.Pong(from, pong.InReturn!.Value, liar.Identity.PublicKey.Span, new byte[WireLimits.SignatureSize]),
        ["another kind"] = static (liar, from, pong) => liar.Nodes(from, pong.InReturn!.Value, []),
    };

    private static IEnumerable<string> LieNames => Lies.Keys;

    /// <summary>A node that does not look around in its young network while the test watches.</summary>
    private static EngineConfig NoLook(EngineConfig config) => config with { JoinPauseMin = config.JoinPauseMax };

    [Test]
    public void Two_nodes_know_each_other_after_three_datagrams()
    {
        var network = new VirtualNetwork(seed: 1_601);
        VirtualNode first = network.Add();
        VirtualNode second = network.Create();
        second.Start();
        List<int> lengths = [];
        network.Observer = (_, _, bytes) => lengths.Add(bytes.Length);

        second.Step(engine => engine.Hear(first.Contact, network.Now));
        network.RunFor(TimeSpan.FromMilliseconds(200));

        Assert.That(lengths, Is.EqualTo((int[])[184, 169, 160]));
        Assert.That(first.Engine.Knows(second.Contact), Is.True);
        Assert.That(second.Engine.Knows(first.Contact), Is.True);
        Assert.That(first.Engine.HasCookieOf(second.Contact, network.Now), Is.True);
        Assert.That(first.Engine.ChallengesInReturn, Is.Zero);
        Assert.That(first.Engine.RequestsInFlight + second.Engine.RequestsInFlight, Is.Zero);
    }

    [Test]
    public void Two_nodes_that_challenge_each_other_at_the_same_time_prove_themselves_once_each()
    {
        var network = new VirtualNetwork(seed: 1_602);
        VirtualNode first = network.Add(configure: NoLook);
        VirtualNode second = network.Create(NoLook);
        second.Start();
        int datagrams = 0;
        network.Observer = (_, _, _) => datagrams++;

        first.Step(engine => engine.Hear(second.Contact, network.Now));
        second.Step(engine => engine.Hear(first.Contact, network.Now));
        network.RunFor(TimeSpan.FromSeconds(5));

        Assert.That(datagrams, Is.EqualTo(4));
        Assert.That(first.Engine.Knows(second.Contact) && second.Engine.Knows(first.Contact), Is.True);
    }

    [Test]
    public void A_known_node_and_a_client_are_not_challenged_in_return()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 1_603);
        VirtualNode node = network.Nodes[0];
        var client = new Stranger(network);
        int inReturn = 0;
        var message = new IncomingMessage();
        network.Observer = (_, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            inReturn += message.InReturn is null ? 0 : 1;
        };

        client.Ping(node.Endpoint, challenge: true, isClient: true);
        network.Nodes[1].Step(engine => engine.ProbeIfQuiet(node.Contact, TimeSpan.Zero, network.Now));
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(inReturn, Is.Zero);
        Assert.That(client.Kinds, Is.EqualTo((MessageKind[])[MessageKind.Pong]));
    }

    [TestCaseSource(nameof(LieNames))]
    public void Who_does_not_prove_its_key_in_return_is_never_let_in(string lie)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_604);
        VirtualNode node = network.Nodes[0];
        var liar = new Stranger(network);
        if (lie == "another id than its key's")
        {
            liar.Id = network.NewNodeId();
        }

        int challenges = 0;
        liar.OnMessage = (from, message) =>
        {
            if (message.InReturn is not null)
            {
                challenges++;
                Lies[lie](liar, from, message);
            }
        };
        using var watch = new HandOnWatch(network);
        for (int i = 0; i < 20; i++)
        {
            liar.Introduce(node.Endpoint);
            network.RunFor(TimeSpan.FromSeconds(20));
        }

        Assert.That(challenges, Is.GreaterThan(0));
        Assert.That(network.Nodes.Select(other => other.Engine.Table.Contains(liar.Id)), Is.All.False);
        Assert.That(watch.Strangers, Is.Empty);
        Assert.That(node.Engine.ChallengesInReturn, Is.Zero);
    }

    [Test]
    public void A_wrong_proof_costs_one_verification_in_ten_seconds()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_605);
        VirtualNode node = network.Nodes[0];
        var liar = new Stranger(network);
        liar.OnMessage = (from, message) =>
        {
            if (message.InReturn is { } transaction)
            {
                liar.Pong(from, transaction, liar.Identity.PublicKey.Span, new byte[WireLimits.SignatureSize]);
            }
        };
        long verified = node.Engine.Counters.SignaturesVerified;

        for (int i = 0; i < 300; i++)
        {
            liar.Introduce(node.Endpoint);
            network.RunFor(TimeSpan.FromMilliseconds(100));
        }

        Assert.That(node.Engine.Counters.SignaturesVerified - verified, Is.InRange(3, 4));
    }

    [Test]
    public void A_proof_in_return_counts_once_and_not_when_it_is_late()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_606);
        VirtualNode node = network.Nodes[0];
        var stranger = new Stranger(network);
        var pongs = new List<(TransactionId Transaction, NodeEndpoint Observed)>();
        stranger.OnMessage = (_, message) =>
        {
            if (message.InReturn is { } transaction)
            {
                pongs.Add((transaction, message.Observed));
            }
        };

        stranger.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(6));
        Prove(stranger, node, pongs[0]);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(node.Engine.Knows(stranger.Contact), Is.False, "it came after the time-out");

        stranger.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromMilliseconds(200));
        long dropped = node.Engine.Counters.Dropped(DropReason.Unsolicited);
        Prove(stranger, node, pongs[1]);
        Prove(stranger, node, pongs[1]);
        network.RunFor(TimeSpan.FromMilliseconds(200));
        Assert.That(node.Engine.Knows(stranger.Contact), Is.True);
        Assert.That(node.Engine.Counters.Dropped(DropReason.Unsolicited) - dropped, Is.EqualTo(1));

        node.Step(engine => engine.Table.Remove(stranger.Id, stranger.Endpoint));
        Prove(stranger, node, pongs[1]);
        network.RunFor(TimeSpan.FromMilliseconds(200));
        Assert.That(node.Engine.Knows(stranger.Contact), Is.False, "what was said before lets nobody in again");
    }

    [Test]
    public void A_proof_in_return_from_another_address_or_under_another_id_does_not_count()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_607);
        VirtualNode node = network.Nodes[0];
        var stranger = new Stranger(network);
        var elsewhere = new Stranger(network, stranger.Identity, network.NewEndpoint());
        var other = new Stranger(network) { Id = stranger.Id };
        stranger.OnMessage = (from, message) =>
        {
            if (message.InReturn is not null)
            {
                elsewhere.ProveInReturn(from, message);
                other.ProveInReturn(from, message);
                stranger.Id = network.NewNodeId();
                stranger.ProveInReturn(from, message);
                stranger.Id = stranger.Identity.Id;
            }
        };

        stranger.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(node.Engine.Counters.Dropped(DropReason.WrongSender), Is.EqualTo(1));
        Assert.That(node.Engine.Table.Contains(stranger.Id), Is.False);
    }

    [Test]
    public void A_forged_request_does_not_hold_up_the_one_it_is_forged_for()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_608);
        VirtualNode node = network.Nodes[0];
        VirtualNode victim = network.Create();
        var writer = new MessageWriter();
        EntropySource entropy = EntropySource.Seeded(4);
        bool isKnown = false;
        for (int i = 0; i < 100; i++)
        {
            var header = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Ping, entropy.NextTransactionId(), victim.Id, false);
            writer.Ping(header, null, node.Endpoint);
            network.Send(victim.Endpoint, node.Endpoint, writer.Pad(Introductions.ChallengeSize).ToArray());
            network.RunFor(TimeSpan.FromMilliseconds(20));
            if (i == 50)
            {
                victim.Start(node.Endpoint);
            }

            isKnown |= node.Engine.Knows(victim.Contact);
        }

        Assert.That(isKnown, Is.True);
        network.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(node.Engine.Table.TryGet(victim.Id, out var entry) && entry.IsReliable, Is.True, "no silence was counted against it");
    }

    [Test]
    public void A_challenge_in_return_is_answered_only_with_the_answer_to_a_request_of_ours()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_609);
        VirtualNode node = network.Nodes[0];
        var stranger = new Stranger(network);
        var writer = new MessageWriter();
        stranger.OnMessage = (from, message) =>
        {
            if (message.Header.Kind == MessageKind.Ping)
            {
                // Twice the same answer: the second belongs to nothing.
                for (int i = 0; i < 2; i++)
                {
                    MessageHeader pong = stranger.Header(MessageKind.Pong, message.Header.Transaction);
                    stranger.Send(from, writer.Pong(pong, from, 1, [], [], 1_200, new TransactionId(7)));
                }
            }
        };
        MessageHeader unasked = stranger.NewRequest(MessageKind.Pong);
        stranger.Send(node.Endpoint, writer.Pong(unasked, node.Endpoint, 1, [], [], 1_200, new TransactionId(6)));
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(stranger.Received, Is.Empty);

        node.Step(engine => engine.Hear(stranger.Contact, network.Now));
        network.RunFor(TimeSpan.FromSeconds(5));

        var answer = new IncomingMessage();
        Assert.That(stranger.Kinds, Is.EqualTo((MessageKind[])[MessageKind.Ping, MessageKind.Pong]));
        MessageReader.Read(stranger.Received[1].Bytes, VirtualNetwork.NetworkId, answer);
        Assert.That(answer.Header.Transaction, Is.EqualTo(new TransactionId(7)));
        Assert.That(answer.InReturn, Is.Null, "no game of ping-pong");
        Assert.That(
            IdentityProof.Verify(
                node.Identity.Scheme, answer.PublicKey, VirtualNetwork.NetworkId, node.Id, stranger.Id, new TransactionId(7), node.Endpoint, answer.Signature),
            Is.True);
    }

    [Test]
    public void A_node_in_the_middle_gets_nobody_elses_id_proved_in_return()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 1_610);
        VirtualNode fooled = network.Nodes[1];
        VirtualNode victim = network.Nodes[3];
        var middle = new Stranger(network) { Id = victim.Id };
        var writer = new MessageWriter();
        TransactionId? wanted = null;
        int passedOn = 0;
        middle.OnMessage = (from, message) =>
        {
            if (from == fooled.Endpoint && message.InReturn is { } transaction)
            {
                wanted = transaction;
            }
            else if (from == victim.Endpoint && message.Header.Kind == MessageKind.Ping && wanted is { } inReturn)
            {
                // In the name of the one to be fooled, with the address that the proof is wanted for.
                passedOn++;
                var pong = new MessageHeader(VirtualNetwork.NetworkId, MessageKind.Pong, message.Header.Transaction, fooled.Id, false);
                middle.Send(from, writer.Pong(pong, middle.Endpoint, 1, [], [], 1_200, inReturn));
            }
            else if (from == victim.Endpoint && message.HasProof)
            {
                middle.Pong(fooled.Endpoint, message.Header.Transaction, message.PublicKey, message.Signature);
            }
        };
        fooled.Step(engine => engine.Table.Remove(victim.Id, victim.Endpoint));
        victim.Step(engine => engine.Table.Remove(fooled.Id, fooled.Endpoint));

        middle.Introduce(fooled.Endpoint);
        network.RunFor(TimeSpan.FromMilliseconds(100));
        victim.Step(engine => engine.Hear(new Contact(fooled.Id, middle.Endpoint), network.Now));
        network.RunFor(TimeSpan.FromMilliseconds(200));

        Assert.That(passedOn, Is.EqualTo(1));
        Assert.That(fooled.Engine.Knows(middle.Contact), Is.False);
    }

    [Test]
    public void Who_searches_in_no_hurry_pays_a_stranger_nothing_until_it_has_answered()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 1_611);
        VirtualNode node = network.Create(NoLook);
        var dead = new Stranger(network);
        var seed = new Stranger(network) { Names = _ => [dead.Contact, network.Nodes[0].Contact] };
        seed.OnMessage = seed.BehaveAsNode;
        node.Start(seed.Endpoint);
        network.RunFor(TimeSpan.FromMilliseconds(200));
        dead.Received.Clear();
        int longest = 0;
        var message = new IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            longest = from == node.Endpoint && message.Header.Kind == MessageKind.FindNode ? Math.Max(longest, bytes.Length) : longest;
        };
        seed.Names = _ => [dead.Contact, .. network.Nodes.Select(static known => known.Contact)];

        // The first refresh.
        network.RunFor(TimeSpan.FromSeconds(20));

        Assert.That(dead.Kinds, Does.Contain(MessageKind.FindNode));
        Assert.That(longest, Is.LessThan(100));
    }

    [Test]
    public void A_proof_in_return_with_one_bit_changed_lets_nobody_in()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 1_612);
        VirtualNode node = network.Nodes[0];
        var writer = new MessageWriter();
        int answered = 0;
        int known = 0;

        // Transaction and sender; then key and signature. What lies between is not signed: the address, and a cookie.
        foreach (int at in Enumerable.Range(9, 30).Concat(Enumerable.Range(59, 101)))
        {
            int bit = at % 8;
            var stranger = new Stranger(network);
            stranger.OnMessage = (from, message) =>
            {
                if (message.InReturn is not { } transaction)
                {
                    return;
                }

                answered++;
                byte[] signature = new byte[WireLimits.SignatureSize];
                IdentityProof.Sign(stranger.Identity, VirtualNetwork.NetworkId, message.Header.Sender, transaction, message.Observed, signature);
                byte[] proof = writer.Pong(
                    stranger.Header(MessageKind.Pong, transaction), from, 1, stranger.Identity.PublicKey.Span, signature, 1_200).ToArray();
                Assert.That(proof, Has.Length.EqualTo(160));
                proof[at] ^= (byte)(1 << bit);
                stranger.Send(from, proof);
            };
            stranger.Introduce(node.Endpoint);
            network.RunFor(TimeSpan.FromSeconds(1.1));
            known += node.Engine.Table.Count - 2;
        }

        Assert.That(answered, Is.EqualTo(131));
        Assert.That(known, Is.Zero);
        Assert.That(node.Engine.ChallengesInReturn, Is.Zero);
    }

    private static void Prove(Stranger stranger, VirtualNode node, (TransactionId Transaction, NodeEndpoint Observed) asked)
    {
        Span<byte> signature = stackalloc byte[WireLimits.SignatureSize];
        IdentityProof.Sign(stranger.Identity, VirtualNetwork.NetworkId, node.Id, asked.Transaction, asked.Observed, signature);
        stranger.Pong(node.Endpoint, asked.Transaction, stranger.Identity.PublicKey.Span, signature);
    }
}
