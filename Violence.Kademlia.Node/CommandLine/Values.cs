using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>Reads the values of options. Reading is strict: what is not plainly meant is refused.</summary>
internal static class Values
{
    public const string HostAndPortRule = "HOST:PORT with a port from 1 to 65535, for example play.example.org:4001, 192.0.2.1:4001 or [2001:db8::1]:4001";
    public const string ListenRule = "IP:PORT, for example 127.0.0.1:4001 or [::]:4001 (port 0: any free one)";

    public const string WordRule = "1 to 24 letters, digits or '-'";

    private const int LongestHost = 255;

    /// <summary>A host name or address with a port somebody can send to.</summary>
    public static bool TryHostAndPort(string text, out string hostAndPort)
    {
        hostAndPort = text;
        return TrySplit(text, out string host, out int port)
            && port != 0
            && (TryAddress(host, out _) || IsHostName(host));
    }

    /// <summary>An address of this host to listen on; port 0 lets the system pick.</summary>
    public static bool TryListen(string text, out IPEndPoint? endPoint)
    {
        endPoint = TrySplit(text, out string host, out int port) && TryAddress(host, out var address)
            ? new IPEndPoint(address, port)
            : null;
        return endPoint is not null;
    }

    /// <summary>A genre, a region, a mode or a tag.</summary>
    public static bool TryWord(string text, out string word)
    {
        word = text;
        return text.Length is > 0 and <= 24 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');
    }

    /// <summary>A whole number within limits, in plain digits.</summary>
    public static bool TryInteger(string text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;

    /// <summary>A time in seconds, fractions allowed.</summary>
    public static bool TrySeconds(string text, double least, double most, out double seconds) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds)
        && seconds >= least
        && seconds <= most;

    private static bool TrySplit(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon < 0 ? text : text[..colon];
        port = 0;
        return colon > 0 && TryInteger(text[(colon + 1)..], 0, ushort.MaxValue, out port);
    }

    private static bool TryAddress(string host, out IPAddress address)
    {
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            return IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out address!)
                && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        // The framework takes "1" and "127.1" for addresses too; a typo should not become one.
        address = IPAddress.None;
        return host.Split('.') is { Length: 4 } parts
            && parts.All(part => TryInteger(part, 0, 255, out _))
            && IPAddress.TryParse(host, out address!);
    }

    private static bool IsHostName(string host) =>
        host.Length is > 0 and <= LongestHost
        && host.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_')
        && host.Any(char.IsAsciiLetter)
        && Uri.CheckHostName(host) == UriHostNameType.Dns;
}
