using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// Receives on the threads that the runtime has for all sockets and for everything else. What a node of many in one process takes: a
/// thread of its own is 40 KB of memory, for a stack and the C library's room for it.
/// </summary>
internal sealed class SharedReceiver(Socket socket, DatagramPipe queue, UdpTransportOptions options, Counters counters)
    : UdpReceiver(socket, queue, options, counters)
{
    // Held while the consumer is called: who closes waits for it.
    private readonly object _calling = new();
    private Action _datagramsAvailable = static () => { };

    /// <inheritdoc/>
    public override void Close()
    {
        lock (Lifecycle)
        {
            IsClosing = true;
        }

        Socket.Dispose();

        // A callback that runs is waited for, unless it is what closes; none begins any more.
        if (Monitor.TryEnter(_calling, ClosePatience))
        {
            Monitor.Exit(_calling);
        }
    }

    /// <inheritdoc/>
    protected override void Begin(Action datagramsAvailable)
    {
        _datagramsAvailable = datagramsAvailable;

        // Queued and not called: what the caller has in its context is nothing to this.
        ThreadPool.UnsafeQueueUserWorkItem(static receiver => receiver.ReceiveUntilClosed(), this, preferLocal: false);
    }

    /// <summary>
    /// Not a task that somebody might forget: what the consumer throws is a bug, and is to be as loud as on a thread.
    /// </summary>
    private async void ReceiveUntilClosed()
    {
        int taken = 0;
        while (!IsClosing)
        {
            ValueTask<int> receive = BeginReceive();
            bool isBurstOver = ++taken >= BurstLimit;
            if (isBurstOver || !receive.IsCompleted)
            {
                taken = 0;
                Announce();
            }

            TimeSpan pause = TimeSpan.Zero;
            try
            {
                Received(await receive.ConfigureAwait(false));
            }
            catch (SocketException e)
            {
                pause = Failed(e.SocketErrorCode);
            }
            catch (ObjectDisposedException)
            {
                // Only Close disposes of the socket, and it says so before.
            }

            if (pause > TimeSpan.Zero)
            {
                Announce();
#pragma warning disable RS0030 // A socket fails in real time, whatever clock the node has.
                await Task.Delay(pause).ConfigureAwait(false);
#pragma warning restore RS0030
            }
            else if (isBurstOver)
            {
                // A flood never lets it wait: others want the thread too.
                await Task.Yield();
            }
        }
    }

    private ValueTask<int> BeginReceive()
    {
        try
        {
            BeforeReceive();
            return Socket.ReceiveFromAsync(Buffer, SocketFlags.None, Source);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return ValueTask.FromException<int>(e);
        }
    }

    private void Announce()
    {
        if (Queue.QueuedBytes == 0)
        {
            return;
        }

        lock (_calling)
        {
            if (!IsClosing)
            {
                Queue.Flush();
                _datagramsAvailable();
            }
        }
    }
}
