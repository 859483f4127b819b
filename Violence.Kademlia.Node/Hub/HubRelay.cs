using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Hub;

/// <summary>
/// Announces to the DHT, signed with this node's key, what the hub's table has: brings each name's announcement in line with
/// the table when told that something changed. A few names at a time, so that a burst of changes of one server becomes one.
/// A server that announces itself to the DHT as well is left to itself: a second row of it would be a rival claim.
/// </summary>
internal sealed partial class HubRelay : IAsyncDisposable
{
    private const int Lanes = 8;

    private static readonly TimeSpan PlayersPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WithdrawalLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long it is taken as known whether a server announces itself.</summary>
    private static readonly TimeSpan OwnerCheck = TimeSpan.FromMinutes(5);

    private readonly ServerDirectory _directory;
    private readonly NodeId _self;
    private readonly HubTable _table;
    private readonly int _mostPlayers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Lane[] _lanes = new Lane[Lanes];
    private readonly ConcurrentDictionary<string, ServerInfo> _orphans = new(StringComparer.Ordinal);
    private int _publishedPlayers;

    /// <param name="directory">Where to announce.</param>
    /// <param name="self">Who announces.</param>
    /// <param name="table">What is to be announced.</param>
    /// <param name="settings">The clock, and how many players are published.</param>
    /// <param name="logger">Where failures are told.</param>
    public HubRelay(ServerDirectory directory, NodeId self, HubTable table, HubSettings settings, ILogger logger)
    {
        _directory = directory;
        _self = self;
        _table = table;
        _mostPlayers = settings.MostPublishedPlayers;
        _time = settings.Time;
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

    /// <summary>
    /// Withdraws what this node announced in an earlier run, keeps alive from its saved state, and nobody announces any more.
    /// For when every server that is still there has been heard of again.
    /// </summary>
    public async Task SweepAsync(IReadOnlyList<string> genres)
    {
        foreach (string genre in genres)
        {
            var query = new ServerQuery { Genre = genre, Limit = ServerQuery.MaxLimit };
            foreach (ServerListing row in await _directory.QueryAllAsync(query, _ending.Token))
            {
                string key = HubTable.KeyOf(row.Server);
                if (row.Owner == _self && _table.Find(key) is null)
                {
                    _orphans[key] = row.Server;
                    Touch(key);
                }
            }
        }
    }

    /// <summary>Stops and withdraws everything, for at most about 5 s; what is left expires by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_lanes.Select(lane => lane.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task withdrawn = Task.WhenAll(_lanes.SelectMany(lane => lane.Known.Values).Select(server => WithdrawAsync(server)));
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
        if (_table.Find(key) is not { } wanted)
        {
            if (lane.Known.Remove(key, out RelayedServer? gone))
            {
                await WithdrawAsync(gone);
            }
            else if (_orphans.TryRemove(key, out ServerInfo? orphan))
            {
                // Only a handle can withdraw, and only an announcement gives one.
                await (await _directory.AnnounceAsync(orphan, _ending.Token)).DisposeAsync();
            }

            return;
        }

        if (!lane.Known.TryGetValue(key, out RelayedServer? server))
        {
            server = new RelayedServer();
            lane.Known.Add(key, server);
        }

        TimeSpan now = _time.GetElapsedTime(0);
        if (server.CheckedAt is not { } checkedAt || now - checkedAt >= OwnerCheck)
        {
            server.AnnouncesItself = await AnnouncesItselfAsync(wanted);
            server.CheckedAt = now;
        }

        if (server.AnnouncesItself)
        {
            await WithdrawAsync(server);
        }
        else if (server.Announcement is null)
        {
            server.Announcement = await _directory.AnnounceAsync(wanted, _ending.Token);
        }
        else if (!server.Announcement.Server.Equals(wanted))
        {
            await server.Announcement.UpdateAsync(wanted, _ending.Token);
        }

        await PublishPlayersAsync(server, _table.PlayersOf(key));
    }

    /// <summary>Tells the DHT who plays there, as far as this node may still hold players. Others of the lane don't wait for long: the announcement goes on with the list.</summary>
    private async Task PublishPlayersAsync(RelayedServer server, IReadOnlyList<string> players)
    {
        if (server.Announcement is not { } announcement || (players.Count == 0 && server.PublishedPlayers == 0))
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        patience.CancelAfter(PlayersPatience);
        try
        {
            await announcement.SetPlayersAsync([.. players.Take(Grant(server, players.Count))], patience.Token);
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            // It was slow; the list is taken all the same.
        }
    }

    /// <summary>How many players of this server may be published.</summary>
    private int Grant(RelayedServer server, int asked)
    {
        lock (_gate)
        {
            int granted = Math.Clamp(_mostPlayers - (_publishedPlayers - server.PublishedPlayers), 0, asked);
            _publishedPlayers += granted - server.PublishedPlayers;
            server.PublishedPlayers = granted;
            return granted;
        }
    }

    private async Task<bool> AnnouncesItselfAsync(ServerInfo wanted)
    {
        ServerLookupResult found = await _directory.LookupAsync(wanted.Name, _ending.Token);
        return found.Rivals.Append(found.Server).Any(claim =>
            claim is not null && claim.Owner != _self && HubTable.IsSameAddress(claim.Server, wanted));
    }

    private async Task WithdrawAsync(RelayedServer server)
    {
        Grant(server, 0);
        if (server.Announcement is { } announcement)
        {
            server.Announcement = null;
            await announcement.DisposeAsync();
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
        public Dictionary<string, RelayedServer> Known { get; } = new(StringComparer.Ordinal);

        public Task Work { get; set; } = Task.CompletedTask;
    }

    private sealed class RelayedServer
    {
        public ServerAnnouncement? Announcement { get; set; }

        /// <summary>How many of its players count for this node's limit.</summary>
        public int PublishedPlayers { get; set; }

        public bool AnnouncesItself { get; set; }

        public TimeSpan? CheckedAt { get; set; }
    }
}
