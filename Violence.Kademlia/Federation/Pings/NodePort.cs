using System.Net;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Pings;

/// <summary>
/// The port that a server's row tells readers to ping: that of the announcing node, if it listens at the host of the server's
/// address as far as anybody can tell. A row for a server on another host tells none.
/// </summary>
internal static class NodePort
{
    /// <param name="address">The server's address, valid.</param>
    /// <param name="mode">Clients answer nobody.</param>
    /// <param name="bound">Where the node is bound; its address may be the unspecified one.</param>
    /// <param name="external">Where others see it; null: not known.</param>
    public static int? For(string address, NodeMode mode, NodeEndpoint bound, NodeEndpoint? external)
    {
        if (mode == NodeMode.Client)
        {
            return null;
        }

        if (ServerAddress.LiteralOf(address) is not { } host)
        {
            // Where a name leads is not looked up: its readers ping where it leads them.
            return external?.Port ?? bound.Port;
        }

        if (external is { } seen && IsAt(seen, host))
        {
            return seen.Port;
        }

        bool isUnspecified = IsAt(bound, IPAddress.Any) || IsAt(bound, IPAddress.IPv6Any);
        return IsAt(bound, host) || (external is null && isUnspecified) ? bound.Port : null;
    }

    private static bool IsAt(NodeEndpoint endpoint, IPAddress host) => NodeEndpoint.From(host, (ushort)endpoint.Port) == endpoint;
}
