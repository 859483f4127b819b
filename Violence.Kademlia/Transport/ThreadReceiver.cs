using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// A thread that blocks in a receive, then takes what else is waiting. As a rule what keeps the host's thread pool busy does not keep it
/// from answering.
/// </summary>
internal sealed class ThreadReceiver(Socket socket, DatagramPipe queue, UdpTransportOptions options, Counters counters)
    : UdpReceiver(socket, queue, options, counters)
{
    private const int ThreadStackBytes = 256 * 1024;

    // A wake-up datagram ends the receive in about 150 microseconds, closing the socket in about 250: these only bound the worst.
    private static readonly TimeSpan WakeUpPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    // Guards starting and closing, and is pulsed to end a pause.
    private readonly object _lifecycle = new();
    private Thread? _thread;
    private volatile bool _closing;

    protected override bool IsClosing => _closing;

    /// <inheritdoc/>
    public override void Start(Action datagramsAvailable)
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

    /// <inheritdoc/>
    public override void Close()
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
            Socket.Dispose();
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
            Socket.Dispose();
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

            if (Queue.QueuedBytes > 0)
            {
                Queue.Flush();
                datagramsAvailable();
            }

            if (pause > TimeSpan.Zero)
            {
                Pause(pause);
            }
        }

        Socket.Dispose();
    }

    /// <summary>Waits for a datagram, then takes what else has come meanwhile. Returns how long to pause for an error.</summary>
    private TimeSpan ReceiveBurst()
    {
        try
        {
            ReceiveOne();

            // A non-blocking receive is not to be had: on Unix it would make the socket non-blocking for good, and then a
            // blocking receive is emulated with epoll at twice the cost.
            for (int taken = 1; taken < BurstLimit && !_closing && Socket.Available > 0; taken++)
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
        BeforeReceive();
        Received(Socket.ReceiveFrom(Buffer, SocketFlags.None, Source));
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
            var own = (IPEndPoint)Socket.LocalEndPoint!;
            bool any = own.Address.Equals(IPAddress.Any) || own.Address.Equals(IPAddress.IPv6Any);
            NodeEndpoint target = any ? NodeEndpoint.From(IPAddress.Loopback, (ushort)own.Port) : NodeEndpoint.From(own);

            // Not the sender's address object: that one may be in use in this moment.
            SocketAddress address = new(Socket.AddressFamily);
            UdpSocketAddress.Write(target, address);
            Socket.SendTo([], SocketFlags.None, address);
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
