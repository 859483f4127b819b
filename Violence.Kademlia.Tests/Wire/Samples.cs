using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>Fixed values for tests in which the values do not matter.</summary>
internal static class Samples
{
    public const uint Network = 0x1234_5678;
    public const ulong Cookie = 0xA1A2_A3A4_A5A6_A7A8;

    public static readonly NodeId Id = new(Enumerable.Range(1, NodeId.Size).Select(i => (byte)i).ToArray());
    public static readonly NodeEndpoint IPv4 = NodeEndpoint.FromIPv4([192, 0, 2, 1], 4001);
    public static readonly NodeEndpoint IPv6 =
        NodeEndpoint.FromIPv6([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 4002);

    /// <summary>The longest header there is.</summary>
    public static readonly MessageHeader Header = new(Network, MessageKind.None, new TransactionId(ulong.MaxValue), Id, false);

    /// <summary>A request or reply with a body given as MessagePack.</summary>
    public static byte[] Datagram(MessageKind kind, Pack body) => Begin(kind, 7).Raw(body.ToArray()).ToArray();

    /// <summary>The header, and the outer array opened for a number of elements.</summary>
    public static Pack Begin(MessageKind kind, int elements) =>
        new Pack().Array(elements).Number(1).Number(Network).Number((byte)kind).Number(ulong.MaxValue).Bytes(IdBytes).Number(0);

    public static byte[] IdBytes { get; } = ToBytes(Id);

    public static byte[] CookieBytes { get; } = [0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8];

    public static byte[] ToBytes(NodeId id)
    {
        byte[] bytes = new byte[NodeId.Size];
        id.CopyTo(bytes);
        return bytes;
    }

    public static byte[] ToBytes(NodeEndpoint endpoint)
    {
        byte[] bytes = new byte[endpoint.WireSize];
        endpoint.CopyTo(bytes);
        return bytes;
    }

    public static byte[] ToBytes(Contact contact) => [.. ToBytes(contact.Id), .. ToBytes(contact.Endpoint)];

    public static Contact[] Contacts(int count, bool isIPv6 = false) => Enumerable.Range(0, count)
        .Select(i => new Contact(new NodeId((ulong)i, 0, 0), isIPv6 ? IPv6 : IPv4))
        .ToArray();

    /// <summary>A record that is well-formed, with a signature that is not one.</summary>
    public static Record RecordOf(string label = "", int payload = 0, ulong sequence = 1)
    {
        byte[] body = new byte[RecordCodec.MaxBodySize];
        int size = RecordCodec.EncodeBody(FieldsOf(label, sequence), new byte[payload], body);
        return RecordCodec.Assemble(body.AsSpan(0, size), new byte[Record.SignatureSize]);
    }

    /// <summary>A record of an exact size in bytes.</summary>
    public static Record RecordOfSize(int size, string label = "")
    {
        int payload = size - RecordOf(label).Size;

        // The header of a payload longer than 255 bytes is a byte longer.
        return RecordOf(label, payload > byte.MaxValue ? payload - 1 : payload);
    }

    public static RecordFields FieldsOf(string label = "", ulong sequence = 1) => new(
        Network,
        new RecordKey(Id),
        Enumerable.Repeat((byte)7, WireLimits.PublicKeySize).ToArray(),
        default,
        label,
        sequence,
        DateTimeOffset.UnixEpoch.AddDays(20_000),
        TimeSpan.FromHours(8),
        false);

    public static HeldRecord[] Held(params Record[] records) => records.Select(record => new HeldRecord(record, 3)).ToArray();
}
