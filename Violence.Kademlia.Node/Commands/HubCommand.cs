using System.CommandLine;
using System.Net;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Hub;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>hub</c>: a node that also speaks the HTTP hub's wire, for game servers and clients that know nothing else.</summary>
internal sealed class HubCommand
{
    private const int MostPeers = 32;

    private readonly Terminal _terminal;
    private readonly CommonOptions _common;

    private readonly Option<IPEndPoint?> _http = Options.Value<IPEndPoint?>(
        "--http",
        "IP:PORT",
        "Where to serve HTTP.",
        Values.ListenRule,
        Values.TryListen,
        new IPEndPoint(IPAddress.Loopback, 8080));

    private readonly Option<string?> _token = Options.Value<string?>(
        "--token",
        "TOKEN",
        "What who announces has to know. Default: anybody may announce.",
        "1 to 512 printable ASCII characters without blanks",
        (string text, out string? token) =>
        {
            token = text;
            return text.Length is >= 1 and <= 512 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
        });

    private readonly Option<string[]> _peers = Options.Several(
        "--peer",
        "URL",
        "Another hub to tell clients of.",
        "an http or https address, for example http://hub.example.org:8080",
        MostPeers,
        (string text, out string url) =>
        {
            url = text;
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";
        });

    private readonly Option<int> _requests = Options.Integer(
        "--requests-per-minute", "N", "How many requests one address may make a minute.", 1, 1_000_000, preset: 60);

    private readonly Option<int> _players = Options.Integer(
        "--most-players", "N", "How many players of its servers it publishes in the DHT; 0: none.", 0, 10_000, preset: 1_000);

    private readonly PlayerOptions _secret;

    private HubCommand(Terminal terminal, Command command)
    {
        _terminal = terminal;
        command.Add(_http);
        command.Add(_token);
        command.Add(_peers);
        command.Add(_requests);
        command.Add(_players);
        _secret = PlayerOptions.AddSecret(command);
        _common = CommonOptions.AddNode(command, needsBootstrap: false);
    }

    public static Command Create(Terminal terminal)
    {
        var command = new Command("hub", "Serves the HTTP hub's wire from the DHT until SIGINT or SIGTERM.");
        var hub = new HubCommand(terminal, command);
        command.SetAction((parsed, stop) => NodeSession.RunAsync(
            parsed,
            hub._common,
            mode: null,
            (node, token) => hub.RunAsync(node, parsed, token),
            stop));
        return command;
    }

    private async Task<int> RunAsync(KademliaNode node, ParseResult parsed, CancellationToken stop)
    {
        var settings = new HubSettings
        {
            Http = parsed.GetValue(_http)!,
            Token = parsed.GetValue(_token),
            Peers = parsed.GetValue(_peers) ?? [],
            RequestsPerMinute = parsed.GetValue(_requests),
            MostPublishedPlayers = parsed.GetValue(_players),
            Directory = _secret.Directory(parsed),
        };
        using var logging = LogOutput.Create(_common.MinimumLevel(parsed));
        try
        {
            await using var server = await HubServer.StartAsync(node, settings, logging, stop);
            Report(node, server, _common.Json(parsed));
            await NodeSession.JoinAsync(node, _common.Bootstrap(parsed), _terminal, stop);
            await NodeSession.UntilStoppedAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while still joining: that is a good end too.
        }

        return ExitCodes.Done;
    }

    private void Report(KademliaNode node, HubServer server, bool json)
    {
        var ready = new HubReadyDocument(
            "ready", node.Id.ToString(), node.Fingerprint, node.LocalEndPoint.ToString(), node.Network, server.Address.ToString());
        if (json)
        {
            _terminal.WriteJson(ready, Documents.Default.HubReadyDocument);
            return;
        }

        _terminal.WriteLine($"ready id={ready.Id} fingerprint={ready.Fingerprint} address={ready.Address} http={ready.Http}");
    }
}
