using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// UDP over one socket (<see cref="UdpReceiver"/>). Sending is synchronous: the system copies the datagram and returns. Nothing is
/// allocated per datagram in either direction.
/// </summary>
internal sealed class UdpTransport : IDatagramTransport
{
    private readonly Socket _socket;
    private readonly Counters _counters;
    private readonly DatagramPipe _queue;
    private readonly UdpReceiver _receiver;

    // The destination in the system's form, kept between calls: replies often go to one peer in a row.
    private readonly SocketAddress _destination;
    private NodeEndpoint _lastDestination;
    private ReceiveThreads? _threads;

    /// <summary>Takes over a socket that is bound.</summary>
    internal UdpTransport(Socket socket, UdpTransportOptions options, Counters counters)
    {
        _socket = socket;
        _counters = counters;
        _queue = new DatagramPipe(options.QueueBytes);
        _threads = options.Threads.TryTake() ? options.Threads : null;
        _receiver = _threads is not null
            ? new ThreadReceiver(socket, _queue, options, counters)
            : new SharedReceiver(socket, _queue, options, counters);
        _destination = new SocketAddress(socket.AddressFamily);
        LocalEndpoint = NodeEndpoint.From((IPEndPoint)socket.LocalEndPoint!);
        Families = socket.AddressFamily == AddressFamily.InterNetwork ? AddressFamilies.IPv4
            : socket.DualMode ? AddressFamilies.Both
            : AddressFamilies.IPv6;
    }

    /// <summary>
    /// Opens a socket at <paramref name="local"/>: port 0 takes a free one, <c>[::]</c> speaks IPv4 and IPv6 where the
    /// system has both.
    /// </summary>
    /// <exception cref="TransportException">The address cannot be bound.</exception>
    public static UdpTransport Bind(NodeEndpoint local, UdpTransportOptions options, Counters counters) =>
        new(UdpSocketFactory.Bind(local, options.ReceiveBufferBytes, Socket.OSSupportsIPv6), options, counters);

    /// <inheritdoc/>
    public NodeEndpoint LocalEndpoint { get; }

    /// <inheritdoc/>
    public AddressFamilies Families { get; }

    /// <summary>Whether it receives on a thread of its own.</summary>
    internal bool HasOwnThread => _receiver is ThreadReceiver;

    /// <summary>How many receives failed since the start, for diagnostics.</summary>
    public long ReceiveErrors => _receiver.Errors;

    /// <inheritdoc/>
    public void Start(Action datagramsAvailable) => _receiver.Start(datagramsAvailable);

    /// <inheritdoc/>
    public bool TryRead(out Datagram datagram) => _queue.TryRead(out datagram);

    /// <inheritdoc/>
    public bool HasWaiting
    {
        get
        {
            try
            {
                return _queue.QueuedBytes > 0 || _socket.Available > 0;
            }
            catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public bool Send(NodeEndpoint destination, ReadOnlySpan<byte> datagram)
    {
        // Asked here because the system's refusal would cost an exception.
        if (!Families.Includes(destination) || !destination.IsSendable)
        {
            _counters.Drop(DropReason.SendFailed);
            return false;
        }

        if (destination != _lastDestination)
        {
            UdpSocketAddress.Write(destination, _destination);
            _lastDestination = destination;
        }

        try
        {
            _socket.SendTo(datagram, SocketFlags.None, _destination);
            return true;
        }
        catch (SocketException)
        {
            // No route, no room, too long for the path, refused by a packet filter: to the protocol all of it is loss.
        }
        catch (ObjectDisposedException)
        {
        }

        _counters.Drop(DropReason.SendFailed);
        return false;
    }

    /// <summary>Ends receiving and closes the socket. No callback runs once this has returned, unless it was called from one.</summary>
    public void Dispose()
    {
        _receiver.Close();
        Interlocked.Exchange(ref _threads, null)?.GiveBack();
    }
}
