using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Watching;

/// <summary>A watch whose servers' round trips are measured now and then, each told as an event of its own.</summary>
/// <param name="watcher">The watch.</param>
/// <param name="query">Lists and measures the servers that are there now.</param>
/// <param name="time">The clock.</param>
internal sealed class PingedWatch(
    ServerWatcher watcher, Func<ServerQuery, CancellationToken, Task<IReadOnlyList<ServerListing>>> query, TimeProvider time)
{
    /// <summary>The library measures an address no more often.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private const int MostWaiting = 1_024;

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ServerQuery wanted, [EnumeratorCancellation] CancellationToken stop)
    {
        var events = Channel.CreateBounded<WatchEvent>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task pumping = PumpAsync(wanted, events.Writer, ending.Token);
        Task measuring = MeasureAsync(wanted, events.Writer, ending.Token);
        try
        {
            await foreach (WatchEvent happened in events.Reader.ReadAllAsync(stop))
            {
                yield return happened;
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(pumping, measuring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PumpAsync(ServerQuery wanted, ChannelWriter<WatchEvent> events, CancellationToken stop)
    {
        try
        {
            await foreach (WatchEvent happened in watcher(wanted, stop))
            {
                await events.WriteAsync(happened, stop);
            }

            events.TryComplete();
        }
        catch (Exception failure)
        {
            // The reader's to judge.
            events.TryComplete(failure);
        }
    }

    private async Task MeasureAsync(ServerQuery wanted, ChannelWriter<WatchEvent> events, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (ServerListing listing in await query(wanted with { OrderBy = ServerOrder.Ping }, stop))
            {
                await events.WriteAsync(new WatchEvent(WatchKind.Measured, listing), stop);
            }

            await Task.Delay(Pause, time, stop);
        }
    }
}
