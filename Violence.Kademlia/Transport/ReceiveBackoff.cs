using System.Net.Sockets;

namespace Violence.Kademlia.Transport;

/// <summary>
/// How long the receive loop pauses after an error: not at all after a single one, then 1 ms and twice as long from one to the
/// next without a success between, up to 256 ms, so that a socket that keeps failing cannot keep a core busy.
/// </summary>
internal struct ReceiveBackoff
{
    private const int MaxDoublings = 8;
    private int _failures;

    /// <summary>How long to pause after <paramref name="error"/>.</summary>
    public TimeSpan Failed(SocketError error)
    {
        if (UdpSocketErrors.IsNetworkNotice(error))
        {
            return TimeSpan.Zero;
        }

        _failures++;
        return _failures == 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(1 << Math.Min(_failures - 2, MaxDoublings));
    }

    /// <summary>A datagram came in.</summary>
    public void Succeeded() => _failures = 0;
}
