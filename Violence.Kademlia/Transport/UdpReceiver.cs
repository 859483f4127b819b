using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// The receiving half of a <see cref="UdpTransport"/>: a thread that blocks in a receive (half the cost of an asynchronous one),
/// takes what else is waiting, queues it, and calls the consumer. It never waits for the queue, outlives every
/// socket error, and ends only with <see cref="Close"/>. It closes the socket.
/// </summary>
internal sealed class UdpReceiver
{
    private const int ThreadStackBytes = 256 * 1024;

    // A wake-up datagram ends the receive in about 150 microseconds, closing the socket in about 250: these only bound the worst.
    private static readonly TimeSpan WakeUpPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    // Guards starting and closing, and is pulsed to end a pause.
    private readonly object _lifecycle = new();
    private readonly Socket _socket;
    private readonly DatagramPipe _queue;
    private readonly UdpTransportOptions _options;
    private readonly Counters _counters;
    private readonly byte[] _buffer;
    private readonly SocketAddress _source;
    private readonly int _sourceSize;
    private ReceiveBackoff _backoff;
    private Thread? _thread;
    private long _errors;
    private volatile bool _closing;

    public UdpReceiver(Socket socket, DatagramPipe queue, UdpTransportOptions options, Counters counters)
    {
        _socket = socket;
        _queue = queue;
        _options = options;
        _counters = counters;

        // One byte more than is allowed shows that a datagram was longer. Windows reports that as an exception, which is
        // dear in a flood: there the buffer takes the longest datagram there is.
        _buffer = new byte[OperatingSystem.IsWindows() ? ushort.MaxValue : options.MaxDatagram + 1];
        _source = new SocketAddress(socket.AddressFamily);
        _sourceSize = _source.Size;
    }

    public long Errors => Volatile.Read(ref _errors);

    public void Start(Action datagramsAvailable)
    {
        ArgumentNullException.ThrowIfNull(datagramsAvailable);
        lock (_lifecycle)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(UdpTransport));
            if (_thread is not null)
            {
                throw new InvalidOperationException("The transport was started already.");
            }

            _thread = new Thread(() => ReceiveUntilClosed(datagramsAvailable), ThreadStackBytes)
            {
                IsBackground = true,
                Name = "Kademlia receiver",
            };
            _thread.Start();
        }
    }

    /// <summary>
    /// Ends the thread, if there is one, and closes the socket. May be called again, from several threads, and from the callback.
    /// </summary>
    public void Close()
    {
        Thread? thread;
        lock (_lifecycle)
        {
            _closing = true;
            thread = _thread;
            Monitor.PulseAll(_lifecycle);
        }

        if (thread is null || thread == Thread.CurrentThread)
        {
            _socket.Dispose();
            return;
        }

        WakeReceive();
        if (thread.Join(WakeUpPatience))
        {
            return;
        }

        // The wake-up was lost (a packet filter, an address that is gone), or the callback is busy. Where closing does not end a
        // receive it would wait for it for ever; there the receive has a time-out, and the thread closes the socket when it ends.
        if (UdpSocketFactory.CloseEndsReceive)
        {
            _socket.Dispose();
        }

        thread.Join(ClosePatience);
    }

    private void ReceiveUntilClosed(Action datagramsAvailable)
    {
        while (!_closing)
        {
            TimeSpan pause = ReceiveBurst();
            if (_closing)
            {
                break;
            }

            if (_queue.QueuedBytes > 0)
            {
                _queue.Flush();
                datagramsAvailable();
            }

            if (pause > TimeSpan.Zero)
            {
                Pause(pause);
            }
        }

        _socket.Dispose();
    }

    /// <summary>Waits for a datagram, then takes what else has come meanwhile. Returns how long to pause for an error.</summary>
    private TimeSpan ReceiveBurst()
    {
        try
        {
            ReceiveOne();

            // A non-blocking receive is not to be had: on Unix it would make the socket non-blocking for good, and then a
            // blocking receive is emulated with epoll at twice the cost.
            for (int taken = 1; taken < _options.BurstLimit && !_closing && _socket.Available > 0; taken++)
            {
                ReceiveOne();
            }
        }
        catch (SocketException e)
        {
            return Failed(e.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            // Only Close disposes of the socket, and it says so before.
        }

        return TimeSpan.Zero;
    }

    private void ReceiveOne()
    {
        // A receive that brings no address sets the size to zero, and the next one would find it too small.
        _source.Size = _sourceSize;
        int length = _socket.ReceiveFrom(_buffer, SocketFlags.None, _source);
        _backoff.Succeeded();
        if (length > _options.MaxDatagram)
        {
            _counters.Drop(DropReason.TooLarge);
        }
        else if (!_closing && UdpSocketAddress.TryRead(_source, out NodeEndpoint source)
            && !_queue.TryWrite(source, _buffer.AsSpan(0, length)))
        {
            _counters.Drop(DropReason.QueueFull);
        }
    }

    private TimeSpan Failed(SocketError error)
    {
        // Without a time-out nothing should end idly: if it does, again and again, that is an error like others.
        if (_closing || (UdpSocketErrors.IsIdle(error) && _socket.ReceiveTimeout > 0))
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

    private void Pause(TimeSpan duration)
    {
        lock (_lifecycle)
        {
            if (!_closing)
            {
                Monitor.Wait(_lifecycle, duration);
            }
        }
    }

    /// <summary>Sends an empty datagram from the socket to itself: that ends a receive on every system.</summary>
    private void WakeReceive()
    {
        try
        {
            var own = (IPEndPoint)_socket.LocalEndPoint!;
            bool any = own.Address.Equals(IPAddress.Any) || own.Address.Equals(IPAddress.IPv6Any);
            NodeEndpoint target = any ? NodeEndpoint.From(IPAddress.Loopback, (ushort)own.Port) : NodeEndpoint.From(own);

            // Not the sender's address object: that one may be in use in this moment.
            SocketAddress address = new(_socket.AddressFamily);
            UdpSocketAddress.Write(target, address);
            _socket.SendTo([], SocketFlags.None, address);
        }
        catch (SocketException)
        {
        }
        catch (ObjectDisposedException)
        {
            // The thread has seen that it is to end, and has closed the socket.
        }
    }
}
