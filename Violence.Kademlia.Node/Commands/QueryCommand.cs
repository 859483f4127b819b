using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>query</c>: lists the servers of a genre, once or as they come and go.</summary>
internal static class QueryCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("query", "Lists the servers of a genre. Exit code 3: there are none.");
        var filters = QueryOptions.Add(command);
        var watch = new Option<bool>("--watch")
        {
            Description = "Goes on until it is stopped, and shows who comes, changes and leaves; redirected or with --json one line for each.",
        };
        var timeout = ClientQuestion.Timeout();
        command.Add(watch);
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) =>
        {
            TimeSpan patience = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            ServerQuery query = filters.Query(parsed);
            bool json = common.Json(parsed);
            return parsed.GetValue(watch)
                ? NodeSession.RunAsync(
                    parsed,
                    common,
                    NodeMode.Client,
                    async (node, token) =>
                    {
                        await NodeSession.JoinWithinAsync(node, common.Bootstrap(parsed), patience, token);
                        return await WatchDisplay.RunAsync(
                            query.OrderBy == ServerOrder.Ping ? Watchers.WithPings(new ServerDirectory(node)) : Watchers.Of(new ServerDirectory(node)),
                            query,
                            json,
                            terminal,
                            token);
                    },
                    stop)
                : ClientQuestion.AskAsync(
                    parsed,
                    common,
                    patience,
                    async (directory, token) => Report(await QueryAsync(directory, query, token), json, terminal),
                    stop);
        });
        return command;
    }

    private static async Task<IReadOnlyList<ServerListing>> QueryAsync(ServerDirectory directory, ServerQuery query, CancellationToken stop)
    {
        try
        {
            return await directory.QueryAllAsync(query, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private static int Report(IReadOnlyList<ServerListing> servers, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.WriteJson([.. servers.Select(ServerDocument.Of)], Documents.Default.IReadOnlyListServerDocument);
        }

        if (servers.Count == 0)
        {
            terminal.Complain("no servers");
            return ExitCodes.NotFound;
        }

        if (!json)
        {
            ServerRows.Table(servers).WriteTo(terminal);
        }

        return ExitCodes.Done;
    }
}
