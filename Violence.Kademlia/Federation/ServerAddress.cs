using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>
/// The rule for a server's address. Stricter than the framework's parsers, which take <c>1</c> or <c>0x7f.1</c> for IPv4:
/// what players get to see means the same to every program. Private addresses pass (LAN games; <see cref="AddressScope"/> is
/// about public networks); addresses nobody can send to do not: announcing the <c>0.0.0.0</c> one listens on is the usual mistake.
/// </summary>
internal static class ServerAddress
{
    public const int MaxLength = 261;

    private const int MaxHost = 253;
    private const int MaxHostLabel = 63;

    private static readonly SearchValues<char> IPv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static bool IsValid(string address)
    {
        int colon = address.LastIndexOf(':');
        if (address.Length > MaxLength
            || colon <= 0
            || !TryReadNumber(address.AsSpan(colon + 1), ushort.MaxValue, out int port)
            || port == 0)
        {
            return false;
        }

        ReadOnlySpan<char> host = address.AsSpan(0, colon);
        if (host[0] == '[')
        {
            return host[^1] == ']' && IsIPv6(host[1..^1], port);
        }

        // A host name whose last label is a number would be an IPv4 address to some resolvers (RFC 3696, section 2).
        ReadOnlySpan<char> last = host[(host.LastIndexOf('.') + 1)..];
        return last.ContainsAnyExceptInRange('0', '9') ? IsHostName(host) : IsIPv4(host, port);
    }

    /// <summary>
    /// Whether a valid address means this host or something inside a private network: loopback, RFC 1918, carrier NAT, link-local,
    /// unique local, and the names that stand for this host (RFC 6761). Where other names lead is not looked up.
    /// </summary>
    public static bool IsPrivate(string address) =>
        LiteralOf(address) is { } literal
            ? NodeEndpoint.From(literal, port: 1).IsPrivate
            : HostOf(address) is var host
              && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>The host of a valid address, without brackets.</summary>
    public static string HostOf(string address) => address[..address.LastIndexOf(':')].Trim('[', ']');

    /// <summary>The address that the host of a valid address is; null when it is a name.</summary>
    public static IPAddress? LiteralOf(string address)
    {
        string host = HostOf(address);
        bool isName = !host.Contains(':', StringComparison.Ordinal) && host.AsSpan(host.LastIndexOf('.') + 1).ContainsAnyExceptInRange('0', '9');
        return !isName && IPAddress.TryParse(host, out IPAddress? literal)
            ? (literal.IsIPv4MappedToIPv6 ? literal.MapToIPv4() : literal)
            : null;
    }

    private static bool IsIPv6(ReadOnlySpan<char> host, int port) =>
        // The parser also takes brackets of its own, and scope ids, which name an interface of the announcing host.
        !host.ContainsAnyExcept(IPv6Characters)
        && IPAddress.TryParse(host, out IPAddress? address)
        && address.AddressFamily == AddressFamily.InterNetworkV6
        && NodeEndpoint.From(address, (ushort)port).IsSendable;

    private static bool IsIPv4(ReadOnlySpan<char> host, int port)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        foreach (Range range in host.Split('.'))
        {
            if (count == bytes.Length || !TryReadNumber(host[range], byte.MaxValue, out int value))
            {
                return false;
            }

            bytes[count++] = (byte)value;
        }

        return count == bytes.Length && NodeEndpoint.FromIPv4(bytes, (ushort)port).IsSendable;
    }

    private static bool IsHostName(ReadOnlySpan<char> host)
    {
        if (host.Length > MaxHost)
        {
            return false;
        }

        foreach (Range range in host.Split('.'))
        {
            ReadOnlySpan<char> label = host[range];
            if (label.Length is 0 or > MaxHostLabel || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }

            foreach (char character in label)
            {
                if (!char.IsAsciiLetterOrDigit(character) && character != '-')
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<char> digits, int max, out int value)
    {
        value = 0;
        bool hasOneForm = digits.Length == 1 || (digits.Length > 1 && digits[0] != '0');
        return hasOneForm
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value <= max;
    }
}
