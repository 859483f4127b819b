using System.CommandLine;
using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>lookup</c>: finds one server by its name.</summary>
internal static class LookupCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("lookup", "Finds a server by its name. Exit code 3: there is none.");
        var name = new Argument<string>("NAME")
        {
            Description = "The server's name, or the secure form name#fingerprint, which only its owner can answer to.",
        };
        var timeout = ClientQuestion.Timeout();
        command.Add(name);
        command.Add(timeout);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) => ClientQuestion.AskAsync(
            parsed,
            common,
            TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            async (directory, token) =>
                Report(await LookupAsync(directory, parsed.GetRequiredValue(name), token), parsed.GetRequiredValue(name), common.Json(parsed), terminal),
            stop));
        return command;
    }

    private static async Task<ServerLookupResult> LookupAsync(ServerDirectory directory, string name, CancellationToken stop)
    {
        try
        {
            return await directory.LookupAsync(name, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private static int Report(ServerLookupResult result, string name, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.WriteJson(Document(result), Documents.Default.LookupDocument);
        }

        switch (result.Status)
        {
            case ServerLookupStatus.Found when result.Server is { } server:
                if (!json)
                {
                    Show(server, result, terminal);
                }

                return ExitCodes.Done;
            case ServerLookupStatus.Withdrawn:
                terminal.Complain($"'{TerminalText.Clean(name)}' was withdrawn by its owner.");
                return ExitCodes.NotFound;
            case ServerLookupStatus.NoPeers:
                terminal.Complain("no node answered the lookup.");
                return ExitCodes.Failed;
            case ServerLookupStatus.OwnerChanged:
                terminal.Complain($"'{TerminalText.Clean(name)}' is not announced by that owner; the name is held by {Holders(result.Rivals)}.");
                return ExitCodes.NotFound;
            default:
                terminal.Complain($"no server '{TerminalText.Clean(name)}'.");
                return ExitCodes.NotFound;
        }
    }

    private static LookupDocument Document(ServerLookupResult result) => new(
        result.Status switch
        {
            ServerLookupStatus.Found => "found",
            ServerLookupStatus.Withdrawn => "withdrawn",
            ServerLookupStatus.NoPeers => "no_peers",
            ServerLookupStatus.OwnerChanged => "owner_changed",
            _ => "not_found",
        },
        result.Server is { } server ? ServerDocument.Of(server) : null,
        [.. result.Rivals.Select(ServerDocument.Of)],
        Math.Round(result.Cost.Elapsed.TotalMilliseconds, 3),
        result.Cost.Requests,
        result.Cost.Hops);

    private static string Holders(IReadOnlyList<ServerListing> rivals) => TerminalText.Clean(
        string.Join(", ", rivals.Select(rival => $"{rival.Server.Name}#{rival.Fingerprint} at {rival.Server.Address}")));

    private static string State(ServerListing found) => found.Age is { } age
        ? string.Create(CultureInfo.InvariantCulture, $"{Documents.Word(found.Liveness)}, heard of {age.TotalSeconds:0} s ago")
        : Documents.Word(found.Liveness);

    private static void Show(ServerListing found, ServerLookupResult result, Terminal terminal)
    {
        var server = found.Server;
        var table = new TextTable("field", "value")
            .Add("name", server.Name)
            .Add("address", server.Address)
            .Add("genre", server.Genre)
            .Add("region", server.Region)
            .Add("players", ServerRows.Players(server))
            .Add("version", server.Version)
            .Add("mode", ServerRows.Mode(server))
            .Add("tags", string.Join(", ", server.Tags))
            .Add("state", State(found))
            .Add("owner", $"{server.Name}#{found.Fingerprint}")
            .Add("announced", found.AnnouncedAt.ToString("u", CultureInfo.InvariantCulture))
            .Add("holders", found.Holders.ToString(CultureInfo.InvariantCulture));
        foreach (var rival in result.Rivals)
        {
            table.Add("rival", $"{rival.Server.Name}#{rival.Fingerprint} at {rival.Server.Address}");
        }

        table.WriteTo(terminal);
    }
}
