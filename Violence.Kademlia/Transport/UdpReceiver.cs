using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// The receiving half of a <see cref="UdpTransport"/>: takes what comes in, queues it, and calls the consumer. It never waits for
/// the queue, outlives every socket error, and ends only with <see cref="Close"/>. It closes the socket.
/// </summary>
internal abstract class UdpReceiver
{
    /// <summary>How long to wait at most, when closing, for a consumer that is being called.</summary>
    protected static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly UdpTransportOptions _options;
    private readonly Counters _counters;
    private readonly int _sourceSize;
    private ReceiveBackoff _backoff;
    private long _errors;
    private bool _isStarted;
    private volatile bool _closing;

    protected UdpReceiver(Socket socket, DatagramPipe queue, UdpTransportOptions options, Counters counters)
    {
        Socket = socket;
        Queue = queue;
        _options = options;
        _counters = counters;

        // One byte more than is allowed shows that a datagram was longer. Windows reports that as an exception, which is
        // dear in a flood: there the buffer takes the longest datagram there is.
        // A receive under way pins it there, so it stands where what is pinned is in nobody's way.
        Buffer = OperatingSystem.IsWindows()
            ? GC.AllocateUninitializedArray<byte>(ushort.MaxValue, pinned: true)
            : new byte[options.MaxDatagram + 1];
        Source = new SocketAddress(socket.AddressFamily);
        _sourceSize = Source.Size;
    }

    /// <summary>How many receives failed since the start.</summary>
    public long Errors => Volatile.Read(ref _errors);

    protected Socket Socket { get; }

    protected DatagramPipe Queue { get; }

    /// <summary>Where the next datagram goes.</summary>
    protected byte[] Buffer { get; }

    /// <summary>Where it came from; see <see cref="BeforeReceive"/>.</summary>
    protected SocketAddress Source { get; }

    /// <summary>How many waiting datagrams are received before the consumer is called.</summary>
    protected int BurstLimit => _options.BurstLimit;

    /// <summary>Guards starting and closing.</summary>
    protected object Lifecycle { get; } = new();

    /// <summary>Set by <see cref="Close"/> before anything else.</summary>
    protected bool IsClosing
    {
        get => _closing;
        set => _closing = value;
    }

    /// <summary>Begins to receive. To be called once.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public void Start(Action datagramsAvailable)
    {
        ArgumentNullException.ThrowIfNull(datagramsAvailable);
        lock (Lifecycle)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(UdpTransport));
            if (_isStarted)
            {
                throw new InvalidOperationException("The transport was started already.");
            }

            _isStarted = true;
            Begin(datagramsAvailable);
        }
    }

    /// <summary>
    /// Ends receiving and closes the socket. May be called again, from several threads, and from the callback; no other callback runs once
    /// it has returned.
    /// </summary>
    public abstract void Close();

    /// <summary>Starts whatever receives, under <see cref="Lifecycle"/>.</summary>
    protected abstract void Begin(Action datagramsAvailable);

    /// <summary>A receive that brings no address sets the size to zero, and the next one would find it too small.</summary>
    protected void BeforeReceive() => Source.Size = _sourceSize;

    /// <summary>A datagram lies in <see cref="Buffer"/>: queues it, or drops and counts it.</summary>
    protected void Received(int length)
    {
        _backoff.Succeeded();
        if (length > _options.MaxDatagram)
        {
            _counters.Drop(DropReason.TooLarge);
        }
        else if (!IsClosing && UdpSocketAddress.TryRead(Source, out NodeEndpoint source)
            && !Queue.TryWrite(source, Buffer.AsSpan(0, length)))
        {
            _counters.Drop(DropReason.QueueFull);
        }
    }

    /// <summary>A receive has failed.</summary>
    /// <returns>How long to pause for it.</returns>
    protected TimeSpan Failed(SocketError error)
    {
        // Without a time-out nothing should end idly: if it does, again and again, that is an error like others.
        if (IsClosing || (UdpSocketErrors.IsIdle(error) && Socket.ReceiveTimeout > 0))
        {
            return TimeSpan.Zero;
        }

        if (UdpSocketErrors.IsTruncation(error))
        {
            _counters.Drop(DropReason.TooLarge);
            return TimeSpan.Zero;
        }

        Interlocked.Increment(ref _errors);
        return _backoff.Failed(error);
    }
}
