using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Violence.Kademlia.Runtime;

/// <summary>A seed as somebody writes it: a host name or an address, and a port.</summary>
internal sealed record SeedAddress(string Host, ushort Port)
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Form = "host:port, 192.0.2.1:port or [2001:db8::1]:port, with a port from 1 to 65535";

    /// <summary>Reads <c>host:port</c>, <c>192.0.2.1:port</c> or <c>[2001:db8::1]:port</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SeedAddress? seed)
    {
        seed = null;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            || port == 0)
        {
            return false;
        }

        string host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            if (!IPAddress.TryParse(host, out IPAddress? address) || address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
            {
                return false;
            }
        }
        else if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        seed = new SeedAddress(host, port);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
