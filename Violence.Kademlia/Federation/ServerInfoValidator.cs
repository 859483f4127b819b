using System.Globalization;

namespace Violence.Kademlia.Federation;

/// <summary>One thing wrong with a description or a query.</summary>
/// <param name="Field">The property.</param>
/// <param name="Value">What it holds, as it may be shown: escaped and cut.</param>
/// <param name="Rule">What is allowed.</param>
internal readonly record struct DirectoryProblem(string Field, string Value, string Rule)
{
    public override string ToString() => $"{Field} is {Value}: {Rule}";

    /// <summary>One exception that names everything that is wrong.</summary>
    public static ArgumentException ToException(string what, IReadOnlyList<DirectoryProblem> problems, string parameter) =>
        new($"The {what} is not valid. {string.Join(". ", problems)}.", parameter);
}

/// <summary>
/// The rules for a <see cref="ServerInfo"/>, the same for what this node announces and for what comes from the network.
/// Total: any description, nulls included, gives a list of problems and never an exception.
/// </summary>
internal static class ServerInfoValidator
{
    public const int MaxTags = 8;

    private const string NameRule = "must be 1 to 48 characters out of ASCII letters, digits, '-', '_', '.' and blank";
    private const string AddressRule =
        "must be host:port, IPv4:port or [IPv6]:port with a port of 1 to 65535 and an address that can be sent to, at most 261 characters";

    private const string PublicRule =
        "must not be a loopback, private or link-local address on a public network, unless ServerDirectoryOptions.AllowPrivateAddresses allows it";

    private const string WordRule = "must be 1 to 24 ASCII letters, digits and '-'";
    private const string CountRule = "must be 0 to 65535";
    private const string PlayersRule = "must not be above MaxPlayers; leave MaxPlayers 0 when it is not told";
    private const string VersionRule = "must be at most 24 printable ASCII characters";
    private const string ModeRule = "must be 1 to 24 ASCII letters, digits and '-', or empty";
    private const string TagsRule = "must be at most 8";

    /// <summary>Everything that is wrong with a description as <see cref="Normalize"/> leaves it; empty when nothing is.</summary>
    public static IReadOnlyList<DirectoryProblem> Check(ServerInfo server, AddressScope scope = AddressScope.Any)
    {
        List<DirectoryProblem> problems = [];
        CheckText(problems, nameof(ServerInfo.Name), server.Name, DirectoryText.IsName, NameRule);
        CheckText(problems, nameof(ServerInfo.Address), server.Address, ServerAddress.IsValid, AddressRule);
        if (server.Address is not null && ServerAddress.IsValid(server.Address) && !IsWithin(scope, server))
        {
            problems.Add(new DirectoryProblem(nameof(ServerInfo.Address), DirectoryText.Quote(server.Address), PublicRule));
        }

        CheckText(problems, nameof(ServerInfo.Genre), server.Genre, DirectoryText.IsWord, WordRule);
        CheckText(problems, nameof(ServerInfo.Region), server.Region, DirectoryText.IsWord, WordRule);
        CheckCount(problems, nameof(ServerInfo.Players), server.Players);
        CheckCount(problems, nameof(ServerInfo.MaxPlayers), server.MaxPlayers);
        if (server.MaxPlayers > 0 && server.Players > server.MaxPlayers)
        {
            problems.Add(new DirectoryProblem(nameof(ServerInfo.Players), Show(server.Players), PlayersRule));
        }

        CheckText(problems, nameof(ServerInfo.Version), server.Version, DirectoryText.IsVersion, VersionRule);
        CheckText(problems, nameof(ServerInfo.Mode), server.Mode, DirectoryText.IsMode, ModeRule);
        if (server.Tags.Count > MaxTags)
        {
            problems.Add(new DirectoryProblem(nameof(ServerInfo.Tags), $"a list of {Show(server.Tags.Count)}", TagsRule));
        }

        // A list far too long must not make a message far too long.
        for (int i = 0; i < Math.Min(server.Tags.Count, MaxTags); i++)
        {
            CheckText(problems, $"{nameof(ServerInfo.Tags)}[{Show(i)}]", server.Tags[i], DirectoryText.IsWord, WordRule);
        }

        return problems;
    }

    /// <summary>The form that is announced and compared: name trimmed; genre, region, mode and tags in lower case.</summary>
    public static ServerInfo Normalize(ServerInfo server) => server with
    {
        Name = server.Name is null ? null! : DirectoryText.TrimName(server.Name),
        Genre = LowerOrNull(server.Genre),
        Region = LowerOrNull(server.Region),
        Mode = LowerOrNull(server.Mode),
        Tags = [.. server.Tags.Select(LowerOrNull)],
    };

    /// <summary>Whether the (valid) address of a description is one for this network.</summary>
    public static bool IsWithin(AddressScope scope, ServerInfo server) =>
        scope == AddressScope.Any || !ServerAddress.IsPrivate(server.Address);

    /// <summary>The normalized description, if nothing is wrong with it.</summary>
    /// <exception cref="ArgumentException">Something is wrong; the message names all of it.</exception>
    public static ServerInfo Require(ServerInfo server, string parameter, AddressScope scope = AddressScope.Any)
    {
        ArgumentNullException.ThrowIfNull(server, parameter);
        ServerInfo normalized = Normalize(server);
        IReadOnlyList<DirectoryProblem> problems = Check(normalized, scope);
        return problems.Count == 0
            ? normalized
            : throw DirectoryProblem.ToException("server's description", problems, parameter);
    }

    private static string LowerOrNull(string? text) => text is null ? null! : DirectoryText.Lower(text);

    private static void CheckText(List<DirectoryProblem> problems, string field, string? value, Func<string, bool> isValid, string rule)
    {
        if (value is null || !isValid(value))
        {
            problems.Add(new DirectoryProblem(field, DirectoryText.Quote(value), rule));
        }
    }

    private static void CheckCount(List<DirectoryProblem> problems, string field, int value)
    {
        if (value is < 0 or > ushort.MaxValue)
        {
            problems.Add(new DirectoryProblem(field, Show(value), CountRule));
        }
    }

    private static string Show(int value) => value.ToString(CultureInfo.InvariantCulture);
}
