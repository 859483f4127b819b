using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// Reads the fields of one JSON object of the hub's wire. Total: wrong types become problems, fields that are absent or
/// null are absent, and unknown ones are left alone.
/// </summary>
internal readonly struct HubFields
{
    public const string Whole = "$";

    private const string TextRule = "must be a string";
    private const string NumberRule = "must be a whole number";
    private const string FlagRule = "must be true or false";

    private readonly JsonElement _element;
    private readonly List<HubProblem> _problems;

    private HubFields(JsonElement element, List<HubProblem> problems)
    {
        _element = element;
        _problems = problems;
    }

    /// <summary>Parses one JSON text and reads it; false, and why, when it is no JSON, no object, or <paramref name="read"/> has objections.</summary>
    public static bool TryRead<T>(
        ReadOnlyMemory<byte> json, Func<HubFields, T> read, [NotNullWhen(true)] out T? value, out IReadOnlyList<HubProblem> problems)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return TryRead(document.RootElement, read, out value, out problems);
        }
        catch (JsonException)
        {
            value = null;
            problems = [new HubProblem(Whole, $"{json.Length} bytes", "must be JSON")];
            return false;
        }
    }

    public static bool TryRead<T>(
        JsonElement element, Func<HubFields, T> read, [NotNullWhen(true)] out T? value, out IReadOnlyList<HubProblem> problems)
        where T : class
    {
        List<HubProblem> found = [];
        problems = found;
        value = null;
        if (element.ValueKind != JsonValueKind.Object)
        {
            found.Add(new HubProblem(Whole, Kind(element), "must be an object"));
            return false;
        }

        T? result = null;
        try
        {
            result = read(new HubFields(element, found));
        }
        catch (InvalidOperationException)
        {
            // Text that is not valid Unicode is found out only when it is read, by an exception.
            found.Add(new HubProblem(Whole, Kind(element), "must be valid Unicode"));
        }

        value = found.Count == 0 ? result : null;
        return value is not null;
    }

    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement field))
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.String ? field.GetString() : Refuse<string?>(name, field, TextRule);
    }

    public int? Number(string name)
    {
        if (!TryGet(name, out JsonElement field))
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out int number)
            ? number
            : Refuse<int?>(name, field, NumberRule);
    }

    public bool? Flag(string name)
    {
        if (!TryGet(name, out JsonElement field))
        {
            return null;
        }

        return field.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? field.GetBoolean()
            : Refuse<bool?>(name, field, FlagRule);
    }

    /// <summary>A time; what is none is taken for absent, since nothing hangs on it.</summary>
    public DateTimeOffset? Time(string name) =>
        TryGet(name, out JsonElement field) && field.ValueKind == JsonValueKind.String && field.TryGetDateTimeOffset(out DateTimeOffset time)
            ? time
            : null;

    /// <summary>A list of texts that all pass; empty when it is absent.</summary>
    public IReadOnlyList<string> Texts(string name, int most, Func<string, bool> isValid, string rule)
    {
        if (!TryGet(name, out JsonElement field))
        {
            return [];
        }

        if (field.ValueKind != JsonValueKind.Array || field.GetArrayLength() > most)
        {
            return Refuse<IReadOnlyList<string>>(name, field, $"must be a list of at most {most}") ?? [];
        }

        List<string> texts = [];
        foreach (JsonElement item in field.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString() is not { } text || !isValid(text))
            {
                return Refuse<IReadOnlyList<string>>($"{name}[{texts.Count}]", item, rule) ?? [];
            }

            texts.Add(text);
        }

        return texts;
    }

    /// <summary>Whether something is wrong with a field already: its absence is no second fault then.</summary>
    public bool HasProblem(string name) => _problems.Exists(problem => string.Equals(problem.Field, name, StringComparison.Ordinal));

    public void Add(HubProblem problem) => _problems.Add(problem);

    private bool TryGet(string name, out JsonElement field) =>
        _element.TryGetProperty(name, out field) && field.ValueKind != JsonValueKind.Null;

    private T? Refuse<T>(string name, JsonElement field, string rule)
    {
        string value = field.ValueKind switch
        {
            JsonValueKind.String => DirectoryText.Quote(field.GetString()),
            JsonValueKind.Number => DirectoryText.Quote(field.GetRawText()),
            _ => Kind(field),
        };
        _problems.Add(new HubProblem(name, value, rule));
        return default;
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"a list of {element.GetArrayLength()}",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
