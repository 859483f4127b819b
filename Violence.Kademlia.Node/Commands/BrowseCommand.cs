using System.CommandLine;
using System.CommandLine.Parsing;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Browser;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>browse</c>: a server browser in the terminal, which keeps itself up to date.</summary>
internal static class BrowseCommand
{
    private const int MostGenres = 9;

    public static Command Create(Terminal terminal)
    {
        var command = new Command("browse", "A server browser in the terminal that keeps itself up to date. q ends it.");
        var genres = new Argument<string[]>("GENRE")
        {
            Description = $"The genres to browse, 1 to {MostGenres}: a tab for each.",
            Arity = ArgumentArity.OneOrMore,
        };
        genres.Validators.Add(Check);
        command.Add(genres);
        var filters = QueryOptions.AddFiltersOnly(command);
        var timeout = Options.Seconds("--timeout", "How long joining may take.", least: 0.1, most: 300, preset: 5);
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) =>
        {
            if (common.Json(parsed) || terminal.Browser is not { } console)
            {
                terminal.Complain("browse needs a terminal to paint and to read keys from, and has no --json; 'query --watch' prints lines.");
                return Task.FromResult(ExitCodes.WrongUsage);
            }

            var state = new BrowserState { Genres = [.. parsed.GetRequiredValue(genres).Select(genre => genre.ToLowerInvariant())] };
            return NodeSession.RunAsync(
                parsed,
                common,
                NodeMode.Client,
                async (node, token) =>
                {
                    await NodeSession.JoinWithinAsync(node, common.Bootstrap(parsed), TimeSpan.FromSeconds(parsed.GetValue(timeout)), token);
                    var loop = new BrowserLoop(Watchers.WithPings(new ServerDirectory(node)), genre => filters.Query(parsed, genre), console, TimeProvider.System);
                    return await RunAsync(loop, state, token);
                },
                stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(BrowserLoop loop, BrowserState state, CancellationToken stop)
    {
        try
        {
            await loop.RunAsync(state, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // As good an end as q.
        }

        return ExitCodes.Done;
    }

    private static void Check(ArgumentResult result)
    {
        if (result.Tokens.Count > MostGenres)
        {
            result.AddError($"GENRE: given {result.Tokens.Count} times; at most {MostGenres} are allowed.");
        }

        foreach (Token token in result.Tokens.Where(token => !Values.TryWord(token.Value, out _)))
        {
            result.AddError($"GENRE: '{TerminalText.Clean(token.Value)}' is not allowed; give {Values.WordRule}.");
        }
    }
}
