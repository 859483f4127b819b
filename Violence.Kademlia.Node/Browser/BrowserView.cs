using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Commands;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Browser;

/// <summary>How a line looks.</summary>
internal enum BrowserStyle
{
    Normal,
    Heading,
    Selected,
    Dim,
}

/// <summary>One line of the screen: clean text, not longer than the screen is wide.</summary>
internal readonly record struct BrowserLine(string Text, BrowserStyle Style = BrowserStyle.Normal);

/// <summary>From the browser's state to the lines of a screen: pure, and total for any size of it.</summary>
internal static class BrowserView
{
    private const int TopLines = 3;
    private const int BottomLines = 1;
    private const int DetailLines = 9;
    private const int LeastRows = 3;

    private static readonly (BrowserColumn Column, string Heading, int Width)[] Columns =
    [
        (BrowserColumn.Name, "name", 28),
        (BrowserColumn.Players, "players", 11),
        (BrowserColumn.Ping, "ping", 9),
        (BrowserColumn.Region, "region", 12),
        (BrowserColumn.Mode, "mode", 18),
        (BrowserColumn.Version, "version", 10),
        (BrowserColumn.State, "state", 8),
        (BrowserColumn.Address, "address", 24),
    ];

    /// <summary>At most <paramref name="height"/> lines of at most <paramref name="width"/> characters.</summary>
    public static IReadOnlyList<BrowserLine> Lines(BrowserState state, int width, int height)
    {
        IReadOnlyList<ServerListing> rows = state.Rows();
        int selected = state.SelectedIn(rows);
        List<BrowserLine> lines =
        [
            new(Tabs(state), BrowserStyle.Heading),
            new(Status(state, rows.Count), BrowserStyle.Dim),
            new(Headings(state), BrowserStyle.Heading),
        ];
        bool hasDetails = state.ShowsDetails && rows.Count > 0 && height >= TopLines + LeastRows + DetailLines + BottomLines;
        int room = Math.Max(1, height - TopLines - BottomLines - (hasDetails ? DetailLines : 0));

        // The selection stays in the middle, as far as there are rows on both sides.
        int first = Math.Clamp(selected - (room / 2), 0, Math.Max(0, rows.Count - room));
        for (int i = first; i < first + room; i++)
        {
            lines.Add(i < rows.Count ? new(Row(rows[i]), i == selected ? BrowserStyle.Selected : StyleOf(rows[i])) : new(""));
        }

        if (hasDetails)
        {
            lines.AddRange(Details(rows[selected]));
        }

        lines.Add(new(state.Trouble ?? BrowserKeys.Help, BrowserStyle.Dim));
        return [.. lines.Take(height).Select(line => line with { Text = Cut(TerminalText.Clean(line.Text).TrimEnd(), width) })];
    }

    private static string Tabs(BrowserState state) =>
        string.Join(' ', state.Genres.Select((genre, tab) => tab == state.Tab ? $"[{genre}]" : $" {genre} "));

    private static string Status(BrowserState state, int shown)
    {
        List<string> parts =
        [
            string.Create(CultureInfo.InvariantCulture, $"{shown} of {state.Servers.Count} servers"),
            $"by {Columns.First(column => column.Column == state.SortBy).Heading}{(state.IsReversed ? " reversed" : "")}",
        ];
        if (state.IsTyping || state.Filter.Length > 0)
        {
            parts.Add($"with \"{state.Filter}{(state.IsTyping ? "_" : "")}\"");
        }

        if (state.OnlyFree)
        {
            parts.Add("free slots");
        }

        if (state.OnlyOpen)
        {
            parts.Add("no password");
        }

        if (state.HidesStale)
        {
            parts.Add("not stale");
        }

        return string.Join(", ", parts);
    }

    private static string Headings(BrowserState state) => string.Concat(Columns.Select(column =>
        Cell(column.Column == state.SortBy ? $"{column.Heading} {(state.IsReversed ? '^' : 'v')}" : column.Heading, column.Width)));

    private static string Row(ServerListing listing)
    {
        ServerInfo server = listing.Server;
        return string.Concat(Columns.Select(column => Cell(
            column.Column switch
            {
                BrowserColumn.Name => server.Name,
                BrowserColumn.Players => ServerRows.Players(server),
                BrowserColumn.Ping => ServerRows.Ping(listing),
                BrowserColumn.Region => server.Region,
                BrowserColumn.Mode => ServerRows.Mode(server),
                BrowserColumn.Version => server.Version,
                BrowserColumn.State => Documents.Word(listing.Liveness),
                _ => server.Address,
            },
            column.Width)));
    }

    private static IEnumerable<BrowserLine> Details(ServerListing listing)
    {
        ServerInfo server = listing.Server;
        yield return new(new string('-', 40), BrowserStyle.Dim);
        yield return new($"{server.Name}#{listing.Fingerprint}", BrowserStyle.Heading);
        yield return new($"address  {server.Address}");
        yield return new($"players  {ServerRows.Players(server)}{(server.HasPassword ? ", needs a password" : "")}");
        yield return new($"ping     {ServerRows.Ping(listing)}");
        yield return new($"game     {server.Genre} {server.Mode} {server.Version} in {server.Region}");
        yield return new($"tags     {string.Join(", ", server.Tags)}");
        yield return new(string.Create(
            CultureInfo.InvariantCulture, $"state    {Documents.Word(listing.Liveness)}, announced {listing.AnnouncedAt.UtcDateTime:u}"));
        yield return new(string.Create(CultureInfo.InvariantCulture, $"owner    {listing.Owner}, at {listing.Holders} holders"), BrowserStyle.Dim);
    }

    private static BrowserStyle StyleOf(ServerListing listing) =>
        listing.Liveness == ServerLiveness.Stale ? BrowserStyle.Dim : BrowserStyle.Normal;

    private static string Cell(string text, int width) => $"{Cut(TerminalText.Clean(text), width - 1).PadRight(width)}";

    private static string Cut(string text, int width) => text.Length <= width ? text : width <= 0 ? "" : $"{text[..(width - 1)]}…";
}
