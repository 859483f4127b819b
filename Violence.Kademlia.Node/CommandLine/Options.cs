using System.CommandLine;
using System.CommandLine.Parsing;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>Options whose errors name the option, the value and what is allowed.</summary>
internal static class Options
{
    public delegate bool Reader<T>(string text, out T value);

    /// <summary>An option with one value that <paramref name="read"/> accepts; null or zero when it is not given.</summary>
    public static Option<T> Value<T>(string name, string helpName, string description, string rule, Reader<T> read) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result => Read(result, name, rule, read),
    };

    /// <summary>The same with a default.</summary>
    public static Option<T> Value<T>(string name, string helpName, string description, string rule, Reader<T> read, T preset)
    {
        var option = Value(name, helpName, description, rule, read);
        option.DefaultValueFactory = _ => preset;
        return option;
    }

    /// <summary>An option that may be given several times, each time with one value.</summary>
    public static Option<string[]> Several(string name, string helpName, string description, string rule, int most, Reader<string> read) => new(name)
    {
        HelpName = helpName,
        Description = $"{description} May be given up to {most} times.",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            if (result.Tokens.Count > most)
            {
                result.AddError($"{name}: given {result.Tokens.Count} times; at most {most} are allowed.");
            }

            return [.. result.Tokens.Select(token => Accept(result, token.Value, name, rule, read)).OfType<string>()];
        },
    };

    public static Option<int> Integer(string name, string helpName, string description, int least, int most, int preset) => Value(
        name,
        helpName,
        $"{description} From {least} to {most}.",
        $"a whole number from {least} to {most}",
        (string text, out int number) => Values.TryInteger(text, least, most, out number),
        preset);

    public static Option<double> Seconds(string name, string description, double least, double most, double preset) => Value(
        name,
        "SECONDS",
        FormattableString.Invariant($"{description} From {least} to {most}."),
        FormattableString.Invariant($"seconds from {least} to {most}"),
        (string text, out double seconds) => Values.TrySeconds(text, least, most, out seconds),
        preset);

    /// <summary>One of a few words.</summary>
    public static Option<T> Choice<T>(string name, string description, T preset, params (string Word, T Value)[] choices)
    {
        string words = string.Join(", ", choices.Select(choice => choice.Word));
        return Value(
            name,
            string.Join('|', choices.Select(choice => choice.Word)),
            description,
            $"one of {words}",
            (string text, out T value) =>
            {
                int index = Array.FindIndex(choices, choice => choice.Word.Equals(text, StringComparison.OrdinalIgnoreCase));
                value = index < 0 ? preset : choices[index].Value;
                return index >= 0;
            },
            preset);
    }

    /// <summary>Text of a limited length; what exactly is allowed in it, the library judges.</summary>
    public static Option<string?> Text(string name, string helpName, string description, int longest) => Value(
        name,
        helpName,
        description,
        $"1 to {longest} characters, no control characters",
        (string text, out string? value) =>
        {
            value = text;
            return text.Length > 0 && text.Length <= longest && !text.Any(char.IsControl);
        });

    private static T? Read<T>(ArgumentResult result, string name, string rule, Reader<T> read) =>
        result.Tokens is [{ Value: string text }] ? Accept(result, text, name, rule, read) : default;

    private static T? Accept<T>(ArgumentResult result, string text, string name, string rule, Reader<T> read)
    {
        if (read(text, out var value))
        {
            return value;
        }

        result.AddError($"{name}: '{text}' is not allowed; give {rule}.");
        return default;
    }
}
