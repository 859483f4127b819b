using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Hub;

/// <summary>A row of the hub's answer.</summary>
/// <param name="Announcement">The server.</param>
/// <param name="SignedRow">The row in the DHT that its own node signed; null when there is none.</param>
/// <param name="IsAnnouncedHere">Whether it was announced to this hub.</param>
internal sealed record HubRow(HubAnnouncement Announcement, ServerListing? SignedRow, bool IsAnnouncedHere)
{
    /// <summary>What is announced here is heard of here.</summary>
    public ServerLiveness Liveness => IsAnnouncedHere ? ServerLiveness.Live : SignedRow?.Liveness ?? ServerLiveness.Unknown;

    public string Source => SignedRow is null ? "hub" : IsAnnouncedHere ? "both" : "dht";
}

/// <summary>
/// Answers queries from the hub's table and the DHT. What the DHT said is good for 2 s, and for all who ask the same in the
/// meantime: strangers' queries must not become as many lookups.
/// </summary>
internal sealed class HubQueries(ServerDirectory dht, NodeId self, HubTable table, HubSettings settings)
{
    private const int MostRemembered = 256;

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<ServerQuery, (TimeSpan Until, Task<IReadOnlyList<ServerListing>> Answer)> _remembered = [];

    /// <summary>Sorted by name; the limit of the query is kept.</summary>
    public async Task<IReadOnlyList<HubRow>> FindAsync(HubQuery query, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> genres = query.Genre is { } genre ? [genre] : HubSettings.KnownGenres;
        IReadOnlyList<ServerListing>[] signed = await Task.WhenAll(genres.Select(each => AskAsync(query.ForGenre(each)))).WaitAsync(cancellationToken);

        // This node signed for servers of its table, and of them alone: the table knows better, also that one is gone.
        Dictionary<(string, string), HubRow> rows = [];
        foreach (ServerListing listing in signed.SelectMany(listings => listings).Where(listing => IsListed(listing, query, self)))
        {
            HubAnnouncement announcement = new() { Server = listing.Server, Timestamp = listing.AnnouncedAt };
            rows.TryAdd(Identify(listing.Server), new HubRow(announcement, listing, IsAnnouncedHere: false));
        }

        foreach (HubAnnouncement local in table.Query(query, Now()))
        {
            var server = Identify(local.Server);
            rows[server] = new HubRow(local, rows.GetValueOrDefault(server)?.SignedRow, IsAnnouncedHere: true);
        }

        return
        [
            .. rows.Values
                .OrderBy(row => HubTable.KeyOf(row.Announcement.Server), StringComparer.Ordinal)
                .ThenBy(row => row.Announcement.Server.Address, StringComparer.Ordinal)
                .Take(query.Limit),
        ];
    }

    /// <summary>Whether a row of the DHT is passed on: not this node's own, and not that of a server that has crashed.</summary>
    internal static bool IsListed(ServerListing listing, HubQuery query, NodeId self) =>
        listing.Owner != self && (query.IncludeStale || listing.Liveness != ServerLiveness.Stale);

    private Task<IReadOnlyList<ServerListing>> AskAsync(ServerQuery query)
    {
        TimeSpan now = Now();
        lock (_gate)
        {
            if (_remembered.TryGetValue(query, out var known) && known.Until > now)
            {
                return known.Answer;
            }

            foreach (ServerQuery stale in _remembered.Where(entry => entry.Value.Until <= now).Select(entry => entry.Key).ToArray())
            {
                _remembered.Remove(stale);
            }

            Task<IReadOnlyList<ServerListing>> answer = QueryAsync(query);
            if (_remembered.Count < MostRemembered)
            {
                _remembered[query] = (now + Freshness, answer);
            }

            return answer;
        }
    }

    /// <summary>For all who ask the same, so no single request's end may cancel it.</summary>
    private async Task<IReadOnlyList<ServerListing>> QueryAsync(ServerQuery query)
    {
        using var patience = new CancellationTokenSource(settings.DhtPatience, settings.Time);
        try
        {
            return await dht.QueryAllAsync(query, patience.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            return [];
        }
    }

    private static (string Name, string Address) Identify(ServerInfo server) => (HubTable.KeyOf(server), server.Address.ToLowerInvariant());

    private TimeSpan Now() => settings.Time.GetElapsedTime(0);
}
