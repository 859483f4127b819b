using System.Collections.Immutable;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Node.Browser;

/// <summary>The columns of the browser, which it can be sorted by.</summary>
internal enum BrowserColumn
{
    Name,
    Players,
    Ping,
    Region,
    Mode,
    Version,
    State,
    Address,
}

/// <summary>
/// Everything the server browser shows: an immutable value, so that a key or an event is a function from one to the next and
/// a screen a function of one.
/// </summary>
internal sealed record BrowserState
{
    public const int LongestFilter = 48;

    public required ImmutableArray<string> Genres { get; init; }

    /// <summary>Which genre is shown.</summary>
    public int Tab { get; init; }

    public ServerList Servers { get; init; } = ServerList.Empty;

    public BrowserColumn SortBy { get; init; }

    public bool IsReversed { get; init; }

    /// <summary>Only servers whose name, address or tags have this in them.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Whether keys go into <see cref="Filter"/>.</summary>
    public bool IsTyping { get; init; }

    public bool OnlyFree { get; init; }

    public bool OnlyOpen { get; init; }

    public bool HidesStale { get; init; }

    /// <summary>Where the selection is; the server may be gone or filtered out by now.</summary>
    public ServerKey? Selected { get; init; }

    /// <summary>Which row it was last, so that the selection stays near when its server is gone.</summary>
    public int SelectedRow { get; init; }

    public bool ShowsDetails { get; init; }

    /// <summary>Why nothing moves any more; null: all is well.</summary>
    public string? Trouble { get; init; }

    public bool IsOver { get; init; }

    public string Genre => Genres[Tab];

    /// <summary>The servers that pass the filters, in order. Equal ones stay in the order of names.</summary>
    public IReadOnlyList<ServerListing> Rows()
    {
        IEnumerable<ServerListing> passing = Servers.Servers.Values.Where(Passes);
        IEnumerable<ServerListing> sorted = SortBy switch
        {
            BrowserColumn.Players => passing.OrderByDescending(listing => listing.Server.Players),
            BrowserColumn.Ping => passing.OrderBy(listing => listing.Ping ?? TimeSpan.MaxValue),
            BrowserColumn.Region => passing.OrderBy(listing => listing.Server.Region, StringComparer.Ordinal),
            BrowserColumn.Mode => passing.OrderBy(listing => listing.Server.Mode, StringComparer.Ordinal),
            BrowserColumn.Version => passing.OrderBy(listing => listing.Server.Version, StringComparer.Ordinal),
            BrowserColumn.State => passing.OrderBy(listing => listing.Liveness switch { ServerLiveness.Live => 0, ServerLiveness.Unknown => 1, _ => 2 }),
            BrowserColumn.Address => passing.OrderBy(listing => listing.Server.Address, StringComparer.Ordinal),
            _ => passing,
        };
        return [.. IsReversed ? sorted.Reverse() : sorted];
    }

    /// <summary>Which of the rows is selected: the server that was, or what stands where it stood.</summary>
    public int SelectedIn(IReadOnlyList<ServerListing> rows)
    {
        if (Selected is { } key)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                if (ServerKey.Of(rows[i]) == key)
                {
                    return i;
                }
            }
        }

        return Math.Clamp(SelectedRow, 0, Math.Max(0, rows.Count - 1));
    }

    private bool Passes(ServerListing listing)
    {
        ServerInfo server = listing.Server;
        return (!OnlyFree || (server.MaxPlayers > 0 && server.Players < server.MaxPlayers))
            && (!OnlyOpen || !server.HasPassword)
            && (!HidesStale || listing.Liveness != ServerLiveness.Stale)
            && (Has(server.Name) || Has(server.Address) || server.Tags.Any(Has));
    }

    private bool Has(string text) => text.Contains(Filter, StringComparison.OrdinalIgnoreCase);
}
