using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using Violence.Kademlia.Node.Browser;

namespace Violence.Kademlia.Node.Output;

/// <summary>Where a command writes: results to stdout, everything else to stderr.</summary>
/// <param name="output">Results.</param>
/// <param name="error">Complaints.</param>
/// <param name="isInteractive">Whether a person looks at the output; else it is plain text for a file or another program.</param>
/// <param name="browser">Takes hold of the whole screen and the keys, if there is a terminal.</param>
internal sealed class Terminal(TextWriter output, TextWriter error, bool isInteractive, Func<IBrowserConsole?>? browser = null)
{
    private readonly Lazy<IAnsiConsole> _console = new(() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
    }));

    public TextWriter Output => output;

    public TextWriter Error => error;

    public bool IsInteractive => isInteractive;

    /// <summary>The whole screen and the keys; null where there is no terminal.</summary>
    public IBrowserConsole? Browser => browser?.Invoke();

    /// <summary>The console for tables and progress; only for interactive output.</summary>
    public IAnsiConsole Console => _console.Value;

    /// <summary>One line of the result.</summary>
    public void WriteLine(string text)
    {
        output.WriteLine(TerminalText.CleanLines(text));
        output.Flush();
    }

    /// <summary>One JSON document on one line. The serializer escapes every character a terminal could take for a command.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        output.WriteLine(JsonSerializer.Serialize(value, type));
        output.Flush();
    }

    /// <summary>What went wrong or is not as expected, to stderr.</summary>
    public void Complain(string text) => error.WriteLine($"{Program.Name}: {TerminalText.CleanLines(text)}");
}
