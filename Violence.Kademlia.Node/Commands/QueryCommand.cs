using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>query</c>: lists the servers of a genre.</summary>
internal static class QueryCommand
{
    private const int MostRows = 1_000;

    public static Command Create(Terminal terminal)
    {
        var command = new Command("query", "Lists the servers of a genre. Exit code 3: there are none.");
        var genre = Options.Text("--genre", "GENRE", "The genre: letters, digits and '-'.", longest: 24);
        genre.Required = true;
        var region = Options.Text("--region", "REGION", "Only servers of this region.", longest: 24);
        var max = Options.Integer("--max", "N", "How many servers at most.", 1, MostRows, preset: 10);
        var timeout = ClientQuestion.Timeout();
        command.Add(genre);
        command.Add(region);
        command.Add(max);
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) => ClientQuestion.AskAsync(
            parsed,
            common,
            TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            async (directory, token) =>
            {
                var query = new ServerQuery
                {
                    Genre = parsed.GetRequiredValue(genre)!,
                    Region = parsed.GetValue(region),
                    Limit = parsed.GetValue(max),
                };
                return Report(await QueryAsync(directory, query, token), common.Json(parsed), terminal);
            },
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
