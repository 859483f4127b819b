using System.CommandLine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.CommandLine;

/// <summary>The key of a record on the command line: a text with its purpose, or a position as it is.</summary>
internal sealed class KeyOptions
{
    private const string DefaultPurpose = "text";

    private readonly Argument<string> _key = new("KEY")
    {
        Description = "The key: any text; or 40 hex digits, which are the key's position itself.",
    };

    private readonly Option<string?> _purpose = Options.Text(
        "--purpose", "PURPOSE", $"What the key's text names: the same text with another purpose is another key. Default {DefaultPurpose}.", longest: 64);

    public static KeyOptions Add(Command command)
    {
        var options = new KeyOptions();
        command.Add(options._key);
        command.Add(options._purpose);
        return options;
    }

    /// <summary>As it was given.</summary>
    public string Text(ParseResult parsed) => parsed.GetRequiredValue(_key);

    public RecordKey Key(ParseResult parsed) => NodeId.TryParse(Text(parsed), out NodeId position)
        ? new RecordKey(position)
        : RecordKey.FromText(parsed.GetValue(_purpose) ?? DefaultPurpose, Text(parsed));
}
