using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>Opens bound UDP sockets and sets what each system needs to be told.</summary>
internal static class UdpSocketFactory
{
    /// <summary>
    /// Sending waits for room in the send buffer, which passes at the speed of the network card; a card that stands still must
    /// not hold up the node. (Windows rounds this up to half a second.)
    /// </summary>
    private const int SendTimeoutMilliseconds = 50;

    /// <summary>How long disposal takes at worst where nothing but a datagram or this time-out ends a pending receive.</summary>
    private const int IdleReceiveTimeoutMilliseconds = 1000;

    /// <summary>Whether closing the socket ends a receive that is under way in another thread: so on Linux and Windows only.</summary>
    public static bool CloseEndsReceive => OperatingSystem.IsLinux() || OperatingSystem.IsWindows();

    /// <summary>
    /// An IPv4 address gives an IPv4 socket and an IPv6 address an IPv6-only one; <c>[::]</c> gives one that speaks both, or
    /// an IPv4 one at <c>0.0.0.0</c> where the system has no IPv6.
    /// </summary>
    /// <exception cref="TransportException">The address cannot be bound.</exception>
    public static Socket Bind(NodeEndpoint local, int receiveBufferBytes, bool systemHasIPv6)
    {
        IPEndPoint wanted = local.ToIPEndPoint();
        bool both = wanted.Address.Equals(IPAddress.IPv6Any);
        IPEndPoint anyIPv4 = new(IPAddress.Any, wanted.Port);
        if (both && !systemHasIPv6)
        {
            return Open(anyIPv4, dualMode: false, receiveBufferBytes);
        }

        try
        {
            return Open(wanted, both, receiveBufferBytes);
        }
        catch (TransportException e) when (both && e.InnerException is SocketException s && UdpSocketErrors.MeansNoIPv6(s.SocketErrorCode))
        {
            return Open(anyIPv4, dualMode: false, receiveBufferBytes);
        }
    }

    private static Socket Open(IPEndPoint endPoint, bool dualMode, int receiveBufferBytes)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = dualMode;
            }

            Configure(socket, receiveBufferBytes);
            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new TransportException(Explain(endPoint, e), e);
        }
    }

    private static void Configure(Socket socket, int receiveBufferBytes)
    {
        try
        {
            socket.ReceiveBufferSize = receiveBufferBytes;
        }
        catch (SocketException)
        {
            // BSD and macOS refuse what is above their limit instead of granting less: the default buffer does too.
        }

        socket.SendTimeout = SendTimeoutMilliseconds;
        if (!CloseEndsReceive)
        {
            socket.ReceiveTimeout = IdleReceiveTimeoutMilliseconds;
        }

        if (OperatingSystem.IsWindows())
        {
            // Another process could otherwise bind the same port with SO_REUSEADDR and take our datagrams.
            socket.ExclusiveAddressUse = true;
            SwitchOffNotices(socket);
        }
    }

    /// <summary>Windows: an ICMP answer to something we sent must not come back as an error of an unrelated receive.</summary>
    private static void SwitchOffNotices(Socket socket)
    {
        const int ConnectionResetNotice = unchecked((int)0x9800_000C); // SIO_UDP_CONNRESET
        const int NetworkResetNotice = unchecked((int)0x9800_000F); // SIO_UDP_NETRESET
        byte[] off = [0, 0, 0, 0];
        foreach (int control in (ReadOnlySpan<int>)[ConnectionResetNotice, NetworkResetNotice])
        {
            try
            {
                socket.IOControl(control, off, null);
            }
            catch (SocketException)
            {
                // The receive loop survives the errors; it is only slower for them.
            }
        }
    }

    /// <summary>The message for somebody who starts a server: which address, what is wrong, what to do.</summary>
    internal static string Explain(IPEndPoint endPoint, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"UDP {endPoint} is already in use. "
            + "Stop the program that uses it, or choose another port (0 takes a free one).",
        SocketError.AddressNotAvailable =>
            $"{endPoint.Address} is not an address of this machine, so {endPoint} cannot be opened. "
            + "Use one that is, or [::] or 0.0.0.0 for all of them.",
        SocketError.AccessDenied =>
            $"The system does not allow UDP port {endPoint.Port} at {endPoint.Address}. "
            + "Choose a port from 1024 up, or give the program the right to use this one.",
        _ => $"UDP {endPoint} cannot be opened: {error.Message} ({error.SocketErrorCode}). Choose another address or port.",
    };
}
