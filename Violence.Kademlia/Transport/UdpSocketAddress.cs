using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// Reads and writes the system's own form of an address (sockaddr_in, sockaddr_in6) in place, so that no
/// <see cref="IPEndPoint"/> is allocated per datagram. The family's place differs between systems and is left to
/// <see cref="SocketAddress"/>; all of them have the port at 2, the IPv4 address at 4 and the IPv6 address at 8, in network order.
/// </summary>
internal static class UdpSocketAddress
{
    private const int PortAt = 2;
    private const int IPv4AddressAt = 4;
    private const int IPv4End = 8;
    private const int IPv6AddressAt = 8;
    private const int IPv6End = 24;

    /// <summary>The endpoint in <paramref name="address"/>; false when it is none, or cut short.</summary>
    public static bool TryRead(SocketAddress address, out NodeEndpoint endpoint)
    {
        ReadOnlySpan<byte> bytes = address.Buffer.Span[..address.Size];
        if (bytes.Length >= IPv6End && address.Family == AddressFamily.InterNetworkV6)
        {
            endpoint = NodeEndpoint.FromIPv6(bytes[IPv6AddressAt..], BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        if (bytes.Length >= IPv4End && address.Family == AddressFamily.InterNetwork)
        {
            endpoint = NodeEndpoint.FromIPv4(bytes[IPv4AddressAt..], BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        endpoint = default;
        return false;
    }

    /// <summary>
    /// Writes <paramref name="endpoint"/> into an address of the socket's family. In an IPv6 one an IPv4 endpoint takes
    /// its mapped form; an IPv6 endpoint has no form in an IPv4 one, and the caller must not ask for it.
    /// </summary>
    public static void Write(NodeEndpoint endpoint, SocketAddress address)
    {
        Span<byte> bytes = address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], (ushort)endpoint.Port);
        if (address.Family == AddressFamily.InterNetworkV6)
        {
            endpoint.WriteIPv6Address(bytes[IPv6AddressAt..IPv6End]);
            return;
        }

        Span<byte> mapped = stackalloc byte[16];
        endpoint.WriteIPv6Address(mapped);
        mapped[12..].CopyTo(bytes[IPv4AddressAt..]);
    }
}
