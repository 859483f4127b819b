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

    private Thread? _thread;

    /// <inheritdoc/>
    public override void Close()
    {
        Thread? thread;
        lock (Lifecycle)
        {
            IsClosing = true;
            thread = _thread;
            Monitor.PulseAll(Lifecycle);
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

    /// <inheritdoc/>
    protected override void Begin(Action datagramsAvailable)
    {
        _thread = new Thread(() => ReceiveUntilClosed(datagramsAvailable), ThreadStackBytes)
        {
            IsBackground = true,
            Name = "Kademlia receiver",
        };
        _thread.Start();
    }

    private void ReceiveUntilClosed(Action datagramsAvailable)
    {
        while (!IsClosing)
        {
            TimeSpan pause = ReceiveBurst();
            if (IsClosing)
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
            for (int taken = 1; taken < BurstLimit && !IsClosing && Socket.Available > 0; taken++)
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

    /// <summary>Ends early when <see cref="Close"/> pulses.</summary>
    private void Pause(TimeSpan duration)
    {
        lock (Lifecycle)
        {
            if (!IsClosing)
            {
                Monitor.Wait(Lifecycle, duration);
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
