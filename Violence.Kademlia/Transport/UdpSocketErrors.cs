using System.Net.Sockets;

namespace Violence.Kademlia.Transport;

/// <summary>
/// What the errors of a UDP socket mean, by name. None of them ends the receive loop: the socket belongs to the transport, so
/// only its own disposal closes it, and that is known without asking the error.
/// </summary>
internal static class UdpSocketErrors
{
    /// <summary>
    /// Receiving met a datagram longer than the buffer. Windows says so (WSAEMSGSIZE); Linux, macOS and BSD cut the
    /// datagram off silently, which the spare byte of the buffer shows.
    /// </summary>
    public static bool IsTruncation(SocketError error) => error == SocketError.MessageSize;

    /// <summary>
    /// An answer of the network to something sent earlier, which took no datagram away; the next receive is fine.
    /// Windows reports an ICMP "port unreachable" as ConnectionReset and an expired hop count as NetworkReset, unless
    /// both are switched off, as here. Linux, macOS and BSD report ConnectionRefused or an unreachable host or network, on connected
    /// sockets only. As others cause them at will, they must not slow the receiver down.
    /// </summary>
    public static bool IsNetworkNotice(SocketError error) => error is SocketError.ConnectionReset
        or SocketError.NetworkReset
        or SocketError.ConnectionRefused
        or SocketError.HostUnreachable
        or SocketError.HostDown
        or SocketError.NetworkUnreachable;

    /// <summary>
    /// The receive time-out passed with nothing received. Set only where nothing else is sure to end a pending receive (macOS, BSD).
    /// Unix reports TimedOut or WouldBlock, Windows TimedOut.
    /// </summary>
    public static bool IsIdle(SocketError error) => error is SocketError.TimedOut or SocketError.WouldBlock;

    /// <summary>
    /// The system has no IPv6: no such protocol (Linux with ipv6.disable=1, Windows without the component), or no
    /// address to bind (Linux with disable_ipv6=1, containers without IPv6).
    /// </summary>
    public static bool MeansNoIPv6(SocketError error) => error is SocketError.AddressFamilyNotSupported
        or SocketError.ProtocolFamilyNotSupported
        or SocketError.ProtocolNotSupported
        or SocketError.ProtocolOption
        or SocketError.AddressNotAvailable;
}
