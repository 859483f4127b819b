using System.Text;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>What the operations do over real sockets in a network of sixteen nodes.</summary>
[NonParallelizable]
public sealed class OperationTests
{
    private LoopbackNetwork _network = null!;

    [OneTimeSetUp]
    public async Task StartNetwork() => _network = await LoopbackNetwork.StartAsync(16, seed: 3);

    [OneTimeTearDown]
    public async Task StopNetwork() => await _network.DisposeAsync();

    [Test]
    public async Task What_one_node_puts_every_node_gets()
    {
        RecordKey key = RecordKey.FromText("motd", "everybody");

        PutResult put = await _network[5].PutAsync(key, "Welcome"u8.ToArray());

        using (Assert.EnterMultipleScope())
        {
            Assert.That((put.IsStored, put.Shortfall), Is.EqualTo((true, 0)));
            Assert.That(put.Holders.Select(holder => holder.Id), Is.Unique.And.No.Member(_network[5].Id));
            foreach (KademliaNode node in _network.Nodes)
            {
                GetResult get = await node.GetAsync(key);
                Assert.That(get.Status, Is.EqualTo(GetStatus.Found));
                Assert.That(get.Records.Single().Record.Payload.ToArray(), Is.EqualTo("Welcome"u8.ToArray()));
                Assert.That(get.Records.Single().Record.Owner, Is.EqualTo(_network[5].Id));
            }
        }
    }

    [Test]
    public async Task A_key_nobody_used_is_not_found_and_a_withdrawn_one_is_withdrawn()
    {
        RecordKey key = RecordKey.FromText("motd", "withdrawn");
        GetResult before = await _network[1].GetAsync(key);
        await _network[1].PutAsync(key, "soon gone"u8.ToArray());

        PutResult withdrawal = await _network[1].WithdrawAsync(key);
        GetResult after = await _network[9].GetAsync(key);

        Assert.That((before.Status, after.Status), Is.EqualTo((GetStatus.NotFound, GetStatus.Withdrawn)));
        Assert.That((withdrawal.IsStored, withdrawal.Record.IsTombstone), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task Labels_keep_the_records_of_one_node_apart_and_a_stream_brings_them_all()
    {
        RecordKey key = RecordKey.FromText("motd", "labels");
        string[] labels = ["", "a", "b", "ü"];
        foreach (string label in labels)
        {
            await _network[2].PutAsync(key, Encoding.UTF8.GetBytes(label), new PutOptions { Label = label });
        }

        List<string> streamed = [];
        await foreach (Record record in _network[11].StreamAsync(key, new GetOptions { Mode = GetMode.All }))
        {
            streamed.Add(record.Label);
        }

        Assert.That(streamed.Order(StringComparer.Ordinal), Is.EqualTo(labels));
    }

    [Test]
    public async Task A_reader_that_has_enough_ends_its_stream_and_the_node_works_on()
    {
        RecordKey key = RecordKey.FromText("motd", "early");
        for (int i = 0; i < 5; i++)
        {
            await _network[2].PutAsync(key, "x"u8.ToArray(), new PutOptions { Label = $"{i}" });
        }

        int read = 0;
        await foreach (Record _ in _network[12].StreamAsync(key, new GetOptions { Mode = GetMode.All }))
        {
            read++;
            break;
        }

        Assert.That((read, (await _network[12].GetAsync(key)).Records.Count), Is.EqualTo((1, 5)));
    }

    [Test]
    public async Task A_record_signed_by_one_node_is_published_by_another()
    {
        RecordKey key = RecordKey.FromText("motd", "signed");
        Record signed = _network[3].Sign(key, "mine"u8.ToArray(), new PutOptions { Label = "one" });

        PutResult published = await _network[4].PublishAsync(signed.Bytes);
        GetResult get = await _network[13].GetAsync(key, new GetOptions { Owner = _network[3].Id });

        Assert.That(published.IsStored, Is.True);
        Assert.That(get.Records.Single().Record.Bytes.ToArray(), Is.EqualTo(signed.Bytes.ToArray()));
    }

    [Test]
    public async Task Finding_a_node_brings_the_closest_first()
    {
        NodeId target = _network[14].Id;
        NodeId[] expected = [.. _network.Nodes.Select(node => node.Id).Where(id => id != _network[0].Id).OrderBy(id => id.DistanceTo(target))];

        // Whoever is starved for half a second has not answered in time, and is left out rightly.
        await Eventually.HoldsAsync(
            "all others are found, the closest first",
            async token => (await _network[0].FindNodeAsync(target, token)).Closest.Select(contact => contact.Id),
            found => found.SequenceEqual(expected),
            found => string.Join(", ", found));
    }

    [Test]
    public async Task Two_hundred_puts_and_gets_at_once_on_one_node_all_succeed()
    {
        KademliaNode node = _network[6];
        RecordKey[] keys = [.. Enumerable.Range(0, 200).Select(i => RecordKey.FromText("parallel", $"{i}"))];

        PutResult[] puts = await AllAtOnce(keys, key => node.PutAsync(key, Encoding.UTF8.GetBytes($"{key}")), static put => put.IsStored);
        GetResult[] gets = await AllAtOnce(keys, key => node.GetAsync(key), static get => get.Records.Count > 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(puts.Select(put => put.Status), Is.All.EqualTo(PutStatus.Stored));
            Assert.That(
                gets.Select(get => get.Records.Count == 1 ? Encoding.UTF8.GetString(get.Records[0].Record.Payload.Span) : $"{get.Status}"),
                Is.EqualTo(keys.Select(key => $"{key}")));
            Assert.That(node.GetStatus().OwnedRecords, Is.GreaterThanOrEqualTo(200));
        }
    }

    /// <summary>
    /// Where a machine stands still for half a second answers come too late, and who says so is right: that is asked for once more.
    /// </summary>
    private static async Task<TResult[]> AllAtOnce<TResult>(RecordKey[] keys, Func<RecordKey, Task<TResult>> operation, Func<TResult, bool> isDone)
    {
        TResult[] results = await Task.WhenAll(keys.Select(key => Task.Run(() => operation(key))));
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = isDone(results[i]) ? results[i] : await operation(keys[i]);
        }

        return results;
    }

    [Test]
    public async Task A_continuation_that_blocks_does_not_stop_the_node()
    {
        using var leave = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        Task blocking = Task.Run(async () =>
        {
            await _network[7].FindNodeAsync(_network[0].Id).ConfigureAwait(false);
            blocked.Set();
            leave.Wait(Eventually.Deadline);
        });
        Assert.That(blocked.Wait(Eventually.Deadline), Is.True);

        // From this node and from another through it.
        FindNodeResult own = await _network[7].FindNodeAsync(_network[1].Id).WaitAsync(Eventually.Deadline);
        FindNodeResult other = await _network[8].FindNodeAsync(_network[7].Id).WaitAsync(Eventually.Deadline);

        leave.Set();
        await blocking;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(own.Closest, Is.Not.Empty);
            Assert.That(other.Closest[0].Id, Is.EqualTo(_network[7].Id));
        }
    }

    [Test]
    public async Task Status_contacts_and_held_records_tell_what_is()
    {
        RecordKey key = RecordKey.FromText("motd", "status");
        PutResult put = await _network[10].PutAsync(key, "held"u8.ToArray());
        KademliaNode holder = _network.Nodes.First(node => node.Id == put.Holders[0].Id);

        NodeStatus status = holder.GetStatus();
        HeldRecordInfo held = holder.GetHeldRecords().Single(info => info.Record.Key == key);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((status.Id, status.Mode), Is.EqualTo((holder.Id, NodeMode.Server)));
            Assert.That(status.LocalEndPoint, Is.EqualTo(holder.LocalEndPoint));
            Assert.That(status.Peers, Is.EqualTo(holder.GetContacts().Count).And.GreaterThan(3));
            Assert.That(status.Records, Is.EqualTo(holder.GetHeldRecords().Count));
            Assert.That(status.RecordBytes, Is.GreaterThanOrEqualTo(held.Record.Bytes.Length));
            Assert.That(status.DatagramsReceived, Is.Positive);
            Assert.That(status.BytesSent, Is.GreaterThan(status.DatagramsSent));
            Assert.That(held.Remaining, Is.GreaterThan(TimeSpan.Zero).And.LessThanOrEqualTo(Record.MaxTimeToLive));
            Assert.That(held.HeldFor, Is.GreaterThanOrEqualTo(TimeSpan.Zero));
            Assert.That(holder.Fingerprint, Has.Length.EqualTo(14));
        }
    }

    [Test]
    public void What_cannot_be_a_record_is_refused_by_name_and_limit()
    {
        KademliaNode node = _network[0];
        RecordKey key = RecordKey.FromText("motd", "wrong");
        byte[] big = new byte[2_000];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => node.PutAsync(key, big), Throws.ArgumentException.With.Message.Contains("2000").And.Message.Contains("at most"));
            Assert.That(() => node.Sign(key, big), Throws.ArgumentException.With.Message.Contains("at most"));
            Assert.That(
                () => node.PutAsync(key, default, new PutOptions { Label = new string('x', 65) }),
                Throws.ArgumentException.With.Message.Contains("Label").And.Message.Contains("65").And.Message.Contains("64"));
            Assert.That(
                () => node.WithdrawAsync(key, new string('ü', 33)),
                Throws.ArgumentException.With.Message.Contains("Label").And.Message.Contains("66"));
            Assert.That(
                () => node.PutAsync(key, default, new PutOptions { Label = "\ud800" }), Throws.ArgumentException.With.Message.Contains("Label"));
            Assert.That(
                () => node.PutAsync(key, default, new PutOptions { Label = null! }), Throws.ArgumentException.With.Message.Contains("Label"));
            Assert.That(
                () => node.PutAsync(key, default, new PutOptions { TimeToLive = TimeSpan.FromHours(9) }),
                Throws.ArgumentException.With.Message.Contains("TimeToLive").And.Message.Contains("09:00:00").And.Message.Contains("08:00:00"));
            Assert.That(
                () => node.PutAsync(key, default, new PutOptions { TimeToLive = TimeSpan.Zero }),
                Throws.ArgumentException.With.Message.Contains("TimeToLive"));
            Assert.That(
                () => node.GetAsync(key, new GetOptions { Limit = 0 }),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Limit"));
            Assert.That(
                () => node.GetAsync(key, new GetOptions { Mode = (GetMode)77 }),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Mode"));
            Assert.That(
                () => node.StreamAsync(key, new GetOptions { Limit = 10_001 }),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Limit"));
            Assert.That(() => node.PublishAsync(new byte[50]), Throws.ArgumentException.With.Message.Contains("50 bytes"));
        }
    }

    [Test]
    public async Task The_longest_payload_and_label_that_are_allowed_travel()
    {
        RecordKey key = RecordKey.FromText("motd", "longest");
        string label = new('x', Record.MaxLabelSize);
        byte[] payload = new byte[Violence.Kademlia.Wire.RecordCodec.MaxPayload(label.Length)];

        PutResult put = await _network[0].PutAsync(key, payload, new PutOptions { Label = label });
        GetResult get = await _network[15].GetAsync(key);

        Assert.That((put.IsStored, get.Records.Single().Record.Label), Is.EqualTo((true, label)));
    }

    [Test]
    public async Task A_client_asks_and_puts_and_nobody_knows_it()
    {
        await using KademliaNode client = await KademliaNode.StartAsync(KademliaOptions.LocalNetwork with
        {
            Mode = NodeMode.Client,
            Network = _network[0].Network,
            Bootstrap = [_network[0].LocalEndPoint.ToString()],
        });
        RecordKey key = RecordKey.FromText("motd", "client");

        PutResult put = await client.PutAsync(key, "from a client"u8.ToArray());
        GetResult get = await client.GetAsync(key);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((put.IsStored, get.Status), Is.EqualTo((true, GetStatus.Found)));
            Assert.That(client.GetStatus().Records, Is.Zero);
            Assert.That(_network.Nodes.SelectMany(node => node.GetContacts()).Select(contact => contact.Id), Has.No.Member(client.Id));
        }
    }
}
