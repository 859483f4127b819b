using System.Text;
using Spectre.Console;

namespace Violence.Kademlia.Node.Browser;

/// <summary>The terminal this program runs in, painted with ECMA-48 sequences.</summary>
/// <param name="output">The terminal.</param>
internal sealed class SystemConsole(TextWriter output) : IBrowserConsole
{
    // The alternate screen and back, the cursor hidden and shown.
    private const string TakeScreen = "\e[?1049h\e[?25l\e[2J";
    private const string GiveScreen = "\e[?25h\e[?1049l";

    private const int FallbackWidth = 80;
    private const int FallbackHeight = 24;

    /// <summary>Short enough for a key to feel immediate; there is no way to wait for a key that can be given up.</summary>
    private static readonly TimeSpan KeyPause = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Null where a person can't see what is painted, or can't answer. To ask for the terminal's profile also switches the sequences on
    /// where they are off, as on Windows.
    /// </summary>
    public static SystemConsole? Detect() =>
        Console.IsOutputRedirected || Console.IsInputRedirected || !AnsiConsole.Profile.Capabilities.Ansi ? null : new SystemConsole(Console.Out);

    public (int Width, int Height) Size
    {
        get
        {
            try
            {
                (int width, int height) = (Console.WindowWidth, Console.WindowHeight);
                return width > 0 && height > 0 ? (width, height) : (FallbackWidth, FallbackHeight);
            }
            catch (IOException)
            {
                return (FallbackWidth, FallbackHeight);
            }
        }
    }

    public void Enter() => Write(TakeScreen);

    public void Leave() => Write(GiveScreen);

    public void Show(IReadOnlyList<BrowserLine> lines) => Write(Frame(lines));

    public async Task<ConsoleKeyInfo> ReadKeyAsync(CancellationToken stop)
    {
        while (!Console.KeyAvailable)
        {
            await Task.Delay(KeyPause, stop);
        }

        return Console.ReadKey(intercept: true);
    }

    /// <summary>One screen in one piece: painted over the last one, so that nothing flickers.</summary>
    public static string Frame(IReadOnlyList<BrowserLine> lines)
    {
        var frame = new StringBuilder("\e[H");
        for (int i = 0; i < lines.Count; i++)
        {
            frame.Append(lines[i].Style switch
            {
                BrowserStyle.Heading => "\e[1m",
                BrowserStyle.Selected => "\e[7m",
                BrowserStyle.Dim => "\e[2m",
                _ => "",
            }).Append(lines[i].Text).Append("\e[0m\e[K").Append(i + 1 < lines.Count ? "\r\n" : "");
        }

        return frame.Append("\e[J").ToString();
    }

    private void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }
}
