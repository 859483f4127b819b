using System.CommandLine;
using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>player</c>: finds the server a player is on.</summary>
internal static class PlayerCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("player", "Finds the server a player is on. Exit code 3: no server says so.");
        var id = new Argument<string>("ID") { Description = $"The player's id: {PlayerOptions.IdRule}." };
        var timeout = ClientQuestion.Timeout();
        command.Add(id);
        command.Add(timeout);
        PlayerOptions players = PlayerOptions.AddSecret(command);
        var common = CommonOptions.AddClient(command);
        command.SetAction((parsed, stop) =>
        {
            ServerDirectoryOptions options = players.Directory(parsed);
            return ClientQuestion.AskAsync(
                parsed,
                common,
                TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                async (KademliaNode node, CancellationToken token) =>
                    Report(await FindAsync(new ServerDirectory(node, options), parsed.GetRequiredValue(id), token), parsed.GetRequiredValue(id), common.Json(parsed), terminal),
                stop);
        });
        return command;
    }

    private static async Task<PlayerLookupResult> FindAsync(ServerDirectory directory, string id, CancellationToken stop)
    {
        try
        {
            return await directory.FindPlayerAsync(id, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private static int Report(PlayerLookupResult result, string id, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.WriteJson(PlayerLookupDocument.Of(result), Documents.Default.PlayerLookupDocument);
        }

        switch (result.Status)
        {
            case PlayerLookupStatus.Found when result.Place is { } place:
                if (!json)
                {
                    Show(place, result.Others, terminal);
                }

                return ExitCodes.Done;
            case PlayerLookupStatus.NoPeers:
                terminal.Complain("no node answered the lookup.");
                return ExitCodes.Failed;
            default:
                terminal.Complain($"no server says that '{TerminalText.Clean(id)}' is on it.");
                return ExitCodes.NotFound;
        }
    }

    private static void Show(PlayerPlace place, IReadOnlyList<PlayerPlace> others, Terminal terminal)
    {
        var table = new TextTable("field", "value")
            .Add("server", place.ServerName)
            .Add("address", place.ServerAddress)
            .Add("owner", place.Fingerprint)
            .Add("since", place.Since.ToString("u", CultureInfo.InvariantCulture))
            .Add("holders", place.Holders.ToString(CultureInfo.InvariantCulture));
        foreach (PlayerPlace other in others)
        {
            table.Add("other", $"{other.ServerName} at {other.ServerAddress}, of {other.Fingerprint}");
        }

        table.WriteTo(terminal);
    }
}
