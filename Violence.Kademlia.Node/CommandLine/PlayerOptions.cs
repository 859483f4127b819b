using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>What commands that publish players or look for them have in common: the community's secret, and who plays.</summary>
internal sealed class PlayerOptions
{
    public const string IdRule = "1 to 64 printable ASCII characters";

    private const int LongestSecret = 256;
    private const int MostPlayers = HubAnnouncement.MaxPlayerIds;

    // A list of the most and longest ids, with room for line ends.
    private const int LongestFile = MostPlayers * (HubAnnouncement.MaxPlayerIdLength + 2);

    private readonly Option<string?> _secret = Options.Text(
        "--player-secret-file",
        "FILE",
        "A file with the community's secret, without which nobody finds its players; blanks and line ends around it don't count. Default: none.",
        longest: 4096);

    private readonly Option<string[]> _players = Options.Several(
        "--player", "ID", "The id of a player who is on the server.", IdRule, MostPlayers, TryId);

    private readonly Option<string?> _file = Options.Text(
        "--players-file", "FILE", "A file with the ids of who is on the server, one a line. It is read again when it changes.", longest: 4096);

    /// <summary>For a command that looks for players, or publishes them for others.</summary>
    public static PlayerOptions AddSecret(Command command)
    {
        var options = new PlayerOptions();
        command.Add(options._secret);
        return options;
    }

    /// <summary>For a command that tells who is on its server.</summary>
    public static PlayerOptions Add(Command command)
    {
        PlayerOptions options = AddSecret(command);
        command.Add(options._players);
        command.Add(options._file);
        return options;
    }

    public static bool TryId(string text, out string id)
    {
        id = text;
        return HubAnnouncement.IsPlayerId(text);
    }

    public ServerDirectoryOptions Directory(ParseResult parsed) =>
        parsed.GetValue(_secret) is { } file ? new() { PlayerSecret = Secret(file) } : new();

    public string? File(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>Who plays, as the command line and the file say by now; null when neither is given.</summary>
    public IReadOnlyCollection<string>? Players(ParseResult parsed)
    {
        string[] named = parsed.GetValue(_players) ?? [];
        if (File(parsed) is { } file)
        {
            named = [.. named, .. Read("--players-file", file, LongestFile).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        }
        else if (named.Length == 0)
        {
            return null;
        }

        string? wrong = Array.Find(named, id => !HubAnnouncement.IsPlayerId(id));
        return wrong is null
            ? named
            : throw new UsageException(new ArgumentException($"--players-file: '{Output.TerminalText.Clean(wrong)}' is not allowed; give {IdRule}."));
    }

    private static string Secret(string file) => Read("--player-secret-file", file, LongestSecret * 4).Trim() is { Length: >= 1 and <= LongestSecret } secret
        ? secret
        : throw new UsageException(new ArgumentException($"--player-secret-file: '{file}' must hold 1 to {LongestSecret} characters."));

    private static string Read(string option, string file, int longest)
    {
        long length = new FileInfo(file).Length;
        return length <= longest
            ? System.IO.File.ReadAllText(file)
            : throw new UsageException(new ArgumentException($"{option}: '{file}' has {length} bytes; at most {longest} are allowed."));
    }
}
