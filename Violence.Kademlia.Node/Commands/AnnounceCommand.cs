using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>announce</c>: keeps a game server in the directory until it is stopped, then withdraws it.</summary>
internal sealed class AnnounceCommand
{
    /// <summary>How long to wait before a server that no node has acknowledged is put again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>How often the files are looked at.</summary>
    private static readonly TimeSpan FilesPause = TimeSpan.FromSeconds(2);

    private readonly Terminal _terminal;
    private readonly CommonOptions _common;
    private readonly ServerOptions _described;
    private readonly PlayerOptions _present;

    private readonly Option<int> _lease = Options.Integer(
        "--lease", "SECONDS", "How long it is taken for alive after it was heard of; it is announced again every half of that.", 30, 3600, preset: 120);

    private AnnounceCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        _described = ServerOptions.Add(command);
        command.Add(_lease);
        _present = PlayerOptions.Add(command);
        _common = CommonOptions.AddNode(command, needsBootstrap: true);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("announce", "Announces a game server until SIGINT or SIGTERM; then withdraws it.");
        var announce = new AnnounceCommand(terminal, command);
        command.SetAction((parsed, stop) =>
        {
            ServerInfo server = announce._described.Server(parsed);
            return NodeSession.RunAsync(
                parsed,
                announce._common,
                mode: null,
                (node, token) => announce.RunAsync(node, server, parsed, token),
                stop);
        });
        return command;
    }

    private async Task<int> RunAsync(KademliaNode node, ServerInfo server, ParseResult parsed, CancellationToken stop)
    {
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
                await TellAsync(announcement, players, stop);
            }

            await FollowFilesAsync(announcement, parsed, stop);
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

    /// <summary>
    /// Tells what the files say whenever they change, until it is stopped. A file that can't be read, or is not right, leaves everything
    /// as it is. Returns when there is no file to follow.
    /// </summary>
    private async Task FollowFilesAsync(ServerAnnouncement announcement, ParseResult parsed, CancellationToken stop)
    {
        var players = new FollowedFile(_present.File(parsed), "players");
        var described = new FollowedFile(_described.File(parsed), "server's description");
        while (players.Exists || described.Exists)
        {
            await Task.Delay(FilesPause, stop);
            await players.IfChangedAsync(() => TellAsync(announcement, _present.Players(parsed)!, stop), _terminal);
            await described.IfChangedAsync(
                async () =>
                {
                    ServerInfo server = _described.Server(parsed);
                    if (server != announcement.Server)
                    {
                        await UpdateAsync(announcement, server, stop);
                    }
                },
                _terminal);
        }
    }

    private static async Task UpdateAsync(ServerAnnouncement announcement, ServerInfo server, CancellationToken stop)
    {
        try
        {
            await announcement.UpdateAsync(server, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
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
