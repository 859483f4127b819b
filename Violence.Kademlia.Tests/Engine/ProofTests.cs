using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>docs/protocol.md, "Identity proofs": who gets into a table, and whom a node hands on.</summary>
[TestFixture]
internal sealed class ProofTests
{
    private static readonly NodeId Target = RecordKey.FromText("test", "target").Position;

    /// <summary>What a liar answers to a challenge; by name.</summary>
    private static readonly Dictionary<string, Action<Stranger, NodeEndpoint, IncomingMessage>> Lies = new()
    {
        ["no proof"] = static (liar, from, ping) => liar.Pong(from, ping.Header.Transaction),
        ["another id than its key's"] = static (liar, from, ping) => liar.Prove(from, ping),
        ["for another address"] = static (liar, from, ping) => liar.Prove(from, ping, challenge: from),
        ["for another asker"] = static (liar, from, ping) => liar.Prove(from, ping, asker: liar.Id),
        ["a broken signature"] = static (liar, from, ping) =>
            liar.Pong(from, ping.Header.Transaction, liar.Identity.PublicKey.Span, new byte[WireLimits.SignatureSize]),
        ["a client's proof"] = static (liar, from, ping) =>
        {
            Span<byte> signature = stackalloc byte[WireLimits.SignatureSize];
            IdentityProof.Sign(
                liar.Identity, VirtualNetwork.NetworkId, ping.Header.Sender, ping.Header.Transaction, ping.Challenge!.Value, signature);
            liar.Pong(from, ping.Header.Transaction, liar.Identity.PublicKey.Span, signature, isClient: true);
        },
    };

    private static IEnumerable<string> LieNames => Lies.Keys;

    [TestCaseSource(nameof(LieNames))]
    public void A_contact_that_does_not_prove_its_key_is_never_let_in_nor_handed_on(string lie)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 201);
        VirtualNode node = network.Nodes[0];
        var liar = new Stranger(network);
        if (lie == "another id than its key's")
        {
            liar.Id = network.NewNodeId();
        }

        int challenges = 0;
        liar.OnMessage = (from, message) =>
        {
            if (message.Header.Kind == MessageKind.Ping && message.Challenge is not null)
            {
                challenges++;
                Lies[lie](liar, from, message);
            }
        };
        using var watch = new HandOnWatch(network);
        for (int i = 0; i < 20; i++)
        {
            liar.FindNode(node.Endpoint, Target, liar.Cookie);
            network.RunFor(TimeSpan.FromMinutes(1));
        }

        Assert.That(challenges, Is.InRange(1, 20), "once a minute it is given another chance");
        Assert.That(network.Nodes.Select(other => other.Engine.Table.Contains(liar.Id)), Is.All.False);
        Assert.That(watch.Strangers, Is.Empty);
    }

    [Test]
    public void An_honest_stranger_is_let_in()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 202);
        var stranger = new Stranger(network);
        stranger.OnMessage = stranger.BehaveAsNode;

        stranger.Introduce(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(network.Nodes[0].Engine.Table.TryGet(stranger.Id, out var entry), Is.True);
        Assert.That(entry.Contact, Is.EqualTo(stranger.Contact));
    }

    [Test]
    public void A_proof_cannot_be_replayed()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(5, seed: 203);
        VirtualNode node = network.Nodes[0];
        var stranger = new Stranger(network);
        byte[]? key = null;
        byte[]? signature = null;
        VirtualNode victim = network.Create();
        network.Observer = (from, to, bytes) =>
        {
            var message = new IncomingMessage();
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == victim.Endpoint && to == node.Endpoint && message.HasProof)
            {
                (key, signature) = (message.PublicKey.ToArray(), message.Signature.ToArray());
            }
        };
        victim.Start(node.Endpoint);
        network.RunUntil(() => node.Engine.Table.Contains(victim.Id), TimeSpan.FromSeconds(5));
        Assert.That(signature, Is.Not.Null);
        victim.Crash();
        network.RunUntil(() => !node.Engine.Table.Contains(victim.Id), TimeSpan.FromHours(3));
        Assert.That(node.Engine.Table.Contains(victim.Id), Is.False);

        // The liar took over the very address of the one it poses as.
        var liar = new Stranger(network, victim.Identity, victim.Endpoint);
        int challenges = 0;
        liar.OnMessage = (from, ping) =>
        {
            challenges++;
            liar.Pong(from, ping.Header.Transaction, key, signature);
        };
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromMinutes(10));

        Assert.That(challenges, Is.GreaterThan(0));
        Assert.That(node.Engine.Table.Contains(victim.Id), Is.False);
    }

    [Test]
    public void A_node_in_the_middle_gets_nobody_elses_id_proved_for_its_own_address()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 204);
        VirtualNode asker = network.Create();
        VirtualNode victim = network.Nodes[3];
        var middle = new Stranger(network) { Id = victim.Id };
        var writer = new MessageWriter();
        NodeEndpoint? waiting = null;
        int relayed = 0;
        int answers = 0;
        middle.OnMessage = (from, message) =>
        {
            if (message.Header.Kind == MessageKind.Ping && message.Challenge is { } challenge)
            {
                // Passed on in the asker's name, with the address the asker used: the middle's own.
                waiting = from;
                relayed++;
                writer.Ping(message.Header, null, challenge);
                middle.Send(victim.Endpoint, writer.Pad());
            }
            else if (message.Header.Kind == MessageKind.Pong && waiting is { } to)
            {
                answers++;
                middle.Pong(to, message.Header.Transaction, message.PublicKey, message.Signature);
            }
            else if (message.Header.Kind == MessageKind.FindNode)
            {
                middle.Nodes(from, message.Header.Transaction, []);
            }
        };

        asker.Start(middle.Endpoint);
        network.RunFor(TimeSpan.FromMinutes(5));

        Assert.That(relayed, Is.GreaterThan(0));
        Assert.That(answers, Is.GreaterThan(0));
        Assert.That(asker.Engine.Table.Contains(victim.Id), Is.False);
    }

    [Test]
    public void Of_one_endpoint_with_many_ids_only_the_last_that_was_proved_stands_in_a_table()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(4, seed: 205);
        VirtualNode node = network.Nodes[0];
        NodeEndpoint endpoint = network.NewEndpoint();
        ulong? cookie = null;
        for (int i = 0; i < 12; i++)
        {
            var stranger = new Stranger(network, network.NewIdentity(), endpoint);
            stranger.OnMessage = stranger.BehaveAsNode;
            if (cookie is null)
            {
                stranger.Introduce(node.Endpoint);
            }
            else
            {
                stranger.FindNode(node.Endpoint, Target, cookie);
            }

            network.RunFor(TimeSpan.FromSeconds(20));
            cookie = stranger.Cookie;
            Assert.That(node.Engine.Table.Contains(stranger.Id), Is.True);
            Assert.That(node.Engine.Contacts().Count(contact => contact.Endpoint == endpoint), Is.EqualTo(1));
        }
    }

    [Test]
    public void What_liars_name_is_asked_but_never_handed_on()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 206);
        using var watch = new HandOnWatch(network);
        var liar = new Stranger(network);
        EntropySource entropy = EntropySource.Seeded(1);
        liar.Names = _ => [.. Enumerable.Range(0, 30).Select(i => new Contact(entropy.NextNodeId(), network.NewEndpoint()))];
        liar.OnMessage = liar.BehaveAsNode;
        watch.Expect(liar.Endpoint);
        liar.Introduce(network.Nodes[0].Endpoint);
        network.RunFor(TimeSpan.FromMinutes(30));

        foreach (VirtualNode node in network.Nodes)
        {
            network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Target, now));
        }

        Assert.That(network.Nodes.Any(node => node.Engine.Table.Contains(liar.Id)), Is.True, "it is a node like any other");
        Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.LessThanOrEqualTo(6));
        Assert.That(watch.Strangers, Is.Empty);
    }

    [Test]
    public void Whoever_uses_our_own_id_is_not_heard()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 207);
        VirtualNode node = network.Nodes[0];
        var twin = new Stranger(network) { Id = node.Id };
        var liar = new Stranger(network) { Names = _ => [new Contact(node.Id, twin.Endpoint)] };
        liar.OnMessage = liar.BehaveAsNode;

        twin.FindNode(node.Endpoint, Target);
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(Target, now));

        Assert.That(twin.Received, Is.Empty);
        Assert.That(node.Engine.Counters.Dropped(DropReason.OwnId), Is.EqualTo(1));
        Assert.That(node.Engine.Table.Contains(node.Id), Is.False);
    }

    [Test]
    public void A_contact_with_the_id_zero_does_not_pass_for_a_seed()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 208);
        VirtualNode node = network.Nodes[0];
        var zero = new Stranger(network);
        zero.OnMessage = zero.BehaveAsNode;
        var liar = new Stranger(network) { Names = _ => [new Contact(NodeId.Zero, zero.Endpoint)] };
        liar.OnMessage = liar.BehaveAsNode;
        liar.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));

        FindNodeOperation find = network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(NodeId.Zero, now));

        Assert.That(zero.Kinds, Does.Contain(MessageKind.FindNode));
        Assert.That(find.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)), "it ends by itself");
        Assert.That(find.Closest.Select(contact => contact.Endpoint), Does.Not.Contain(zero.Endpoint));
    }

    [Test]
    public void A_node_that_moved_is_let_in_at_its_new_address_once_the_old_one_is_silent()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 209);
        VirtualNode node = network.Nodes[0];
        VirtualNode before = network.Nodes[4];
        before.Crash();
        VirtualNode after = network.Create(identity: before.Identity);
        after.Start(node.Endpoint);

        bool moved = network.RunUntil(
            () => node.Engine.Table.TryGet(after.Id, out var entry) && entry.Contact.Endpoint == after.Endpoint, TimeSpan.FromMinutes(20));

        Assert.That(moved, Is.True);
    }

    [Test]
    public void A_node_that_was_silent_is_let_in_soon_after_it_speaks_itself()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 210);
        VirtualNode node = network.Nodes[0];
        var silent = new Stranger(network);
        var other = new Stranger(network) { Names = _ => [silent.Contact] };
        other.OnMessage = other.BehaveAsNode;
        other.Introduce(node.Endpoint);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Run<FindNodeOperation>(node, (engine, now) => engine.FindNode(other.Id, now));
        network.RunFor(TimeSpan.FromSeconds(15));
        Assert.That(silent.Received, Is.Not.Empty, "it was named, asked and found silent");

        silent.OnMessage = silent.BehaveAsNode;
        silent.FindNode(node.Endpoint, Target);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(node.Engine.Table.Contains(silent.Id), Is.False, "who has not shown that it receives there is not asked again so soon");
        silent.FindNode(node.Endpoint, Target, silent.Cookie);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(node.Engine.Table.Contains(silent.Id), Is.True);
    }
}
