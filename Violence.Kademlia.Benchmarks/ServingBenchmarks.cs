using System.Net;
using BenchmarkDotNet.Attributes;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks;

/// <summary>A request through the whole engine, from datagram to datagram: admitted, decoded, served, encoded. Allocates nothing.</summary>
[MemoryDiagnoser]
public class ServingBenchmarks
{
    private const uint Network = 1;

    private readonly MessageWriter _writer = new();
    private readonly NodeEndpoint _asker = NodeEndpoint.From(IPAddress.Parse("127.0.0.9"), 4_009);
    private KademliaEngine _engine = null!;
    private NodeIdentity _identity = null!;
    private Instant _now = Instant.FromMilliseconds(1_000);
    private byte[] _ping = [];
    private byte[] _findNode = [];
    private byte[] _findValue = [];

    [GlobalSetup]
    public void Setup()
    {
        EntropySource entropy = EntropySource.Seeded(1);
        _identity = NodeIdentity.Create();
        var config = new EngineConfig { Network = Network };
        NodeEndpoint bound = NodeEndpoint.From(IPAddress.Loopback, 4_001);
        _engine = new KademliaEngine(config, _identity, bound, entropy, _now, DateTimeOffset.FromUnixTimeSeconds(1_772_366_400), new EngineScratch());
        for (int i = 0; i < 128; i++)
        {
            var contact = new Contact(entropy.NextNodeId(), NodeEndpoint.From(new IPAddress([127, 0, 1, (byte)i]), 4_001));
            _engine.Table.Add(contact, _now);
        }

        for (ulong i = 0; i < 3; i++)
        {
            _engine.Store.Put(SampleRecords.Create(i, payloadSize: 150, Network), RecordSource.Self, _now, _engine.UtcAt(_now));
        }

        // The first answer hands out the cookie that proves the asker's address from then on. A client, so that it is not met.
        NodeId asker = entropy.NextNodeId();
        MessageHeader Header(MessageKind kind) => new(Network, kind, entropy.NextTransactionId(), asker, IsClient: true);
        _writer.Ping(Header(MessageKind.Ping), cookie: null, challenge: null);
        ReadOnlyMemory<byte> pong = Serve(_writer.Pad().ToArray());
        var message = new IncomingMessage();
        MessageReader.Read(pong, Network, message);
        ulong cookie = message.Cookie;
        _ping = _writer.Ping(Header(MessageKind.Ping), cookie, challenge: null).ToArray();
        _findNode = _writer.FindNode(Header(MessageKind.FindNode), cookie, SampleRecords.Key.Position, AddressFamilies.Both).ToArray();
        _findValue = _writer.FindValue(Header(MessageKind.FindValue), cookie, SampleRecords.Key, AddressFamilies.Both, owner: null, cursor: null).ToArray();
    }

    [GlobalCleanup]
    public void Cleanup() => _identity.Dispose();

    [Benchmark]
    public int Ping() => Serve(_ping).Length;

    [Benchmark]
    public int FindNode() => Serve(_findNode).Length;

    [Benchmark]
    public int FindValueWithThreeRecords() => Serve(_findValue).Length;

    private ReadOnlyMemory<byte> Serve(byte[] request)
    {
        _now += TimeSpan.FromMicroseconds(10);
        _engine.Outbox.Clear();
        _engine.Receive(_asker, request, _now);
        return _engine.Outbox.Count == 1
            ? _engine.Outbox.Read(0, out _)
            : throw new InvalidOperationException("The request was not answered.");
    }
}
