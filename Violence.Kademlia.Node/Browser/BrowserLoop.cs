using System.Threading.Channels;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Node.Browser;

/// <summary>
/// Carries keys and events to the state and the state to the screen, until it is told to quit or stopped. One genre is watched at
/// a time; what comes late from another is dropped.
/// </summary>
/// <param name="watcher">The way to watch.</param>
/// <param name="queryOf">The query for a genre.</param>
/// <param name="console">Screen and keyboard.</param>
/// <param name="time">The clock.</param>
internal sealed class BrowserLoop(ServerWatcher watcher, Func<string, ServerQuery> queryOf, IBrowserConsole console, TimeProvider time)
{
    private const int MostWaiting = 1_024;

    /// <summary>How late a new size of the window may be noticed.</summary>
    private static readonly TimeSpan SizePause = TimeSpan.FromMilliseconds(300);

    private readonly Channel<Input> _inputs = Channel.CreateBounded<Input>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    public async Task RunAsync(BrowserState state, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task keys = PumpKeysAsync(ending.Token);
        var tab = Watched.Start(this, state, ending.Token);
        console.Enter();
        try
        {
            while (!state.IsOver && !stop.IsCancellationRequested)
            {
                if (tab.Index != state.Tab)
                {
                    await tab.EndAsync();
                    tab = Watched.Start(this, state, ending.Token);
                }

                (int width, int height) = console.Size;
                console.Show(BrowserView.Lines(state, width, height));
                state = await NextAsync(state, (width, height), stop);
            }
        }
        finally
        {
            console.Leave();
            await ending.CancelAsync();
            await tab.EndAsync();
            await keys.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The state after all that has come by then: at least one input, unless the window has another size.</summary>
    private async Task<BrowserState> NextAsync(BrowserState state, (int Width, int Height) shownAt, CancellationToken stop)
    {
        Task<bool> coming = _inputs.Reader.WaitToReadAsync(stop).AsTask();
        while (!coming.IsCompleted && console.Size == shownAt)
        {
            await Task.WhenAny(coming, Task.Delay(SizePause, time, stop));
        }

        while (!state.IsOver && _inputs.Reader.TryRead(out Input input))
        {
            int tab = state.Tab;
            state = input switch
            {
                { Key: { } key } => BrowserKeys.Apply(state, key),
                { Tab: var from } when from != tab => state,
                { Happened: { } happened } => BrowserKeys.Apply(state, happened),
                _ => state with { Trouble = input.Trouble },
            };
            if (state.Tab != tab)
            {
                break;
            }
        }

        return state;
    }

    private async Task PumpKeysAsync(CancellationToken stop)
    {
        while (true)
        {
            ConsoleKeyInfo key = await console.ReadKeyAsync(stop);
            await _inputs.Writer.WriteAsync(new Input(Tab: -1, Key: key), stop);
        }
    }

    /// <summary>One of: a key, an event of the genre that is shown, or why there will be no more of them.</summary>
    private readonly record struct Input(int Tab, ConsoleKeyInfo? Key = null, WatchEvent? Happened = null, string? Trouble = null);

    /// <summary>The watch of the genre that is shown.</summary>
    private sealed class Watched(int index, CancellationTokenSource ending)
    {
        private Task _pumping = Task.CompletedTask;

        public int Index => index;

        public static Watched Start(BrowserLoop loop, BrowserState state, CancellationToken stop)
        {
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var watched = new Watched(state.Tab, ending);
            watched._pumping = watched.PumpAsync(loop, loop.QueryOf(state.Genre), ending.Token);
            return watched;
        }

        public async Task EndAsync()
        {
            await ending.CancelAsync();
            await _pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ending.Dispose();
        }

        private async Task PumpAsync(BrowserLoop loop, ServerQuery query, CancellationToken stop)
        {
            try
            {
                await foreach (WatchEvent happened in loop.Watch(query, stop))
                {
                    await loop._inputs.Writer.WriteAsync(new Input(index, Happened: happened), stop);
                }
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                await loop._inputs.Writer.WriteAsync(new Input(index, Trouble: $"the watch has ended: {failure.Message}"), stop);
            }
        }
    }

    private ServerQuery QueryOf(string genre) => queryOf(genre);

    private IAsyncEnumerable<WatchEvent> Watch(ServerQuery query, CancellationToken stop) => watcher(query, stop);
}
