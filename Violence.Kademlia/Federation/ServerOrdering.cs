namespace Violence.Kademlia.Federation;

/// <summary>
/// The order of a complete query: a function of the set of listings, whatever order they came in. Always total: what is equal in
/// players or round trip is told apart by name, then owner.
/// </summary>
internal static class ServerOrdering
{
    /// <summary>
    /// The first of the order. Where the limit cuts, stale ones give way, whatever the order: rows of crashed servers stay for hours, and where
    /// servers come and go there are soon as many of them as live.
    /// </summary>
    public static IReadOnlyList<ServerListing> Best(IEnumerable<ServerListing> listings, ServerOrder order, int limit)
    {
        ServerListing[] sorted = [.. Sort(listings, static listing => listing, order)];
        int roomForStale = limit - sorted.Count(static listing => listing.Liveness != ServerLiveness.Stale);
        return sorted.Length <= limit
            ? sorted
            : [.. sorted.Where(listing => listing.Liveness != ServerLiveness.Stale || roomForStale-- > 0).Take(limit)];
    }

    /// <summary>Sorts whatever has a listing, for lists that know more of a server than its row.</summary>
    public static IOrderedEnumerable<T> Sort<T>(IEnumerable<T> rows, Func<T, ServerListing> listing, ServerOrder order) =>
        Sort(rows, order, row => listing(row).Server, row => listing(row).Ping).ThenBy(row => listing(row).Owner);

    /// <summary>Sorts by the order's own measure, then by name.</summary>
    public static IOrderedEnumerable<T> Sort<T>(IEnumerable<T> rows, ServerOrder order, Func<T, ServerInfo> server, Func<T, TimeSpan?> ping) =>
        (order switch
        {
            ServerOrder.Players => rows.OrderByDescending(row => server(row).Players),
            ServerOrder.Ping => rows.OrderBy(row => ping(row) ?? TimeSpan.MaxValue),
            _ => rows.OrderBy(static _ => 0),
        }).ThenBy(row => DirectoryText.NormalizeName(server(row).Name), StringComparer.Ordinal);
}
