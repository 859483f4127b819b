using System.Net;
using BenchmarkDotNet.Attributes;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks;

/// <summary>Encoding and decoding of the datagrams a lookup is made of. Allocates nothing.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const uint Network = 1;

    private readonly MessageWriter _writer = new();
    private readonly IncomingMessage _message = new();
    private readonly Contact[] _contacts = new Contact[20];
    private readonly HeldRecord[] _records = new HeldRecord[3];
    private NodeEndpoint _observed;
    private MessageHeader _header;
    private byte[] _findNode = [];
    private byte[] _nodes = [];
    private byte[] _values = [];

    [GlobalSetup]
    public void Setup()
    {
        EntropySource entropy = EntropySource.Seeded(1);
        _header = new MessageHeader(Network, MessageKind.Nodes, entropy.NextTransactionId(), entropy.NextNodeId(), IsClient: false);
        _observed = NodeEndpoint.From(IPAddress.Parse("203.0.113.7"), 4_001);
        for (int i = 0; i < _contacts.Length; i++)
        {
            _contacts[i] = new Contact(entropy.NextNodeId(), NodeEndpoint.From(new IPAddress([203, 0, (byte)i, 7]), 4_001));
        }

        for (int i = 0; i < _records.Length; i++)
        {
            _records[i] = new HeldRecord(SampleRecords.Create((ulong)i, payloadSize: 150), HeldSeconds: 60);
        }

        _findNode = EncodeFindNode().ToArray();
        _nodes = EncodeNodes().ToArray();
        _values = EncodeValues().ToArray();
    }

    [Benchmark]
    public ReadOnlyMemory<byte> EncodeFindNode() => _writer.FindNode(_header, 42, _header.Sender, AddressFamilies.Both);

    [Benchmark]
    public ReadOnlyMemory<byte> EncodeNodes() => _writer.Nodes(_header, _observed, 42, _contacts, WireLimits.MaxDatagram);

    [Benchmark]
    public ReadOnlyMemory<byte> EncodeValues() =>
        _writer.Values(_header, _observed, 42, _contacts, _records, moreFollow: false, total: 3, WireLimits.MaxDatagram, out _);

    [Benchmark]
    public object DecodeFindNode() => Decode(_findNode);

    [Benchmark]
    public object DecodeNodes() => Decode(_nodes);

    [Benchmark]
    public object DecodeValues() => Decode(_values);

    private IncomingMessage Decode(byte[] datagram) =>
        MessageReader.Read(datagram, Network, _message) == WireError.None
            ? _message
            : throw new InvalidOperationException("The sample is not well-formed.");
}
