using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>A datagram costs no memory, read or written.</summary>
[TestFixture]
public sealed class AllocationTests
{
    private static readonly Contact[] Contacts = Samples.Contacts(20);
    private static readonly HeldRecord[] Records = Samples.Held(Samples.RecordOf("a", 100), Samples.RecordOf("b", 100));
    private static readonly byte[] Key = new byte[WireLimits.PublicKeySize];
    private static readonly byte[] Signature = new byte[WireLimits.SignatureSize];
    private static readonly RecordCursor Cursor = new(Samples.Id, "label");
    private static readonly ulong[] Fingerprints = new ulong[WireLimits.MaxFingerprints];
    private static readonly byte[] Missing = new byte[2];
    private static readonly MessageHeader Header = Samples.Header;

    /// <summary>Every message there is, with everything it can carry.</summary>
    private static readonly (string Name, Func<MessageWriter, ReadOnlyMemory<byte>> Write)[] Messages =
    [
        ("PING", writer => writer.Ping(Header, 1, Samples.IPv6)),
        ("PING padded", writer => { writer.Ping(Header, null, Samples.IPv4); return writer.Pad(); }),
        ("STORE", writer => writer.Store(Header, 1, Records[0].Record.Bytes.Span)),
        ("FIND_NODE", writer => writer.FindNode(Header, 1, Samples.Id, AddressFamilies.Both)),
        ("FIND_VALUE", writer => writer.FindValue(Header, 1, new RecordKey(Samples.Id), AddressFamilies.Both, Samples.Id, null)),
        ("TOUCH", writer => writer.Touch(Header, 1, Fingerprints)),
        ("TOUCHED", writer => writer.Touched(Header, Samples.IPv6, 1, Missing, WireLimits.MaxDatagram)),
        ("WATCH", writer => writer.Watch(Header, 1, new RecordKey(Samples.Id), ulong.MaxValue, 60, Missing)),
        ("WATCHING", writer => writer.Watching(Header, Samples.IPv6, 1, WatchStatus.Granted, 60, WireLimits.MaxDatagram)),
        ("NEWS", writer => writer.News(Header, null, ulong.MaxValue, Records[0].Record.Bytes.Span)),
        ("GOODBYE", writer => writer.Goodbye(Header, 1)),
        ("PONG", writer => writer.Pong(Header, Samples.IPv4, 1, Key, Signature, 1200)),
        ("STORED", writer => writer.Stored(Header, Samples.IPv4, 1, StoreStatus.Stored, 5, 1200)),
        ("NODES", writer => writer.Nodes(Header, Samples.IPv4, 1, Contacts, 1200)),
        ("VALUES", writer => writer.Values(Header, Samples.IPv4, 1, Contacts, Records, false, 2, 1200, out _)),
        ("RETRY", writer => writer.Retry(Header, Samples.IPv4, 1, 1200)),
    ];

    private static IEnumerable<string> Names => Messages.Select(message => message.Name);

    [TestCaseSource(nameof(Names))]
    public void Writing_allocates_nothing(string name)
    {
        var writer = new MessageWriter();
        Func<MessageWriter, ReadOnlyMemory<byte>> write = Messages.Single(message => message.Name == name).Write;

        Assert.That(Allocations.Of(() => write(writer)), Is.Zero);
    }

    [TestCaseSource(nameof(Names))]
    public void Reading_allocates_nothing(string name)
    {
        byte[] datagram = Messages.Single(message => message.Name == name).Write(new MessageWriter()).ToArray();
        var message = new IncomingMessage();

        Assert.That(MessageReader.Read(datagram, Samples.Network, message), Is.EqualTo(WireError.None));
        Assert.That(Allocations.Of(() => MessageReader.Read(datagram, Samples.Network, message)), Is.Zero);
    }

    [Test]
    public void Writing_a_cursor_allocates_nothing()
    {
        var writer = new MessageWriter();

        Assert.That(
            Allocations.Of(() => writer.FindValue(Header, 1, new RecordKey(Samples.Id), AddressFamilies.Both, null, Cursor)), Is.Zero);
        Assert.That(
            Allocations.Of(() => writer.Values(Header, Samples.IPv4, 1, Contacts, Records, true, 9, 1200, out _)), Is.Zero);
    }

    [Test]
    public void Refusing_garbage_allocates_nothing()
    {
        byte[][] garbage =
        [
            [],
            new byte[1201],
            [0x97, 0x02],
            Enumerable.Repeat((byte)0x91, 1200).ToArray(),
            Samples.Datagram(MessageKind.Nodes, new Pack().Array(3).Bytes(new byte[5])),
            Messages[9].Write(new MessageWriter()).ToArray()[..^1],
        ];
        var message = new IncomingMessage();

        foreach (byte[] datagram in garbage)
        {
            Assert.That(Allocations.Of(() => MessageReader.Read(datagram, Samples.Network, message)), Is.Zero);
        }
    }
}
