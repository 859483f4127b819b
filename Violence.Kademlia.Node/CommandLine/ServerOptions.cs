using System.CommandLine;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>The description of a server: options, and a file for what they leave open. Options win.</summary>
internal sealed class ServerOptions
{
    private const int MostTags = 8;
    private const int MostPlayers = 65_535;

    private readonly Option<string?> _name = Options.Text("--name", "NAME", "The server's name.", longest: 48);

    private readonly Option<string?> _address = Options.Value<string?>(
        "--address",
        "HOST:PORT",
        "Where players connect.",
        Values.HostAndPortRule,
        (string text, out string? value) => Values.TryHostAndPort(text, out value));

    private readonly Option<string?> _genre = Options.Text("--genre", "GENRE", "Its genre: letters, digits and '-'.", longest: 24);
    private readonly Option<string?> _region = Options.Text("--region", "REGION", "Its region: letters, digits and '-'. Default unknown.", longest: 24);
    private readonly Option<int?> _players = Count("--players", "How many play now. Default 0.");
    private readonly Option<int?> _maxPlayers = Count("--max-players", "How many can play; 0 (the default): not told.");
    private readonly Option<string?> _version = Options.Text("--server-version", "VERSION", "The game's version.", longest: 24);
    private readonly Option<string?> _gameMode = Options.Text("--game-mode", "MODE", "How it is played: letters, digits and '-'.", longest: 24);
    private readonly Option<bool> _password = new("--password") { Description = "Players need a password." };

    private readonly Option<string[]> _tags = Options.Several(
        "--tag",
        "TAG",
        "A tag: letters, digits and '-'.",
        Values.WordRule,
        MostTags,
        Values.TryWord);

    private readonly Option<string?> _file = Options.Text(
        "--server-file",
        "FILE",
        "A JSON file with what no option tells: name, address, genre, region, players, max_players, version, mode, has_password, tags. It is read again when it changes.",
        longest: 4096);

    public static ServerOptions Add(Command command)
    {
        var options = new ServerOptions();
        command.Add(options._name);
        command.Add(options._address);
        command.Add(options._genre);
        command.Add(options._region);
        command.Add(options._players);
        command.Add(options._maxPlayers);
        command.Add(options._version);
        command.Add(options._gameMode);
        command.Add(options._password);
        command.Add(options._tags);
        command.Add(options._file);
        return options;
    }

    public string? File(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>The server as the command line and the file say by now.</summary>
    /// <exception cref="UsageException">Something is missing, or the file is not right; the message says what.</exception>
    public ServerInfo Server(ParseResult parsed)
    {
        ServerFile file = File(parsed) is { } path ? ServerFile.Load(path) : new ServerFile();
        return new ServerInfo
        {
            Name = Required(parsed, _name, file.Name),
            Address = Required(parsed, _address, file.Address),
            Genre = Required(parsed, _genre, file.Genre),
            Region = parsed.GetValue(_region) ?? file.Region ?? ServerInfo.UnknownRegion,
            Players = parsed.GetValue(_players) ?? file.Players ?? 0,
            MaxPlayers = parsed.GetValue(_maxPlayers) ?? file.MaxPlayers ?? 0,
            Version = parsed.GetValue(_version) ?? file.Version ?? "",
            Mode = parsed.GetValue(_gameMode) ?? file.Mode ?? "",
            HasPassword = parsed.GetResult(_password) is { Implicit: false } ? parsed.GetValue(_password) : file.HasPassword ?? false,
            Tags = parsed.GetValue(_tags) is { Length: > 0 } tags ? tags : file.Tags ?? [],
        };
    }

    private string Required(ParseResult parsed, Option<string?> option, string? inFile) =>
        parsed.GetValue(option) ?? inFile ?? throw new UsageException(new ArgumentException(
            $"{option.Name} is missing: give it{(File(parsed) is null ? "" : ", or a --server-file that tells it")}."));

    private static Option<int?> Count(string name, string description) => Options.Value(
        name,
        "N",
        $"{description} Up to {MostPlayers}.",
        $"a whole number from 0 to {MostPlayers}",
        (string text, out int? number) =>
        {
            bool isNumber = Values.TryInteger(text, 0, MostPlayers, out int value);
            number = value;
            return isNumber;
        });
}
