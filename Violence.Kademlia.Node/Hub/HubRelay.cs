using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Hub;

/// <summary>
/// Announces to the DHT, signed with this node's key, what the hub's table has: brings each name's announcement in line with
/// the table when told that something changed. A few names at a time, so that a burst of changes of one server becomes one.
/// </summary>
internal sealed partial class HubRelay : IAsyncDisposable
{
    private const int Lanes = 8;

    private static readonly TimeSpan WithdrawalLimit = TimeSpan.FromSeconds(5);

    private readonly ServerDirectory _directory;
    private readonly Func<string, ServerInfo?> _wanted;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lane[] _lanes = new Lane[Lanes];

    /// <param name="directory">Where to announce.</param>
    /// <param name="wanted">What is to be announced under a name; null: nothing.</param>
    /// <param name="logger">Where failures are told.</param>
    public HubRelay(ServerDirectory directory, Func<string, ServerInfo?> wanted, ILogger logger)
    {
        _directory = directory;
        _wanted = wanted;
        _logger = logger;
        for (int i = 0; i < Lanes; i++)
        {
            Lane lane = new();
            _lanes[i] = lane;
            lane.Work = Task.Run(() => WorkAsync(lane));
        }
    }

    /// <summary>Something about this name may have changed.</summary>
    public void Touch(string key)
    {
        // A name always takes the same lane, so its changes are made one after the other.
        Lane lane = _lanes[(uint)key.GetHashCode(StringComparison.Ordinal) % Lanes];
        lock (lane.Waiting)
        {
            if (!lane.Waiting.Add(key))
            {
                return;
            }
        }

        lane.Names.Writer.TryWrite(key);
    }

    /// <summary>Stops and withdraws everything, for at most about 5 s; what is left expires by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_lanes.Select(lane => lane.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task withdrawn = Task.WhenAll(_lanes.SelectMany(lane => lane.Announced.Values).Select(server => server.DisposeAsync().AsTask()));
        await Task.WhenAny(withdrawn, Task.Delay(WithdrawalLimit));
        _ending.Dispose();
    }

    private async Task WorkAsync(Lane lane)
    {
        await foreach (string key in lane.Names.Reader.ReadAllAsync(_ending.Token))
        {
            lock (lane.Waiting)
            {
                lane.Waiting.Remove(key);
            }

            try
            {
                await AlignAsync(lane, key);
            }
            catch (Exception failure) when (!_ending.IsCancellationRequested)
            {
                // One server's trouble must not stop the others; its next heartbeat tries again.
                LogFailure(_logger, key, failure);
            }
        }
    }

    private async Task AlignAsync(Lane lane, string key)
    {
        ServerInfo? wanted = _wanted(key);
        ServerAnnouncement? announced = lane.Announced.GetValueOrDefault(key);
        if (wanted is null)
        {
            if (announced is not null)
            {
                lane.Announced.Remove(key);
                await announced.DisposeAsync();
            }
        }
        else if (announced is null)
        {
            lane.Announced[key] = await _directory.AnnounceAsync(wanted, _ending.Token);
        }
        else if (!announced.Server.Equals(wanted))
        {
            await announced.UpdateAsync(wanted, _ending.Token);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The server {Name} could not be announced or withdrawn")]
    private static partial void LogFailure(ILogger logger, string name, Exception failure);

    private sealed class Lane
    {
        /// <summary>Bounded by the table: a name waits once at most.</summary>
        public Channel<string> Names { get; } = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

        public HashSet<string> Waiting { get; } = new(StringComparer.Ordinal);

        /// <summary>Touched by the lane's worker alone.</summary>
        public Dictionary<string, ServerAnnouncement> Announced { get; } = new(StringComparer.Ordinal);

        public Task Work { get; set; } = Task.CompletedTask;
    }
}
