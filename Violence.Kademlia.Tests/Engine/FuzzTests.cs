using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Whatever arrives: nothing throws, nothing grows without bound, and the node works on.</summary>
[TestFixture]
internal sealed class FuzzTests
{
    private const int Datagrams = 30_000;

    [TestCase(1UL)]
    [TestCase(2UL)]
    public void Random_and_mutated_datagrams_break_nothing(ulong seed)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 1_100 + seed);
        VirtualNode victim = network.Nodes[4];
        List<(NodeEndpoint From, byte[] Bytes)> recorded = Record(network, victim);
        EntropySource entropy = EntropySource.Seeded(seed);
        NodeEndpoint[] sources = [.. network.Nodes.Where(node => node != victim).Select(node => node.Endpoint), network.NewEndpoint(), network.NewEndpoint()];
        int mostInFlight = 0;
        int live = 0;
        network.Observer = (from, to, bytes) =>
        {
            // What is really on its way to it, such as the answer it waits for, arrives changed before it arrives.
            if (to == victim.Endpoint)
            {
                live++;
                byte[] changed = Mutate(bytes.ToArray(), entropy);
                network.At(network.Now, () => victim.Receive(from, changed));
            }
        };
        for (int i = 0; i < Datagrams; i++)
        {
            (NodeEndpoint from, byte[] bytes) = recorded[entropy.NextInt32(recorded.Count)];
            byte[] datagram = entropy.NextInt32(8) == 0 ? Random(entropy) : Mutate(bytes, entropy);
            from = entropy.NextInt32(3) == 0 ? sources[entropy.NextInt32(sources.Length)] : from;
            victim.Receive(from, datagram);
            mostInFlight = Math.Max(mostInFlight, victim.Engine.RequestsInFlight);
            if (i % 10 == 0)
            {
                NodeId target = network.NewNodeId();
                victim.Do((engine, now) => i % 20 == 0
                    ? engine.Get(new RecordKey(target), GetMode.All, null, 100, null, now)
                    : engine.Put(new RecordKey(target), "", [1], TimeSpan.FromMinutes(1), keepAlive: false, now));
                network.RunFor(TimeSpan.FromMilliseconds(20));
            }
        }

        Counters counters = victim.Engine.Counters;
        TestContext.Out.WriteLine(
            $"{counters.Dropped(DropReason.Malformed)} malformed, {counters.Dropped(DropReason.Unsolicited)} unsolicited, {counters.RequestsServed} served, {mostInFlight} in flight at most, {victim.Engine.Table.Count} contacts, {victim.Engine.Store.Count} records");
        Assert.That(live, Is.GreaterThan(10_000));
        network.Observer = null;
        network.RunFor(TimeSpan.FromMinutes(5));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mostInFlight, Is.LessThan(1_000));
            Assert.That(victim.Engine.RequestsInFlight, Is.LessThan(50));
            Assert.That(victim.Engine.ChallengesUnderWay, Is.LessThan(20));
            Assert.That(victim.Engine.ChallengesInReturn, Is.Zero);
            Assert.That(victim.Engine.Table.Count, Is.LessThanOrEqualTo(9), "nobody got in who is no node");
            Assert.That(victim.Engine.WatchesRunning, Is.EqualTo(10), "nobody ended a watch but its own node");
            Assert.That(victim.Engine.Watchers, Is.LessThanOrEqualTo(20), "nobody watches who did not ask to");
            Assert.That(victim.Engine.Store.Snapshot(network.Now).Select(held => held.Record.Owner).Except(network.Nodes.Select(node => node.Id)), Is.Empty);
            Assert.That(counters.RequestsServed, Is.GreaterThan(1_000), "not everything was garbage");
        }

        PutOperation put = PutGetTests.Put(network, victim, "still works", RecordKey.FromText("test", "after"));
        GetOperation get = PutGetTests.Get(network, network.Nodes[0], RecordKey.FromText("test", "after"));
        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(PutGetTests.Text(get), Is.EqualTo("still works"));
    }

    [Test]
    public void The_same_seed_gives_the_same_trace_with_loss_churn_and_puts()
    {
        static (ulong Trace, long Sent, string Found) Run()
        {
            VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 1_200);
            network.Loss = 0.15;
            network.Jitter = TimeSpan.FromMilliseconds(30);
            EntropySource entropy = EntropySource.Seeded(8);
            var found = new List<string>();
            for (int i = 0; i < 60; i++)
            {
                RecordKey key = RecordKey.FromText("test", $"key {i % 9}");
                VirtualNode[] running = [.. network.Nodes.Where(node => node.IsRunning)];
                VirtualNode actor = running[entropy.NextInt32(running.Length)];
                switch (entropy.NextInt32(4))
                {
                    case 0:
                        PutGetTests.Put(network, actor, $"value {i}", key);
                        break;
                    case 1:
                        GetOperation get = network.Run<GetOperation>(actor, (engine, now) => engine.Get(key, GetMode.All, null, 100, null, now));
                        found.Add($"{get.Status} {get.Requests} {string.Join(',', get.Found.Select(item => item.Record.Owner))}");
                        break;
                    case 2 when running.Length > 12:
                        actor.Crash();
                        break;
                    default:
                        network.Add(actor);
                        break;
                }

                network.RunFor(TimeSpan.FromSeconds(20));
            }

            return (network.Trace, network.Nodes.Sum(node => node.Engine.Counters.DatagramsSent), string.Join('\n', found));
        }

        (ulong Trace, long Sent, string Found) first = Run();
        (ulong Trace, long Sent, string Found) second = Run();

        Assert.That(second, Is.EqualTo(first));
        Assert.That(first.Found, Does.Contain("Found"));
    }

    /// <summary>Everything that reaches a node while others join, put, get and leave.</summary>
    private static List<(NodeEndpoint From, byte[] Bytes)> Record(VirtualNetwork network, VirtualNode victim)
    {
        var recorded = new List<(NodeEndpoint From, byte[] Bytes)>();
        network.Observer = (from, to, bytes) =>
        {
            if (to == victim.Endpoint)
            {
                recorded.Add((from, bytes.ToArray()));
            }
        };
        for (int i = 0; i < 20; i++)
        {
            // It watches others, and others watch what it holds.
            RecordKey key = RecordKey.FromText("test", $"fuzz {i}");
            (i % 2 == 0 ? victim : network.Nodes[i % 10]).Step(engine => engine.BeginWatch(key, i % 3 == 0 ? [0x91, 0x93, 0, 0, 0xA1, 0x78] : null, static _ => { }, network.Now));
            network.RunFor(TimeSpan.FromSeconds(1));
            PutGetTests.Put(network, network.Nodes[i % 10], new string('x', 20 * i), key);
            PutGetTests.Get(network, network.Nodes[(i + 4) % 10], key, GetMode.All);
            network.Run<PutOperation>(network.Nodes[i % 10], (engine, now) => engine.Withdraw(key, "", now));
            network.Run<FindNodeOperation>(victim, (engine, now) => engine.FindNode(key.Position, now));
        }

        VirtualNode leaving = network.Add(victim);
        network.RunFor(TimeSpan.FromSeconds(20));
        leaving.Step(engine => engine.SayGoodbye(network.Now));
        leaving.Crash();
        network.RunFor(TimeSpan.FromMinutes(20));
        network.Observer = null;
        var kinds = new HashSet<byte>(recorded.Select(item => item.Bytes[7]));
        Assert.That(kinds, Is.SupersetOf([(byte)MessageKind.Watch, (byte)MessageKind.Watching, (byte)MessageKind.News]));
        Assert.That(kinds, Has.Count.GreaterThanOrEqualTo(12), "nearly every kind of message");
        return recorded;
    }

    private static byte[] Random(EntropySource entropy)
    {
        byte[] bytes = new byte[entropy.NextInt32(1_300)];
        entropy.Fill(bytes);
        return bytes;
    }

    /// <summary>Up to four changes: a bit, a byte, a run of bytes, a cut, an insertion, the kind, the transaction.</summary>
    private static byte[] Mutate(byte[] original, EntropySource entropy)
    {
        var bytes = new List<byte>(original);
        for (int changes = 1 + entropy.NextInt32(4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = entropy.NextInt32(bytes.Count);
            switch (entropy.NextInt32(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << entropy.NextInt32(8));
                    break;
                case 1:
                    bytes[at] = (byte)entropy.NextInt32(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, original.Take(entropy.NextInt32(20)));
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, entropy.NextInt32(9)));
                    break;
                case 5 when bytes.Count > 17:
                    bytes[9 + entropy.NextInt32(8)] = (byte)entropy.NextInt32(256);
                    break;
                case 6 or 7:
                    return [.. bytes];
                default:
                    bytes[Math.Min(7, bytes.Count - 1)] = (byte)(1 + entropy.NextInt32(31));
                    break;
            }
        }

        return [.. bytes];
    }
}
