using Spectre.Console;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Commands;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Watching;

/// <summary>Shows a watched query until it is stopped: as a table that changes, or as a line for every event.</summary>
internal static class WatchDisplay
{
    /// <param name="watcher">The way to watch.</param>
    /// <param name="query">Which servers, in what order, how many rows.</param>
    /// <param name="json">Lines of JSON, whoever looks.</param>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="stop">Ends it; that is the regular end.</param>
    public static async Task<int> RunAsync(ServerWatcher watcher, ServerQuery query, bool json, Terminal terminal, CancellationToken stop)
    {
        try
        {
            // What is shown is cut here: the newcomer beyond the limit may be the one with the most players.
            IAsyncEnumerable<WatchEvent> events = watcher(query with { Limit = ServerQuery.MaxLimit }, stop);
            if (terminal.IsInteractive && !json)
            {
                await LiveAsync(events, query, terminal, stop);
            }
            else
            {
                await LinesAsync(events, json, terminal, stop);
            }
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Watching has no other end.
        }

        return ExitCodes.Done;
    }

    /// <summary>An event as one line for a person or a text tool.</summary>
    public static string Line(WatchEvent happened)
    {
        ServerListing listing = happened.Listing;
        // Of one that left nobody can say that it is live; why it left is what is known.
        string state = happened.Kind == WatchKind.Left ? "" : $" {Documents.Word(listing.Liveness)}";
        string reason = happened.Reason is null ? "" : $" ({happened.Reason})";
        return $"{WatchDocument.Word(happened.Kind)} \"{TerminalText.Clean(listing.Server.Name)}#{listing.Fingerprint}\" "
            + $"{TerminalText.Clean(listing.Server.Address)} {ServerRows.Players(listing.Server)}{state}{reason}";
    }

    /// <summary>The rows that the table shows.</summary>
    public static IReadOnlyList<ServerListing> Rows(ServerList servers, ServerQuery query) =>
        [.. Ordered(servers.Servers.Values, query.OrderBy).Take(query.Limit)];

    private static async Task LinesAsync(IAsyncEnumerable<WatchEvent> events, bool json, Terminal terminal, CancellationToken stop)
    {
        await foreach (WatchEvent happened in events.WithCancellation(stop))
        {
            if (happened.Kind == WatchKind.Measured)
            {
                continue;
            }

            if (json)
            {
                terminal.WriteJson(WatchDocument.Of(happened), Documents.Default.WatchDocument);
            }
            else
            {
                terminal.WriteLine(Line(happened));
            }
        }
    }

    private static Task LiveAsync(IAsyncEnumerable<WatchEvent> events, ServerQuery query, Terminal terminal, CancellationToken stop)
    {
        ServerList servers = ServerList.Empty;
        return terminal.Console.Live(Table(servers, query)).AutoClear(false).StartAsync(async context =>
        {
            context.Refresh();
            await foreach (WatchEvent happened in events.WithCancellation(stop))
            {
                servers = servers.Apply(happened);
                context.UpdateTarget(Table(servers, query));
            }
        });
    }

    private static Table Table(ServerList servers, ServerQuery query) =>
        ServerRows.Short(Rows(servers, query)).ToSpectre().Caption(new TableTitle($"{servers.Count} servers of {TerminalText.Markup(query.Genre)}; Ctrl-C ends"));

    private static IEnumerable<ServerListing> Ordered(IEnumerable<ServerListing> servers, ServerOrder order) => order switch
    {
        // The list is in the order of names, and sorting keeps that among equals.
        ServerOrder.Players => servers.OrderByDescending(listing => listing.Server.Players),
        ServerOrder.Ping => servers.OrderBy(listing => listing.Ping ?? TimeSpan.MaxValue),
        _ => servers,
    };
}
