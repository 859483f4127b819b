using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>query</c>: lists the servers of a genre.</summary>
internal static class QueryCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("query", "Lists the servers of a genre. Exit code 3: there are none.");
        var filters = QueryOptions.Add(command);
        var timeout = ClientQuestion.Timeout();
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) => ClientQuestion.AskAsync(
            parsed,
            common,
            TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            async (directory, token) => Report(await QueryAsync(directory, filters.Query(parsed), token), common.Json(parsed), terminal),
            stop));
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
