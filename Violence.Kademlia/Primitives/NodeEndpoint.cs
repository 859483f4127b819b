using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Violence.Kademlia.Primitives;

/// <summary>
/// A UDP address, IPv4 or IPv6, as a value of 18 bytes: no allocation per datagram, unlike <see cref="IPEndPoint"/>.
/// IPv4 is kept in its IPv4-mapped IPv6 form (RFC 4291, section 2.5.5.2), so equal addresses are equal values.
/// Scope ids are dropped: a link-local address means nothing to another host.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
public readonly struct NodeEndpoint : IEquatable<NodeEndpoint>
{
    /// <summary>Length of an IPv4 endpoint on the wire: address, then port, in bytes.</summary>
    public const int IPv4Size = 6;

    /// <summary>Length of an IPv6 endpoint on the wire: address, then port, in bytes.</summary>
    public const int IPv6Size = 18;

    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    private readonly ulong _high;
    private readonly ulong _low;
    private readonly ushort _port;

    private NodeEndpoint(ulong high, ulong low, ushort port)
    {
        _high = high;
        _low = low;
        _port = port;
    }

    /// <summary>The endpoint of an <see cref="IPEndPoint"/>; IPv4-mapped addresses become IPv4.</summary>
    /// <param name="endPoint">An IPv4 or IPv6 endpoint.</param>
    public static NodeEndpoint From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return From(endPoint.Address, (ushort)endPoint.Port);
    }

    /// <summary>The endpoint at an address and port.</summary>
    /// <param name="address">An IPv4 or IPv6 address.</param>
    /// <param name="port">The UDP port, 0 to 65535.</param>
    public static NodeEndpoint From(IPAddress address, ushort port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return length == 4 ? FromIPv4(bytes, port) : FromIPv6(bytes, port);
    }

    /// <summary>An IPv4 endpoint from 4 address bytes in network order.</summary>
    internal static NodeEndpoint FromIPv4(ReadOnlySpan<byte> address, ushort port) =>
        new(0, MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(address), port);

    /// <summary>An endpoint from 16 address bytes in network order; an IPv4-mapped address counts as IPv4.</summary>
    internal static NodeEndpoint FromIPv6(ReadOnlySpan<byte> address, ushort port) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port);

    /// <summary>The UDP port.</summary>
    public int Port => _port;

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsIPv4 => _high == 0 && (_low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    /// <summary>Length on the wire: <see cref="IPv4Size"/> or <see cref="IPv6Size"/>.</summary>
    internal int WireSize => IsIPv4 ? IPv4Size : IPv6Size;

    /// <summary>
    /// Whether a datagram can be sent here: a port, and an address that is neither unspecified, multicast nor broadcast.
    /// </summary>
    public bool IsSendable
    {
        get
        {
            if (_port == 0)
            {
                return false;
            }

            if (IsIPv4)
            {
                uint address = (uint)_low;
                return address >> 24 is not 0 and < 224;
            }

            return (_high | _low) != 0 && _high >> 56 != 0xFF;
        }
    }

    /// <summary>Whether the address only means this host (127.0.0.0/8 or ::1).</summary>
    public bool IsLoopback => IsIPv4 ? (uint)_low >> 24 == 127 : _high == 0 && _low == 1;

    /// <summary>
    /// Whether the address is only valid inside a private network or on this host: RFC 1918, RFC 6598 (carrier NAT),
    /// link-local, unique local (RFC 4193) and loopback.
    /// </summary>
    public bool IsPrivate
    {
        get
        {
            if (IsLoopback)
            {
                return true;
            }

            if (IsIPv4)
            {
                uint address = (uint)_low;
                return address >> 24 == 10
                    || address >> 20 == 0xAC1
                    || address >> 16 == 0xC0A8
                    || address >> 16 == 0xA9FE
                    || address >> 22 == 0x64_40_00_00 >> 22;
            }

            return _high >> 57 == 0xFC >> 1 || _high >> 54 == 0xFE80 >> 6;
        }
    }

    /// <summary>
    /// The network the address stands in, as a value to count by: its /24 (IPv4) or /48 (IPv6). One operator usually
    /// holds all of such a network, so diversity is counted in these.
    /// </summary>
    public ulong NetworkPrefix => IsIPv4 ? 1UL << 63 | (uint)_low >> 8 : _high >> 16;

    /// <summary>What one host has: its address (IPv4, mapped) or its /64 (IPv6), as a value to tell sources apart by.</summary>
    internal ulong Host => IsIPv4 ? _low : _high;

    /// <summary>Writes address and port in network order: 6 or 18 bytes.</summary>
    /// <returns>The number of bytes written.</returns>
    internal int CopyTo(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
            BinaryPrimitives.WriteUInt16BigEndian(destination[4..], _port);
            return IPv4Size;
        }

        WriteIPv6Address(destination);
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..], _port);
        return IPv6Size;
    }

    /// <summary>Writes the 16 bytes of the (possibly IPv4-mapped) IPv6 form.</summary>
    internal void WriteIPv6Address(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
    }

    /// <summary>Reads 6 or 18 bytes as <see cref="CopyTo"/> writes them; any other length is not an endpoint.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out NodeEndpoint endpoint)
    {
        switch (bytes.Length)
        {
            case IPv4Size:
                endpoint = FromIPv4(bytes, BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]));
                return true;
            case IPv6Size:
                endpoint = FromIPv6(bytes, BinaryPrimitives.ReadUInt16BigEndian(bytes[16..]));
                // One address, one form: a mapped address in the long form would be a second name for the same node.
                return !endpoint.IsIPv4;
            default:
                endpoint = default;
                return false;
        }
    }

    /// <summary>The endpoint as the framework's type, for use at the edges.</summary>
    public IPEndPoint ToIPEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteIPv6Address(bytes);
        IPAddress address = IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
        return new IPEndPoint(address, _port);
    }

    /// <summary>The address family: <see cref="AddressFamily.InterNetwork"/> or <see cref="AddressFamily.InterNetworkV6"/>.</summary>
    public AddressFamily AddressFamily => IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;

    /// <inheritdoc/>
    public bool Equals(NodeEndpoint other) => _low == other._low && _high == other._high && _port == other._port;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NodeEndpoint other && Equals(other);

    /// <summary>The same in every process, so that behaviour never depends on a per-process seed.</summary>
    public override int GetHashCode()
    {
        ulong mixed = (_low ^ ((ulong)_port << 48)) * 0x9E37_79B9_7F4A_7C15 ^ _high * 0xC2B2_AE3D_27D4_EB4F;
        return (int)(mixed >> 32) ^ (int)mixed;
    }

    /// <summary>The usual text: <c>192.0.2.1:4001</c> or <c>[2001:db8::1]:4001</c>.</summary>
    public override string ToString() => ToIPEndPoint().ToString();

    /// <summary>Whether both are the same address and port.</summary>
    public static bool operator ==(NodeEndpoint left, NodeEndpoint right) => left.Equals(right);

    /// <summary>Whether address or port differ.</summary>
    public static bool operator !=(NodeEndpoint left, NodeEndpoint right) => !left.Equals(right);
}
