using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Violence.Kademlia.Node.Hub;

/// <summary>Who sends, as budgets and names tell senders apart: an IPv4 address, or the /64 of an IPv6 address.</summary>
internal readonly record struct SourceKey(bool IsIPv6, ulong Network)
{
    public static SourceKey Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        plain.TryWriteBytes(bytes, out _);
        return new SourceKey(plain.AddressFamily == AddressFamily.InterNetworkV6, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
