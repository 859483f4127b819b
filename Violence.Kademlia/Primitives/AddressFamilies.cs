namespace Violence.Kademlia.Primitives;

/// <summary>Which kinds of address a node can send to. The numbers are on the wire.</summary>
[Flags]
internal enum AddressFamilies : byte
{
    None = 0,
    IPv4 = 1,
    IPv6 = 2,
    Both = IPv4 | IPv6,
}

internal static class AddressFamiliesExtensions
{
    /// <summary>Whether a node with these families can send to <paramref name="endpoint"/>.</summary>
    public static bool Includes(this AddressFamilies families, NodeEndpoint endpoint) =>
        (families & (endpoint.IsIPv4 ? AddressFamilies.IPv4 : AddressFamilies.IPv6)) != AddressFamilies.None;
}
