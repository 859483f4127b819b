using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary>Servers as rows of a table.</summary>
internal static class ServerRows
{
    /// <summary>A row for each server; with the round trips where any is known.</summary>
    public static TextTable Table(IReadOnlyList<ServerListing> servers)
    {
        string[] headings = ["name", "address", "genre", "region", "players", "version", "mode", "tags", "state", "owner"];
        bool hasPings = servers.Any(listing => listing.Ping is not null);
        var table = new TextTable(hasPings ? [.. headings, "ping"] : headings);
        foreach (var listing in servers)
        {
            string[] cells =
            [
                listing.Server.Name,
                listing.Server.Address,
                listing.Server.Genre,
                listing.Server.Region,
                Players(listing.Server),
                listing.Server.Version,
                Mode(listing.Server),
                string.Join(", ", listing.Server.Tags),
                Documents.Word(listing.Liveness),
                listing.Fingerprint,
            ];
            table.Add(hasPings ? [.. cells, Ping(listing)] : cells);
        }

        return table;
    }

    /// <summary>The columns that fit beside each other in a terminal, for a table that changes.</summary>
    public static TextTable Short(IReadOnlyList<ServerListing> servers)
    {
        var table = new TextTable("name", "address", "region", "players", "state", "ping");
        foreach (var listing in servers)
        {
            table.Add(
                listing.Server.Name, listing.Server.Address, listing.Server.Region, Players(listing.Server), Documents.Word(listing.Liveness), Ping(listing));
        }

        return table;
    }

    /// <summary>The round trip, or <c>?</c> when it is not known.</summary>
    public static string Ping(ServerListing listing) => listing.Ping is { } ping
        ? string.Create(CultureInfo.InvariantCulture, $"{ping.TotalMilliseconds:0.#} ms")
        : "?";

    /// <summary>How it is played, and whether one has to know a password.</summary>
    public static string Mode(ServerInfo server) => server.HasPassword ? $"{server.Mode} (password)".TrimStart() : server.Mode;

    /// <summary>Players and room: <c>3/16</c>, or <c>3</c> when the server does not tell its room.</summary>
    public static string Players(ServerInfo server) => server.MaxPlayers == 0
        ? server.Players.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{server.Players}/{server.MaxPlayers}");
}
