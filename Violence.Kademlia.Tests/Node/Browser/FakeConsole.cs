using System.Threading.Channels;
using Violence.Kademlia.Node.Browser;

namespace Violence.Kademlia.Tests.Node.Browser;

/// <summary>A screen that remembers what was shown, and a keyboard that a test presses.</summary>
internal sealed class FakeConsole : IBrowserConsole
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Channel<ConsoleKeyInfo> _keys = Channel.CreateUnbounded<ConsoleKeyInfo>();
    private readonly Channel<string> _screens = Channel.CreateUnbounded<string>();

    public (int Width, int Height) Size { get; set; } = (120, 24);

    /// <summary>Taken and not given back: 1 while the browser runs.</summary>
    public int Taken { get; private set; }

    public void Enter() => Taken++;

    public void Leave() => Taken--;

    public void Show(IReadOnlyList<BrowserLine> lines) => _screens.Writer.TryWrite(string.Join('\n', lines.Select(line => line.Text)));

    public async Task<ConsoleKeyInfo> ReadKeyAsync(CancellationToken stop) => await _keys.Reader.ReadAsync(stop);

    public void Press(string key) => _keys.Writer.TryWrite(BrowserTests.Key(key));

    /// <summary>Waits for a screen that has a text on it.</summary>
    public async Task<string> SeeAsync(string text)
    {
        using var limit = new CancellationTokenSource(Patience);
        string last = "";
        try
        {
            while (true)
            {
                last = await _screens.Reader.ReadAsync(limit.Token);
                if (last.Contains(text, StringComparison.Ordinal))
                {
                    return last;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new AssertionException($"'{text}' was not shown; at last:\n{last}");
        }
    }
}
