namespace Violence.Kademlia.Federation.Pings;

/// <summary>A host that listings name, and the ports at which nodes of this network are said to listen there.</summary>
internal readonly record struct PingTarget(string Host, IReadOnlyList<int> Ports);

/// <summary>
/// Whom to ping for a list of servers: every host once, since servers on one host are equally far; those taken for alive before
/// those that are stale, and never more than <see cref="MaxServers"/> servers' hosts. Pure.
/// </summary>
internal static class PingPlan
{
    public const int MaxServers = 256;

    /// <summary>Where the first is silent: rows of strangers must not have their readers try out ports.</summary>
    public const int MaxPorts = 2;

    public static IReadOnlyList<PingTarget> Of(IEnumerable<ServerListing> listings) =>
    [
        .. listings
            .Where(static listing => listing.NodePort is not null)
            .OrderBy(static listing => listing.Liveness == ServerLiveness.Stale)
            .ThenBy(static listing => DirectoryText.NormalizeName(listing.Server.Name), StringComparer.Ordinal)
            .ThenBy(static listing => listing.Owner)
            .Take(MaxServers)
            .GroupBy(static listing => HostOf(listing), StringComparer.Ordinal)
            .Select(static host => new PingTarget(host.Key, [.. host.Select(listing => listing.NodePort!.Value).Distinct().Take(MaxPorts)])),
    ];

    /// <summary>The listings with what was measured for their hosts.</summary>
    public static IReadOnlyList<ServerListing> Apply(IEnumerable<ServerListing> listings, IReadOnlyDictionary<string, TimeSpan> measured) =>
    [
        .. listings.Select(listing => listing.NodePort is not null && measured.TryGetValue(HostOf(listing), out TimeSpan ping)
            ? listing with { Ping = ping }
            : listing),
    ];

    private static string HostOf(ServerListing listing) => DirectoryText.Lower(ServerAddress.HostOf(listing.Server.Address));
}
