using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>Asks one node over a real socket, as a client that runs no node itself. Used by one thread.</summary>
internal sealed class NodeClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly MessageWriter _writer = new();
    private readonly byte[] _buffer = new byte[WireLimits.MaxDatagram + 1];
    private readonly EntropySource _entropy;
    private readonly NodeId _id;
    private readonly uint _network;
    private ulong _cookie;

    public NodeClient(IPEndPoint node, uint network, EntropySource entropy)
    {
        _network = network;
        _entropy = entropy;
        _id = entropy.NextNodeId();
        _socket.Connect(node);
    }

    /// <summary>The last message that <see cref="TryReceive"/> read.</summary>
    public IncomingMessage Message { get; } = new();

    /// <summary>Asks for the cookie that all else takes.</summary>
    public bool TryOpen(TimeSpan patience)
    {
        _writer.Ping(Header(MessageKind.Ping), cookie: null, challenge: null);
        if (!TrySend(_writer.Pad()) || !TryReceive(patience))
        {
            return false;
        }

        _cookie = Message.Cookie;
        return true;
    }

    public TransactionId? Store(Record record)
    {
        MessageHeader header = Header(MessageKind.Store);
        return TrySend(_writer.Store(header, _cookie, record.Bytes.Span)) ? header.Transaction : null;
    }

    public bool FindValue(RecordKey key) =>
        TrySend(_writer.FindValue(Header(MessageKind.FindValue), _cookie, key, AddressFamilies.IPv4, owner: null, cursor: null));

    /// <summary>Reads one datagram, if one comes in time; zero: if one is there.</summary>
    public bool TryReceive(TimeSpan patience)
    {
        try
        {
            if (!_socket.Poll(patience, SelectMode.SelectRead))
            {
                return false;
            }

            int length = _socket.Receive(_buffer);
            return MessageReader.Read(_buffer.AsMemory(0, length), _network, Message) == WireError.None;
        }
        catch (SocketException)
        {
            // Nobody listens there any more.
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();

    private MessageHeader Header(MessageKind kind) => new(_network, kind, _entropy.NextTransactionId(), _id, IsClient: true);

    private bool TrySend(ReadOnlyMemory<byte> datagram)
    {
        try
        {
            return _socket.Send(datagram.Span) == datagram.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
