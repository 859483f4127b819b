using System.Text.Json;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>What a file says of a server; null for what it does not tell. Whether a value can be one, the library judges.</summary>
internal sealed record ServerFile
{
    /// <summary>A description takes less than 1 KiB; the rest is room for blanks.</summary>
    public const int MaxSize = 64 * 1024;

    private const int MaxTags = 64;
    private const string Option = "--server-file";
    private const string Fields = "name, address, genre, region, players, max_players, version, mode, has_password, tags";

    public string? Name { get; init; }

    public string? Address { get; init; }

    public string? Genre { get; init; }

    public string? Region { get; init; }

    public int? Players { get; init; }

    public int? MaxPlayers { get; init; }

    public string? Version { get; init; }

    public string? Mode { get; init; }

    public bool? HasPassword { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Reads a file, if it is not too long.</summary>
    /// <exception cref="UsageException">It can't be a description; the message names the field.</exception>
    public static ServerFile Load(string path)
    {
        long length = new FileInfo(path).Length;
        return length <= MaxSize
            ? Parse(File.ReadAllText(path))
            : throw Wrong($"'{TerminalText.Clean(path)}' has {length} bytes; at most {MaxSize} are allowed");
    }

    /// <summary>Reads one JSON object; every field once, none that is not known.</summary>
    /// <exception cref="UsageException">It is anything else; the message names the field.</exception>
    public static ServerFile Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Wrong("the file must hold one JSON object");
            }

            ServerFile file = new();
            HashSet<string> read = new(StringComparer.Ordinal);
            foreach (JsonProperty field in document.RootElement.EnumerateObject())
            {
                file = read.Add(field.Name)
                    ? file.With(field)
                    : throw Wrong($"'{TerminalText.Clean(field.Name)}' is there twice");
            }

            return file;
        }
        catch (JsonException broken)
        {
            throw Wrong($"it is no JSON (line {broken.LineNumber + 1})");
        }
    }

    private ServerFile With(JsonProperty field) => field.Name switch
    {
        "name" => this with { Name = Text(field) },
        "address" => this with { Address = Text(field) },
        "genre" => this with { Genre = Text(field) },
        "region" => this with { Region = Text(field) },
        "players" => this with { Players = Number(field) },
        "max_players" => this with { MaxPlayers = Number(field) },
        "version" => this with { Version = Text(field) },
        "mode" => this with { Mode = Text(field) },
        "has_password" => this with { HasPassword = Flag(field) },
        "tags" => this with { Tags = Words(field) },
        _ => throw Wrong($"'{TerminalText.Clean(field.Name)}' is not a field; allowed: {Fields}"),
    };

    private static string Text(JsonProperty field) =>
        field.Value.ValueKind == JsonValueKind.String ? TextOf(field, field.Value) : throw Wrong(field, "a text");

    // Halves of surrogate pairs are JSON, and no text.
    private static string TextOf(JsonProperty field, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong(field, "a text");
        }
    }

    private static int Number(JsonProperty field) =>
        field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out int number) ? number : throw Wrong(field, "a whole number");

    private static bool Flag(JsonProperty field) =>
        field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? field.Value.GetBoolean() : throw Wrong(field, "true or false");

    private static IReadOnlyList<string> Words(JsonProperty field) =>
        field.Value.ValueKind == JsonValueKind.Array
        && field.Value.GetArrayLength() <= MaxTags
        && field.Value.EnumerateArray().All(static tag => tag.ValueKind == JsonValueKind.String)
            ? [.. field.Value.EnumerateArray().Select(tag => TextOf(field, tag))]
            : throw Wrong(field, "a list of texts");

    private static UsageException Wrong(JsonProperty field, string rule) =>
        Wrong($"{field.Name} is {TerminalText.Clean(field.Value.GetRawText())}; it must be {rule}");

    private static UsageException Wrong(string what) => new(new ArgumentException($"{Option}: {what}."));
}
