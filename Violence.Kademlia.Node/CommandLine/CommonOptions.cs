using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>The options that commands share, and how they become a node's options.</summary>
internal sealed class CommonOptions
{
    private const int MostSeeds = 64;
    private const int LongestNetwork = 64;

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON on stdout instead of text for people." };

    private readonly Option<LogLevel> _logLevel = Options.Choice(
        "--log-level",
        "How much to log on stderr.",
        LogLevel.Warning,
        ("trace", LogLevel.Trace),
        ("debug", LogLevel.Debug),
        ("info", LogLevel.Information),
        ("warning", LogLevel.Warning),
        ("error", LogLevel.Error),
        ("none", LogLevel.None));

    private readonly Option<string?> _network = Options.Text(
        "--network",
        "NAME",
        $"The network to join; nodes of other networks don't hear this one. Default {KademliaOptions.DefaultNetwork}.",
        LongestNetwork);

    private readonly Option<IPEndPoint?> _listen = Options.Value<IPEndPoint?>(
        "--listen",
        "IP:PORT",
        "Where to listen. Default: every address and a free port.",
        Values.ListenRule,
        Values.TryListen);

    private readonly Option<string[]> _bootstrap = Options.Several(
        "--bootstrap",
        "HOST:PORT",
        "A node to join the network through.",
        Values.HostAndPortRule,
        MostSeeds,
        Values.TryHostAndPort);

    private readonly Option<string?> _dataDirectory = Options.Text(
        "--data-dir",
        "DIR",
        "Where the node's identity, records and contacts are kept. Default: a new identity at every start, and nothing is kept.",
        longest: 4096);

    private readonly Option<NodeMode> _mode = Options.Choice(
        "--mode",
        "Serve others (server), or only ask (client: for hosts that nobody can reach).",
        NodeMode.Server,
        ("server", NodeMode.Server),
        ("client", NodeMode.Client));

    private bool _keepsData;

    private CommonOptions()
    {
    }

    /// <summary>For a command that needs no network: --json and --log-level.</summary>
    public static CommonOptions AddOutput(Command command)
    {
        var common = new CommonOptions();
        command.Add(common._json);
        command.Add(common._logLevel);
        return common;
    }

    /// <summary>For a command that only asks: everything but a mode and a kept identity.</summary>
    public static CommonOptions AddClient(Command command)
    {
        var common = AddOutput(command);
        command.Add(common._network);
        command.Add(common._listen);
        command.Add(common._bootstrap);
        common._bootstrap.Required = true;
        return common;
    }

    /// <summary>For a command that is a node until it is stopped.</summary>
    public static CommonOptions AddNode(Command command, bool needsBootstrap)
    {
        var common = AddOutput(command);
        command.Add(common._network);
        command.Add(common._listen);
        command.Add(common._bootstrap);
        command.Add(common._dataDirectory);
        common._keepsData = true;
        command.Add(common._mode);
        common._bootstrap.Required = needsBootstrap;
        return common;
    }

    /// <summary>For a command that looks into a data directory and starts no node.</summary>
    public static CommonOptions AddInspection(Command command)
    {
        var common = AddOutput(command);
        command.Add(common._dataDirectory);
        common._dataDirectory.Required = true;
        return common;
    }

    /// <summary>For <see cref="AddInspection"/>.</summary>
    public string RequiredDataDirectory(ParseResult parsed) => parsed.GetRequiredValue(_dataDirectory)!;

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    public LogLevel MinimumLevel(ParseResult parsed) => parsed.GetValue(_logLevel);

    public IReadOnlyList<string> Bootstrap(ParseResult parsed) => parsed.GetValue(_bootstrap) ?? [];

    /// <summary>The node's options as the command line gives them.</summary>
    public KademliaOptions Bind(ParseResult parsed, NodeMode? mode, ILoggerFactory logging)
    {
        var options = KademliaOptions.Default with
        {
            Network = parsed.GetValue(_network) ?? KademliaOptions.DefaultNetwork,
            Bootstrap = Bootstrap(parsed),
            Mode = mode ?? parsed.GetValue(_mode),
            DataDirectory = _keepsData ? parsed.GetValue(_dataDirectory) : null,
            LoggerFactory = logging,
        };
        return parsed.GetValue(_listen) is { } listen ? options with { Listen = listen } : options;
    }
}
