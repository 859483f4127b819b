using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// A server as the HTTP hub's wire tells of it. The one place where that wire and <see cref="ServerInfo"/> meet: what is
/// read here passed the same rules as an announcement over the DHT. It is not signed.
/// </summary>
public sealed record HubAnnouncement
{
    /// <summary>Most players in <see cref="PlayerIds"/>.</summary>
    public const int MaxPlayerIds = 200;

    /// <summary>Most characters of a player's id.</summary>
    public const int MaxPlayerIdLength = PlayerId.MaxLength;

    internal const string PlayerIdRule = PlayerId.Rule;

    /// <summary>What the server says about itself. The wire has no version and no tags.</summary>
    public required ServerInfo Server { get; init; }

    /// <summary>The ids of who is on it, when it tells: each 1 to 64 printable ASCII characters.</summary>
    public IReadOnlyList<string> PlayerIds { get; init; } = [];

    /// <summary>When the hub heard of it last, by the hub's clock. Null when it does not tell.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Whether a text can be a player's id.</summary>
    /// <param name="text">The text.</param>
    public static bool IsPlayerId([NotNullWhen(true)] string? text) =>
        PlayerId.IsValid(text);

    /// <summary>Reads one announcement. Total: whatever the bytes are, it is an announcement or a list of what is wrong.</summary>
    /// <param name="utf8Json">The message.</param>
    /// <param name="announcement">The announcement, normalized, when nothing is wrong.</param>
    /// <param name="problems">All that is wrong; empty when nothing is.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8Json,
        [NotNullWhen(true)] out HubAnnouncement? announcement,
        out IReadOnlyList<HubProblem> problems) =>
        HubFields.TryRead(utf8Json, static fields => Read(fields, readsPlayers: true), out announcement, out problems);

    /// <summary>Reads a row of a hub's list. Who plays there is nobody's business here, so that is not even looked at.</summary>
    internal static bool TryReadRow(JsonElement row, [NotNullWhen(true)] out HubAnnouncement? announcement) =>
        HubFields.TryRead(row, static fields => Read(fields, readsPlayers: false), out announcement, out _);

    /// <summary>Writes it as the wire has it.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        WriteFieldsTo(writer);
        writer.WriteEndObject();
    }

    /// <summary>Writes the fields alone, into an object that has more of them.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteFieldsTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteString("name"u8, Server.Name);
        writer.WriteString("address"u8, Server.Address);
        writer.WriteString("region"u8, Server.Region);
        writer.WriteString("genre"u8, Server.Genre);
        writer.WriteNumber("players"u8, Server.Players);
        writer.WriteNumber("maxPlayers"u8, Server.MaxPlayers);
        if (PlayerIds.Count > 0)
        {
            writer.WriteStartArray("playerList"u8);
            foreach (string player in PlayerIds)
            {
                writer.WriteStringValue(player);
            }

            writer.WriteEndArray();
        }

        if (Timestamp is { } timestamp)
        {
            writer.WriteString("timestamp"u8, timestamp.UtcDateTime);
        }
    }

    /// <summary>The ids as a hub is to get them.</summary>
    /// <exception cref="ArgumentException">There are too many, or one can't be an id.</exception>
    internal static IReadOnlyList<string> RequirePlayerIds(IReadOnlyList<string>? playerIds, string parameter)
    {
        string[] copy = [.. playerIds ?? []];
        if (copy.Length > MaxPlayerIds)
        {
            throw new ArgumentException($"There are {copy.Length} player ids; allowed: at most {MaxPlayerIds}.", parameter);
        }

        return Array.Find(copy, id => !IsPlayerId(id)) is not { } wrong
            ? copy
            : throw new ArgumentException($"A player's id is {DirectoryText.Quote(wrong)}: {PlayerIdRule}.", parameter);
    }

    private static HubAnnouncement Read(HubFields fields, bool readsPlayers)
    {
        ServerInfo server = ServerInfoValidator.Normalize(new ServerInfo
        {
            Name = fields.Text("name")!,
            Address = fields.Text("address")!,
            Genre = fields.Text("genre")!,
            // The other implementation writes an empty text for what it does not know.
            Region = fields.Text("region") is { Length: > 0 } region ? region : ServerInfo.UnknownRegion,
            Players = fields.Number("players") ?? 0,
            MaxPlayers = fields.Number("maxPlayers") ?? 0,
        });
        foreach (HubProblem problem in ServerInfoValidator.Check(server).Select(HubProblem.Of))
        {
            if (!fields.HasProblem(problem.Field))
            {
                fields.Add(problem);
            }
        }

        return new HubAnnouncement
        {
            Server = server,
            PlayerIds = readsPlayers ? fields.Texts("playerList", MaxPlayerIds, IsPlayerId, PlayerIdRule) : [],
            Timestamp = fields.Time("timestamp"),
        };
    }
}
