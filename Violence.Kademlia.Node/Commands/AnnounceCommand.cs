using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>announce</c>: keeps a game server in the directory until it is stopped, then withdraws it.</summary>
internal sealed class AnnounceCommand
{
    private const int MostTags = 8;
    private const int MostPlayers = 65_535;

    /// <summary>How long to wait before a server that no node has acknowledged is put again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>How often the list of players is looked at.</summary>
    private static readonly TimeSpan ListPause = TimeSpan.FromSeconds(2);

    private readonly Terminal _terminal;
    private readonly CommonOptions _common;
    private readonly PlayerOptions _present;

    private readonly Option<string?> _name = Options.Text("--name", "NAME", "The server's name.", longest: 48);

    private readonly Option<string?> _address = Options.Value<string?>(
        "--address",
        "HOST:PORT",
        "Where players connect.",
        Values.HostAndPortRule,
        (string text, out string? value) => Values.TryHostAndPort(text, out value));

    private readonly Option<string?> _genre = Options.Text("--genre", "GENRE", "Its genre: letters, digits and '-'.", longest: 24);
    private readonly Option<string?> _region = Options.Text("--region", "REGION", "Its region: letters, digits and '-'. Default unknown.", longest: 24);
    private readonly Option<int> _players = Options.Integer("--players", "N", "How many play now.", 0, MostPlayers, preset: 0);
    private readonly Option<int> _maxPlayers = Options.Integer("--max-players", "N", "How many can play; 0: not told.", 0, MostPlayers, preset: 0);
    private readonly Option<string?> _version = Options.Text("--server-version", "VERSION", "The game's version.", longest: 24);

    private readonly Option<string?> _gameMode = Options.Text("--game-mode", "MODE", "How it is played: letters, digits and '-'.", longest: 24);
    private readonly Option<bool> _password = new("--password") { Description = "Players need a password." };

    private readonly Option<int> _lease = Options.Integer(
        "--lease", "SECONDS", "How long it is taken for alive after it was heard of; it is announced again every half of that.", 30, 3600, preset: 120);

    private readonly Option<string[]> _tags = Options.Several(
        "--tag",
        "TAG",
        "A tag: letters, digits and '-'.",
        Values.WordRule,
        MostTags,
        Values.TryWord);

    private AnnounceCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        foreach (var required in new[] { _name, _address, _genre })
        {
            required.Required = true;
            command.Add(required);
        }

        command.Add(_region);
        command.Add(_players);
        command.Add(_maxPlayers);
        command.Add(_version);
        command.Add(_gameMode);
        command.Add(_password);
        command.Add(_tags);
        command.Add(_lease);
        _present = PlayerOptions.Add(command);
        _common = CommonOptions.AddNode(command, needsBootstrap: true);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("announce", "Announces a game server until SIGINT or SIGTERM; then withdraws it.");
        var announce = new AnnounceCommand(terminal, command);
        command.SetAction((parsed, stop) => NodeSession.RunAsync(
            parsed,
            announce._common,
            mode: null,
            (node, token) => announce.RunAsync(node, parsed, token),
            stop));
        return command;
    }

    private async Task<int> RunAsync(KademliaNode node, ParseResult parsed, CancellationToken stop)
    {
        var server = Server(parsed);
        ServerDirectory directory = new(node, _present.Directory(parsed) with { Lease = TimeSpan.FromSeconds(parsed.GetValue(_lease)) });
        IReadOnlyCollection<string>? players = _present.Players(parsed);
        bool json = _common.Json(parsed);
        ServerAnnouncement? announcement = null;
        bool reported = false;
        try
        {
            var joining = NodeSession.JoinAsync(node, _common.Bootstrap(parsed), _terminal, stop);
            announcement = await AnnounceAsync(directory, server, stop);
            await joining;

            // Until one node has acknowledged it there is nothing to report; the node's own retries may be far apart.
            while (announcement.LastResult.Acknowledgements == 0)
            {
                if ((await announcement.UpdateAsync(server, stop)).Acknowledgements == 0)
                {
                    await Task.Delay(RetryPause, stop);
                }
            }

            Report(node, announcement, json);
            reported = true;
            if (players is not null)
            {
                await TellPlayersAsync(announcement, players, parsed, stop);
            }

            await NodeSession.UntilStoppedAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped before it was announced: what may have gone out is withdrawn all the same.
        }

        if (announcement is not null)
        {
            await announcement.DisposeAsync();
        }

        if (reported)
        {
            ReportWithdrawn(server, json);
        }

        return ExitCodes.Done;
    }

    /// <summary>Tells who plays, and with a file goes on until it is stopped. A file that can't be read leaves the players as they are.</summary>
    private async Task TellPlayersAsync(ServerAnnouncement announcement, IReadOnlyCollection<string> players, ParseResult parsed, CancellationToken stop)
    {
        await TellAsync(announcement, players, stop);
        DateTime read = default;
        while (_present.File(parsed) is { } file)
        {
            await Task.Delay(ListPause, stop);
            try
            {
                DateTime written = File.GetLastWriteTimeUtc(file);
                if (written != read)
                {
                    read = written;
                    await TellAsync(announcement, _present.Players(parsed)!, stop);
                }
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or UsageException)
            {
                _terminal.Complain($"{wrong.Message} The players stay as they are.");
            }
        }
    }

    private static async Task TellAsync(ServerAnnouncement announcement, IReadOnlyCollection<string> players, CancellationToken stop)
    {
        try
        {
            await announcement.SetPlayersAsync(players, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private ServerInfo Server(ParseResult parsed) => new()
    {
        Name = parsed.GetRequiredValue(_name)!,
        Address = parsed.GetRequiredValue(_address)!,
        Genre = parsed.GetRequiredValue(_genre)!,
        Region = parsed.GetValue(_region) ?? "unknown",
        Players = parsed.GetValue(_players),
        MaxPlayers = parsed.GetValue(_maxPlayers),
        Version = parsed.GetValue(_version) ?? "",
        Mode = parsed.GetValue(_gameMode) ?? "",
        HasPassword = parsed.GetValue(_password),
        Tags = parsed.GetValue(_tags) ?? [],
    };

    private static async Task<ServerAnnouncement> AnnounceAsync(ServerDirectory directory, ServerInfo server, CancellationToken stop)
    {
        try
        {
            return await directory.AnnounceAsync(server, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private void Report(KademliaNode node, ServerAnnouncement announcement, bool json)
    {
        var result = announcement.LastResult;
        string name = announcement.Server.Name;
        var document = new AnnouncedDocument(
            "announced",
            name,
            $"{name}#{node.Fingerprint}",
            result.Acknowledgements,
            result.NameRecord.Wanted,
            result.IsStored,
            node.Id.ToString(),
            node.Fingerprint,
            node.LocalEndPoint.ToString());
        if (json)
        {
            _terminal.WriteJson(document, Documents.Default.AnnouncedDocument);
            return;
        }

        _terminal.WriteLine(
            $"announced \"{document.SecureName}\" acks={document.Acks} wanted={document.Wanted} id={document.Id} address={document.Address}");
    }

    private void ReportWithdrawn(ServerInfo server, bool json)
    {
        if (json)
        {
            _terminal.WriteJson(new WithdrawnDocument("withdrawn", server.Name), Documents.Default.WithdrawnDocument);
            return;
        }

        _terminal.WriteLine($"withdrawn \"{server.Name}\"");
    }
}
