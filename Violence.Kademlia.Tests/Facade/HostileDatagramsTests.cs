using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>What strangers throw at a live node's socket is dropped and counted, and the node works on.</summary>
[NonParallelizable]
public sealed class HostileDatagramsTests
{
    private LoopbackNetwork _network = null!;
    private Socket _stranger = null!;
    private EntropySource _entropy = null!;

    [SetUp]
    public async Task StartNetwork()
    {
        _network = await LoopbackNetwork.StartAsync(10, seed: 5);
        _stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _entropy = EntropySource.Seeded(11);
    }

    [TearDown]
    public async Task StopNetwork()
    {
        _stranger.Dispose();
        await _network.DisposeAsync();
    }

    [Test]
    public async Task Random_bytes_of_any_length()
    {
        await ThrowAsync("Malformed", _ =>
        {
            byte[] bytes = new byte[_entropy.NextInt32(WireLimits.MaxDatagram + 1)];
            _entropy.Fill(bytes);
            return bytes;
        });
    }

    [Test]
    public async Task Datagrams_that_are_too_long() =>
        await ThrowAsync("TooLarge", _ => new byte[WireLimits.MaxDatagram + 1 + _entropy.NextInt32(8_000)]);

    [Test]
    public async Task Messages_cut_short()
    {
        byte[] ping = Ping();
        await ThrowAsync("Malformed", i => ping[..(1 + i % (ping.Length - 1))]);
    }

    [Test]
    public async Task Messages_with_a_few_bytes_changed()
    {
        byte[] ping = Ping();
        await ThrowAsync("Malformed", _ =>
        {
            byte[] changed = [.. ping];
            for (int i = _entropy.NextInt32(4); i >= 0; i--)
            {
                changed[_entropy.NextInt32(changed.Length)] = (byte)_entropy.NextUInt64();
            }

            return changed;
        });
    }

    [Test]
    public async Task Replies_that_nobody_asked_for()
    {
        MessageWriter writer = new();
        await ThrowAsync("Unsolicited", _ => writer.Stored(Header(MessageKind.Stored), NodeEndpoint.From(_network[2].LocalEndPoint), cookie: 1, StoreStatus.Stored, sequence: 1, WireLimits.MaxDatagram).ToArray());
    }

    private byte[] Ping() => new MessageWriter().Ping(Header(MessageKind.Ping), cookie: null, challenge: null).ToArray();

    private MessageHeader Header(MessageKind kind) => new(
        NetworkIds.Of(_network[0].Network), kind, _entropy.NextTransactionId(), _entropy.NextNodeId(), IsClient: false);

    /// <summary>Thousands of datagrams at one node; those that came through were counted, and it still serves and asks.</summary>
    private async Task ThrowAsync(string reason, Func<int, byte[]> make)
    {
        KademliaNode victim = _network[2];
        await victim.PutAsync(RecordKey.FromText("hostile", "before"), "x"u8.ToArray());
        NodeStatus before = victim.GetStatus();

        for (int i = 0; i < 5_000; i++)
        {
            _stranger.SendTo(make(i), victim.LocalEndPoint);
        }

        await Eventually.HoldsAsync(
            $"drops as {reason} are counted",
            _ => Task.FromResult(victim.GetStatus().Dropped.GetValueOrDefault(reason) - before.Dropped.GetValueOrDefault(reason)),
            dropped => dropped > 500);
        RecordKey key = RecordKey.FromText("hostile", "after");
        PutResult put = await victim.PutAsync(key, "alive"u8.ToArray());
        FindNodeResult find = await _network[7].FindNodeAsync(victim.Id);
        GetResult get = await _network[8].GetAsync(key);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((put.Status, get.Status), Is.EqualTo((PutStatus.Stored, GetStatus.Found)));
            Assert.That(find.Closest[0].Id, Is.EqualTo(victim.Id));
            Assert.That(victim.GetContacts(), Has.Count.LessThanOrEqualTo(9));
            Assert.That(victim.GetStatus().DatagramsReceived, Is.GreaterThan(before.DatagramsReceived));
        }
    }
}
