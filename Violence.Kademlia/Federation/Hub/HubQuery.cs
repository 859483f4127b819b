using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// A query on the hub's wire: that of <see cref="ServerQuery"/>, but its genre may be left open. The one place where the
/// two meet.
/// </summary>
public sealed record HubQuery
{
    private const string FlagRule = "must be true or false";
    private const string NumberRule = "must be a whole number";
    private const string UnknownRule = "is not known; known are genre, region, minPlayers, maxPlayers, hasFreeSlots, mode, hasPassword, version, tag, includeStale and limit";

    /// <summary>Only servers of this genre, in lower case. Null: of any.</summary>
    public string? Genre { get; init; }

    /// <summary>Only servers of this region, in lower case. Null: of any.</summary>
    public string? Region { get; init; }

    /// <summary>Only servers with at least so many players. Null: any.</summary>
    public int? MinPlayers { get; init; }

    /// <summary>Only servers with at most so many players. Null: any.</summary>
    public int? MaxPlayers { get; init; }

    /// <summary>True: only servers with a free slot. False: only full ones. Null: both.</summary>
    public bool? HasFreeSlots { get; init; }

    /// <summary>Only servers of this mode, in lower case. Null: of any.</summary>
    public string? Mode { get; init; }

    /// <summary>True: only servers that need a password. False: only those that need none. Null: both.</summary>
    public bool? HasPassword { get; init; }

    /// <summary>Only servers of this version of the game. Null: of any.</summary>
    public string? Version { get; init; }

    /// <summary>Only servers that have all of these tags, in lower case.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether servers that have not been heard of for their lease are wanted too. Default false; only in an address, not in a body.</summary>
    public bool IncludeStale { get; init; }

    /// <summary>How many servers at most: 1 to <see cref="ServerQuery.MaxLimit"/>, which is the default.</summary>
    public int Limit { get; init; } = ServerQuery.MaxLimit;

    /// <summary>
    /// Reads the body of a query. Empty texts, and numbers that are 0, mean <i>not asked for</i>: programs on this wire
    /// send them for fields they leave open.
    /// </summary>
    /// <param name="utf8Json">The body.</param>
    /// <param name="query">The query, when nothing is wrong.</param>
    /// <param name="problems">All that is wrong; empty when nothing is.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8Json, [NotNullWhen(true)] out HubQuery? query, out IReadOnlyList<HubProblem> problems) =>
        HubFields.TryRead(utf8Json, Read, out query, out problems);

    /// <summary>Reads the parameters of a query in an address, which are taken at their word.</summary>
    /// <param name="parameters">Names and values.</param>
    /// <param name="query">The query, when nothing is wrong.</param>
    /// <param name="problems">All that is wrong; empty when nothing is.</param>
    public static bool TryParse(
        IEnumerable<KeyValuePair<string, string>> parameters,
        [NotNullWhen(true)] out HubQuery? query,
        out IReadOnlyList<HubProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        List<HubProblem> found = [];
        HubQuery read = new();
        foreach ((string name, string value) in parameters)
        {
            read = name switch
            {
                "genre" => read with { Genre = DirectoryText.Lower(value) },
                "region" => read with { Region = DirectoryText.Lower(value) },
                "minPlayers" => read with { MinPlayers = Number(name, value, found) },
                "maxPlayers" => read with { MaxPlayers = Number(name, value, found) },
                "hasFreeSlots" => read with { HasFreeSlots = Flag(name, value, found) },
                "mode" => read with { Mode = DirectoryText.Lower(value) },
                "hasPassword" => read with { HasPassword = Flag(name, value, found) },
                "version" => read with { Version = value },
                "tag" => read with { Tags = [.. read.Tags, DirectoryText.Lower(value)] },
                "includeStale" => read with { IncludeStale = Flag(name, value, found) ?? false },
                "limit" => read with { Limit = Number(name, value, found) ?? read.Limit },
                _ => Refuse(read, new HubProblem(DirectoryText.Quote(name), DirectoryText.Quote(value), UnknownRule), found),
            };
        }

        found.AddRange(read.Problems());
        problems = found;
        query = found.Count == 0 ? read : null;
        return query is not null;
    }

    /// <summary>What the DHT is to be asked for one genre. Its limit is the highest: others may add rows before it is cut.</summary>
    /// <param name="genre">The genre.</param>
    public ServerQuery ForGenre(string genre) => new()
    {
        Genre = genre,
        Region = Region,
        MinPlayers = MinPlayers,
        MaxPlayers = MaxPlayers,
        HasFreeSlots = HasFreeSlots,
        Mode = Mode,
        HasPassword = HasPassword,
        Version = Version,
        Tags = Tags,
        Limit = ServerQuery.MaxLimit,
    };

    /// <summary>Whether a server answers the query.</summary>
    /// <param name="server">The server, normalized.</param>
    public bool Matches(ServerInfo server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return ServerQueryRules.Matches(ForGenre(Genre ?? server.Genre), server);
    }

    internal static HubQuery Of(ServerQuery query) => new()
    {
        Genre = query.Genre,
        Region = query.Region,
        MinPlayers = query.MinPlayers,
        MaxPlayers = query.MaxPlayers,
        HasFreeSlots = query.HasFreeSlots,
        Mode = query.Mode,
        HasPassword = query.HasPassword,
        Version = query.Version,
        Tags = query.Tags,
        Limit = query.Limit,
    };

    /// <summary>Writes what the wire has a field for; the asker filters the answer by the rest.</summary>
    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (Region is not null)
        {
            writer.WriteString("region"u8, Region);
        }

        if (Genre is not null)
        {
            writer.WriteString("genre"u8, Genre);
        }

        if (MinPlayers is { } min)
        {
            writer.WriteNumber("minPlayers"u8, min);
        }

        if (MaxPlayers is { } max)
        {
            writer.WriteNumber("maxPlayers"u8, max);
        }

        writer.WriteEndObject();
    }

    private static HubQuery Read(HubFields fields)
    {
        HubQuery query = new()
        {
            Genre = Word(fields, "genre"),
            Region = Word(fields, "region"),
            MinPlayers = Bound(fields, "minPlayers"),
            MaxPlayers = Bound(fields, "maxPlayers"),
        };
        foreach (HubProblem problem in query.Problems())
        {
            fields.Add(problem);
        }

        return query;
    }

    private IEnumerable<HubProblem> Problems() =>
        ServerQueryRules.Check(ForGenre(Genre ?? ServerInfo.UnknownRegion) with { Limit = Limit }).Select(HubProblem.Of);

    private static string? Word(HubFields fields, string name) =>
        fields.Text(name) is { Length: > 0 } word ? DirectoryText.Lower(word) : null;

    private static int? Bound(HubFields fields, string name) => fields.Number(name) is { } number && number != 0 ? number : null;

    private static int? Number(string name, string value, List<HubProblem> problems)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number;
        }

        problems.Add(new HubProblem(name, DirectoryText.Quote(value), NumberRule));
        return null;
    }

    private static bool? Flag(string name, string value, List<HubProblem> problems)
    {
        if (bool.TryParse(value, out bool flag))
        {
            return flag;
        }

        problems.Add(new HubProblem(name, DirectoryText.Quote(value), FlagRule));
        return null;
    }

    private static HubQuery Refuse(HubQuery read, HubProblem problem, List<HubProblem> problems)
    {
        problems.Add(problem);
        return read;
    }
}
