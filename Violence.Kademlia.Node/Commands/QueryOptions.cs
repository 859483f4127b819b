using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;

namespace Violence.Kademlia.Node.Commands;

/// <summary>Which servers are asked for on the command line.</summary>
internal sealed class QueryOptions
{
    private const int MostRows = 1_000;
    private const int MostPlayers = 65_535;
    private const int MostTags = 8;

    private readonly Option<string?> _genre = Options.Text("--genre", "GENRE", "The genre: letters, digits and '-'.", longest: 24);
    private readonly Option<string?> _region = Options.Text("--region", "REGION", "Only servers of this region.", longest: 24);
    private readonly Option<string?> _gameMode = Options.Text("--game-mode", "MODE", "Only servers that are played like this.", longest: 24);
    private readonly Option<string?> _version = Options.Text("--server-version", "VERSION", "Only servers of this version of the game.", longest: 24);
    private readonly Option<int?> _minPlayers = Players("--min-players", "Only servers with at least so many players.");
    private readonly Option<int?> _maxPlayers = Players("--max-players", "Only servers with at most so many players.");
    private readonly Option<Wish> _freeSlots = YesOrNo("--free-slots", "Only servers with a free slot (yes), or only full ones (no).");
    private readonly Option<Wish> _password = YesOrNo("--password", "Only servers that need a password (yes), or that need none (no).");
    private readonly Option<string[]> _tags = Options.Several("--tag", "TAG", "Only servers with this tag.", Values.WordRule, MostTags, Values.TryWord);
    private readonly Option<ServerOrder> _order = Options.Choice(
        "--order",
        "In what order: by name, most players first, or nearest first, which is measured.",
        ServerOrder.Name,
        ("name", ServerOrder.Name),
        ("players", ServerOrder.Players),
        ("ping", ServerOrder.Ping));

    private readonly Option<int> _max = Options.Integer("--max", "N", "How many servers at most.", 1, MostRows, preset: 10);

    /// <summary>Not a flag: to leave it out is a third answer, and the command line takes no other words for flags than true and false.</summary>
    private enum Wish
    {
        Any,
        Yes,
        No,
    }

    private QueryOptions()
    {
    }

    /// <summary>For a command that lists one genre.</summary>
    public static QueryOptions Add(Command command)
    {
        var options = new QueryOptions();
        options._genre.Required = true;
        command.Add(options._genre);
        options.AddFilters(command);
        command.Add(options._order);
        command.Add(options._max);
        return options;
    }

    /// <summary>For a command that takes its genres elsewhere, and puts in order and cuts by itself.</summary>
    public static QueryOptions AddFiltersOnly(Command command)
    {
        var options = new QueryOptions();
        options.AddFilters(command);
        return options;
    }

    public ServerQuery Query(ParseResult parsed) => Query(parsed, parsed.GetRequiredValue(_genre)!) with
    {
        OrderBy = parsed.GetValue(_order),
        Limit = parsed.GetValue(_max),
    };

    /// <summary>The filters, for a genre of the command's own; as many servers as there may be.</summary>
    public ServerQuery Query(ParseResult parsed, string genre) => new()
    {
        Genre = genre,
        Region = parsed.GetValue(_region),
        Mode = parsed.GetValue(_gameMode),
        Version = parsed.GetValue(_version),
        MinPlayers = parsed.GetValue(_minPlayers),
        MaxPlayers = parsed.GetValue(_maxPlayers),
        HasFreeSlots = Of(parsed.GetValue(_freeSlots)),
        HasPassword = Of(parsed.GetValue(_password)),
        Tags = parsed.GetValue(_tags) ?? [],
        Limit = MostRows,
    };

    private void AddFilters(Command command)
    {
        command.Add(_region);
        command.Add(_gameMode);
        command.Add(_version);
        command.Add(_minPlayers);
        command.Add(_maxPlayers);
        command.Add(_freeSlots);
        command.Add(_password);
        command.Add(_tags);
    }

    private static Option<int?> Players(string name, string description) => Options.Value(
        name,
        "N",
        description,
        $"a whole number from 0 to {MostPlayers}",
        (string text, out int? number) =>
        {
            bool isNumber = Values.TryInteger(text, 0, MostPlayers, out int value);
            number = value;
            return isNumber;
        });

    private static Option<Wish> YesOrNo(string name, string description) =>
        Options.Choice(name, description, Wish.Any, ("any", Wish.Any), ("yes", Wish.Yes), ("no", Wish.No));

    private static bool? Of(Wish wish) => wish == Wish.Any ? null : wish == Wish.Yes;
}
