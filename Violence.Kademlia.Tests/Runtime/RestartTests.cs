using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Engine;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>What a node is after it was killed and started again with what it had saved, on virtual time.</summary>
[TestFixture]
internal sealed class RestartTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "restart");

    [Test]
    public void A_holder_holds_the_same_records_since_the_same_time_and_until_the_same_time()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(9, seed: 801);
        SavedNode holder = new(network);
        holder.Start();
        for (int i = 0; i < 20; i++)
        {
            network.Run<PutOperation>(
                network.Nodes[i % 9],
                (engine, now) => engine.Put(RecordKey.FromText("test", $"{i}"), "label", new byte[i], TimeSpan.FromHours(1 + i % 7), keepAlive: false, now));
        }

        network.RunFor(TimeSpan.FromMinutes(3));
        List<StoredRecord> before = holder.Node.Engine.Store.Snapshot(network.Now);
        holder.Kill();
        network.RunFor(TimeSpan.FromMinutes(4));
        holder.Restart();
        List<StoredRecord> after = holder.Node.Engine.Store.Snapshot(network.Now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Has.Count.GreaterThanOrEqualTo(10));
            Assert.That(after.Select(Describe), Is.EqualTo(before.Select(Describe)));
        }

        // Saved to the millisecond; rounded, since what is cut off need not be the same on both clocks.
        static string Describe(StoredRecord held) =>
            $"{Hex(held.Record)} {Math.Round(held.HeldSince.Ticks / 10_000.0 - 0.499)} {Math.Round(held.Expires.Ticks / 10_000.0 - 0.499)} {held.Source.Network}";
    }

    [Test]
    public void An_owner_keeps_the_schedule_and_the_holders_and_publishes_by_touch()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 802);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        Record[] records = [.. Enumerable.Range(0, 4).Select(i => owner.Put(RecordKey.FromText("test", $"{i}"), "mine"))];
        network.RunFor(TimeSpan.FromMinutes(1));
        List<OwnedChange> before = owner.Node.Engine.Owned.Snapshot();
        owner.Kill();
        network.RunFor(TimeSpan.FromMinutes(2));
        owner.Restart();
        List<OwnedChange> after = owner.Node.Engine.Owned.Snapshot();
        var touched = new List<(NodeEndpoint To, ulong Fingerprint)>();
        int stores = 0;
        network.Observer = (from, to, datagram) =>
        {
            IncomingMessage message = Read(datagram);
            if (from == owner.Node.Endpoint && message.Header.Kind == MessageKind.Touch)
            {
                touched.AddRange(Enumerable.Range(0, message.FingerprintCount).Select(i => (to, message.FingerprintAt(i))));
            }
            else if (from == owner.Node.Endpoint && message.Header.Kind == MessageKind.Store)
            {
                stores += RecordCodec.TryParse(message.RecordAt(0).Span, out Record? stored, out _) && stored.Owner == owner.Node.Id ? 1 : 0;
            }
        };

        network.RunFor(TimeSpan.FromMinutes(18));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Select(static owned => owned.Holders.Count), Is.All.EqualTo(8));
            Assert.That(after.Select(Describe), Is.EquivalentTo(before.Select(Describe)));
            Assert.That(stores, Is.Zero, "nothing was missing, so nothing was sent in full");
            foreach (Record record in records)
            {
                ulong fingerprint = record.Fingerprint;
                Assert.That(
                    touched.Where(touch => touch.Fingerprint == fingerprint).Select(static touch => touch.To).Distinct(),
                    Is.SupersetOf(before.Single(owned => owned.Record.Key == record.Key).Holders.Select(static holder => holder.Endpoint)));
            }
        }

        static string Describe(OwnedChange owned) =>
            $"{Hex(owned.Record)} {Math.Round(owned.Due.Ticks / 10_000.0 - 0.499)} {string.Join(',', owned.Holders)}";
    }

    [Test]
    public void A_record_that_is_not_put_again_is_kept_alive_as_it_is_until_its_time_to_live_ends()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 803);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        Record record = owner.Put(Key, "left over", TimeSpan.FromHours(1));
        network.RunFor(TimeSpan.FromMinutes(1));
        owner.Kill();
        owner.Restart();
        network.RunFor(TimeSpan.FromSeconds(20));
        foreach (VirtualNode holder in Holders(network).Where(node => node != owner.Node))
        {
            holder.Crash();
        }

        // Nobody but its owner has it now. An interval of 15 minutes, and a fifth more.
        network.RunFor(TimeSpan.FromMinutes(19));
        VirtualNode asker = network.Nodes.First(node => node.IsRunning && node != owner.Node);
        GetOperation alive = PutGetTests.Get(network, asker, Key);
        network.RunFor(TimeSpan.FromMinutes(52));
        GetOperation gone = PutGetTests.Get(network, asker, Key);
        network.RunFor(TimeSpan.FromMinutes(20));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(alive.Found.Select(static found => Hex(found.Record)), Is.EqualTo([Hex(record)]), "kept alive, and not signed anew");
            Assert.That(gone.Found, Is.Empty);
            Assert.That(owner.Node.Engine.Owned.Count, Is.Zero);
            Assert.That(owner.Store.Load(network.Utc).State.Owned, Is.Empty, "forgotten on the disk too");
        }
    }

    [Test]
    public void A_record_that_is_put_again_is_signed_anew_for_as_long_as_the_node_runs()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 804);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        owner.Put(Key, "first run", TimeSpan.FromHours(1));
        owner.Kill();
        owner.Restart();
        network.RunFor(TimeSpan.FromSeconds(20));
        Record again = owner.Put(Key, "second run", TimeSpan.FromHours(1));

        network.RunFor(TimeSpan.FromHours(3));

        GetOperation get = PutGetTests.Get(network, network.Nodes[0], Key);
        Assert.That((PutGetTests.Text(get), get.Found.Single().Record.Sequence > again.Sequence), Is.EqualTo(("second run", true)));
    }

    [Test]
    public void Sequences_go_on_rising_though_the_clock_was_set_back_by_an_hour()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 805);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        Record first = owner.Put(Key, "before");
        owner.Kill();
        owner.Restart(clockError: -TimeSpan.FromHours(1));

        Record other = owner.Put(RecordKey.FromText("test", "other"), "after");
        Record second = owner.Put(Key, "after");

        Assert.That((other.Sequence > first.Sequence, second.Sequence > other.Sequence), Is.EqualTo((true, true)));
    }

    [Test]
    public void What_fell_due_while_the_node_was_down_is_spread_over_two_minutes()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 806);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        for (int i = 0; i < 60; i++)
        {
            owner.Put(RecordKey.FromText("test", $"{i}"), "overdue");
        }

        owner.Kill();
        network.RunFor(TimeSpan.FromHours(1));
        Instant start = network.Now;
        owner.Restart();

        double[] waits = [.. owner.Node.Engine.Owned.Snapshot().Select(owned => (owned.Due - start).TotalSeconds)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(waits, Has.Length.EqualTo(60).And.All.InRange(0, 120));
            for (int part = 0; part < 4; part++)
            {
                Assert.That(waits.Count(wait => wait >= 30 * part && wait < 30 * (part + 1)), Is.InRange(4, 30), $"quarter {part}");
            }
        }
    }

    [Test]
    public void A_withdrawal_that_nobody_had_taken_is_carried_on_by_the_next_run()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 807);
        SavedNode owner = new(network);
        owner.Start();
        network.RunFor(TimeSpan.FromSeconds(20));
        owner.Put(Key, "withdrawn");
        network.RunFor(TimeSpan.FromMinutes(1));
        network.IsBlocked = (from, _) => from == owner.Node.Endpoint;
        owner.Node.Do((engine, now) => engine.Withdraw(Key, "", now));
        owner.Kill();
        network.IsBlocked = static (_, _) => false;

        owner.Restart();
        network.RunFor(TimeSpan.FromMinutes(20));

        GetOperation get = PutGetTests.Get(network, network.Nodes[0], Key);
        Assert.That((get.Status, owner.Node.Engine.Owned.Count), Is.EqualTo((GetStatus.Withdrawn, 0)));
    }

    private static VirtualNode[] Holders(VirtualNetwork network) =>
        [.. network.Nodes.Where(node => node.IsRunning && node.Engine.Store.Snapshot(network.Now).Exists(held => held.Record.Key == Key))];

    private static string Hex(Record record) => Convert.ToHexStringLower(record.Bytes.Span);

    private static IncomingMessage Read(ReadOnlyMemory<byte> datagram)
    {
        var message = new IncomingMessage();
        MessageReader.Read(datagram, VirtualNetwork.NetworkId, message);
        return message;
    }

    /// <summary>A node with a store that outlives it.</summary>
    private sealed class SavedNode(VirtualNetwork network)
    {
        public MemoryStateStore Store { get; } = new(new StateLimits { Network = VirtualNetwork.NetworkId });

        public VirtualNode Node { get; private set; } = network.Create(static config => config with { NotesChanges = true });

        public void Start(bool restores = false)
        {
            var state = new NodeState(Store, new LogCapture());
            if (restores)
            {
                SavedState saved = Store.Load(network.Utc + Node.ClockError).State;
                state.Restore(saved, Node.Engine, EntropySource.Seeded(network.Seed), network.Now);
            }

            Node.BeforeSending = state.Save;
            Node.Start(network.Nodes[0].Endpoint);
        }

        public void Kill() => Node.Crash();

        public void Restart(TimeSpan clockError = default)
        {
            network.Nodes.Remove(Node);
            Node = network.Create(static config => config with { NotesChanges = true }, Node.Identity, Node.Endpoint, clockError);
            Start(restores: true);
        }

        public Record Put(RecordKey key, string text, TimeSpan? timeToLive = null) => network.Run<PutOperation>(
            Node,
            (engine, now) => engine.Put(key, "", System.Text.Encoding.UTF8.GetBytes(text), timeToLive ?? Record.MaxTimeToLive, keepAlive: true, now)).Record;
    }
}
