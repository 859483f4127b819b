using System.Globalization;

namespace Violence.Kademlia.Federation;

/// <summary>What a query may ask, and which servers answer it.</summary>
internal static class ServerQueryRules
{
    private const string WordRule = "must be 1 to 24 ASCII letters, digits and '-'";
    private const string LimitRule = "must be 1 to 1000";
    private const string CountRule = "must be 0 to 65535";
    private const string VersionRule = "must be at most 24 printable ASCII characters";
    private const string TagsRule = "must be at most 8";
    private const string OrderRule = "must be Name, Players or Ping";
    private const string RangeRule = "must not be above MaxPlayers";

    /// <summary>The query with genre, region, mode and tags in lower case, if nothing is wrong with it.</summary>
    /// <exception cref="ArgumentException">Something is wrong; the message names all of it.</exception>
    public static ServerQuery Require(ServerQuery query, string parameter)
    {
        ArgumentNullException.ThrowIfNull(query, parameter);
        ServerQuery normalized = query with
        {
            Genre = query.Genre is null ? null! : DirectoryText.Lower(query.Genre),
            Region = query.Region is null ? null : DirectoryText.Lower(query.Region),
            Mode = query.Mode is null ? null : DirectoryText.Lower(query.Mode),
            Tags = [.. query.Tags.Select(static tag => tag is null ? null! : DirectoryText.Lower(tag))],
        };
        List<DirectoryProblem> problems = Check(normalized);
        return problems.Count == 0 ? normalized : throw DirectoryProblem.ToException("query", problems, parameter);
    }

    public static bool Matches(ServerQuery query, ServerInfo server) =>
        string.Equals(server.Genre, query.Genre, StringComparison.Ordinal)
        && (query.Region is null || string.Equals(server.Region, query.Region, StringComparison.Ordinal))
        && (query.HasFreeSlots is not { } free || (server.MaxPlayers > 0 && free == server.Players < server.MaxPlayers))
        && (query.Mode is null || string.Equals(server.Mode, query.Mode, StringComparison.Ordinal))
        && (query.HasPassword is null || server.HasPassword == query.HasPassword)
        && (query.Version is null || string.Equals(server.Version, query.Version, StringComparison.OrdinalIgnoreCase))
        && query.Tags.All(server.Tags.Contains)
        && server.Players >= (query.MinPlayers ?? 0)
        && server.Players <= (query.MaxPlayers ?? ushort.MaxValue);

    /// <summary>Everything that is wrong with a query whose words are in lower case; empty when nothing is.</summary>
    public static List<DirectoryProblem> Check(ServerQuery query)
    {
        List<DirectoryProblem> problems = [];
        if (query.Genre is null || !DirectoryText.IsWord(query.Genre))
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.Genre), DirectoryText.Quote(query.Genre), WordRule));
        }

        if (query.Region is not null && !DirectoryText.IsWord(query.Region))
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.Region), DirectoryText.Quote(query.Region), WordRule));
        }

        if (query.Mode is not null && !DirectoryText.IsWord(query.Mode))
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.Mode), DirectoryText.Quote(query.Mode), WordRule));
        }

        if (query.Version is not null && !DirectoryText.IsVersion(query.Version))
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.Version), DirectoryText.Quote(query.Version), VersionRule));
        }

        CheckTags(problems, query.Tags);
        CheckNumber(problems, nameof(ServerQuery.Limit), query.Limit, 1, ServerQuery.MaxLimit, LimitRule);
        CheckNumber(problems, nameof(ServerQuery.MinPlayers), query.MinPlayers, 0, ushort.MaxValue, CountRule);
        CheckNumber(problems, nameof(ServerQuery.MaxPlayers), query.MaxPlayers, 0, ushort.MaxValue, CountRule);
        if (!Enum.IsDefined(query.OrderBy))
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.OrderBy), Show((int)query.OrderBy), OrderRule));
        }

        if (query.MinPlayers > query.MaxPlayers)
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.MinPlayers), Show(query.MinPlayers.Value), RangeRule));
        }

        return problems;
    }

    private static void CheckTags(List<DirectoryProblem> problems, IReadOnlyList<string> tags)
    {
        if (tags.Count > ServerInfoValidator.MaxTags)
        {
            problems.Add(new DirectoryProblem(nameof(ServerQuery.Tags), $"a list of {Show(tags.Count)}", TagsRule));
        }

        for (int i = 0; i < Math.Min(tags.Count, ServerInfoValidator.MaxTags); i++)
        {
            if (tags[i] is null || !DirectoryText.IsWord(tags[i]))
            {
                problems.Add(new DirectoryProblem($"{nameof(ServerQuery.Tags)}[{Show(i)}]", DirectoryText.Quote(tags[i]), WordRule));
            }
        }
    }

    private static void CheckNumber(List<DirectoryProblem> problems, string field, int? value, int min, int max, string rule)
    {
        if (value is { } number && (number < min || number > max))
        {
            problems.Add(new DirectoryProblem(field, Show(number), rule));
        }
    }

    private static string Show(int value) => value.ToString(CultureInfo.InvariantCulture);
}
