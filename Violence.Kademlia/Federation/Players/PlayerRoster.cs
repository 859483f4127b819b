using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>
/// Who is on one server, and the rows that say so in the network. Every stay of a player is a record of its own (its label), so
/// that one who comes back is new there too. Rows are put again before their lease ends; a player who left gets a farewell,
/// an empty record in the row's place. A row's puts are made one after the other, and each says what holds by then.
/// Safe for any thread.
/// </summary>
internal sealed class PlayerRoster : IDisposable
{
    /// <summary>Puts under way at once.</summary>
    public const int Lanes = 8;

    private const double Spread = 0.2;
    private const int TicksPerLease = 18;
    private const int RetriesPerLease = 12;

    /// <summary>What a farewell outlives the lease by: holders take records of slow clocks for so long, so what it buries could be replayed.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    private readonly PlayerRecords _records;
    private readonly PlayerKeys _keys;
    private readonly ServerDirectoryOptions _options;
    private readonly TimeProvider _time;
    private readonly EntropySource _entropy;
    private readonly Lock _gate = new();
    private readonly Turns _lanes;
    private readonly SortedDictionary<string, Stay> _present = new(StringComparer.Ordinal);

    // In the order they left.
    private readonly List<Stay> _leaving = [];
    private readonly CancellationTokenSource _ending = new();
    private ITimer? _timer;
    private string _serverName;
    private string _serverAddress;
    private bool _isEnded;

    public PlayerRoster(PlayerRecords records, PlayerKeys keys, ServerDirectoryOptions options, ServerInfo server)
    {
        _records = records;
        _entropy = records.Entropy;
        _lanes = new Turns(Lanes, records.ContinuesInline);
        _keys = keys;
        _options = options;
        _time = options.TimeProvider;
        (_serverName, _serverAddress) = (server.Name, server.Address);
    }

    /// <summary>Makes these the players of the server. Those who stayed are left as they are.</summary>
    /// <exception cref="ArgumentException">There are too many ids, or some can't be ids.</exception>
    /// <exception cref="InvalidOperationException">The roster has ended.</exception>
    public async Task<PlayersResult> SetAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        SortedSet<string> wanted = PlayerId.Require(ids, _options.MaxPlayers, nameof(ids));
        List<Stay> changed = [];
        lock (_gate)
        {
            if (_isEnded)
            {
                throw new InvalidOperationException("The announcement was withdrawn. Announce the server again.");
            }

            foreach (Stay gone in _present.Values.Where(stay => !wanted.Contains(stay.Id)).ToArray())
            {
                Leave(gone);
                changed.Add(gone);
            }

            foreach (string id in wanted.Where(id => !_present.ContainsKey(id)))
            {
                Stay stay = new(id, _keys.Of(id), NextLabel(), _time.GetUtcNow(), _records.ContinuesInline);
                _present.Add(id, stay);
                changed.Add(stay);
            }

            TimeSpan period = _options.PlayerLease / TicksPerLease;
            _timer ??= _time.CreateTimer(static roster => ((PlayerRoster)roster!).Tick(), this, period, period);
        }

        await Task.WhenAll(changed.Select(stay => AlignAsync(stay, cancellationToken))).ConfigureAwait(false);
        return State();
    }

    /// <summary>Rows say the server's name and address: when those change, all are put anew.</summary>
    public Task RestateAsync(ServerInfo server, CancellationToken cancellationToken)
    {
        Stay[] stays;
        lock (_gate)
        {
            bool isSame = string.Equals(_serverName, server.Name, StringComparison.Ordinal)
                && string.Equals(_serverAddress, server.Address, StringComparison.Ordinal);
            if (isSame || _isEnded)
            {
                return Task.CompletedTask;
            }

            (_serverName, _serverAddress) = (server.Name, server.Address);
            stays = [.. _present.Values];
            foreach (Stay stay in stays)
            {
                stay.Sealed = null;
                stay.Due = TimeSpan.Zero;
            }
        }

        return Task.WhenAll(stays.Select(stay => AlignAsync(stay, cancellationToken)));
    }

    /// <summary>Says farewell for everybody. Once begun nothing is renewed any more; may be tried again.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        Stay[] stays;
        lock (_gate)
        {
            End();
            stays = [.. _leaving];
        }

        await Task.WhenAll(stays.Select(stay => AlignAsync(stay, cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>Ends without a word: what is left expires by itself.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            End();
        }

        _ending.Cancel();
    }

    private void End()
    {
        _isEnded = true;
        _timer?.Dispose();
        foreach (Stay stay in _present.Values.ToArray())
        {
            Leave(stay);
        }
    }

    private void Leave(Stay stay)
    {
        stay.IsPresent = false;
        stay.Due = TimeSpan.Zero;
        _present.Remove(stay.Id);
        _leaving.Add(stay);

        // While nobody can be reached these pile up; the oldest are nearest to expiring anyhow.
        if (_leaving.Count > _options.MaxPlayers)
        {
            _leaving.RemoveAt(0);
        }
    }

    private PlayersResult State()
    {
        lock (_gate)
        {
            int stored = _present.Values.Count(stay => stay.IsStored);
            return new PlayersResult(stored, _present.Count - stored);
        }
    }

    private void Tick()
    {
        TimeSpan now = Now();
        Stay[] due;
        lock (_gate)
        {
            due = [.. _leaving.Concat(_present.Values).Where(stay => stay.Turn.IsFree && stay.Due <= now)];
        }

        foreach (Stay stay in due)
        {
            _ = RenewAsync(stay);
        }
    }

    private async Task RenewAsync(Stay stay)
    {
        try
        {
            await AlignAsync(stay, _ending.Token).ConfigureAwait(false);
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
        {
            // The announcement or its node has ended.
        }
    }

    /// <summary>Brings the network in line with what holds of this stay now.</summary>
    private async Task AlignAsync(Stay stay, CancellationToken cancellationToken)
    {
        await stay.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _lanes.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (Next(stay) is { } put)
                {
                    Settle(stay, put, await _records.PutAsync(put, cancellationToken).ConfigureAwait(false));
                }
            }
            finally
            {
                _lanes.Release();
            }
        }
        finally
        {
            stay.Turn.Release();
        }
    }

    /// <summary>What is to be put; null when nothing is.</summary>
    private PlayerPut? Next(Stay stay)
    {
        TimeSpan now = Now();
        lock (_gate)
        {
            if (!stay.IsPresent)
            {
                bool mayStand = stay.MayStandUntil > now;
                if (!mayStand)
                {
                    _leaving.Remove(stay);
                }

                // Sought anew, unlike a renewal: the row may still be on its way to holders that nobody remembers yet.
                return mayStand ? new PlayerPut(stay.Key.Position, stay.Label, ReadOnlyMemory<byte>.Empty, _options.PlayerLease + ClockTolerance) : null;
            }

            stay.Sealed ??= Seal(stay);
            // It may have reached somebody however the put ends.
            stay.MayStandUntil = now + _options.PlayerLease;
            return new PlayerPut(stay.Key.Position, stay.Label, stay.Sealed, _options.PlayerLease) { Placed = stay.Placed };
        }
    }

    private void Settle(Stay stay, PlayerPut put, PutStatus status)
    {
        bool isStored = status == PutStatus.Stored;
        TimeSpan now = Now();
        lock (_gate)
        {
            if (!stay.IsPresent && put.IsFarewell && isStored)
            {
                _leaving.Remove(stay);
                return;
            }

            stay.IsStored = isStored;
            TimeSpan pause = isStored ? _options.PlayerLease / 2 : _options.PlayerLease / RetriesPerLease;
            stay.Due = stay.IsPresent != put.IsFarewell ? now + _entropy.Jitter(pause, Spread) : TimeSpan.Zero;
        }
    }

    private string NextLabel() => _entropy.NextUInt64().ToString("x16", provider: null);

    private byte[] Seal(Stay stay)
    {
        Span<byte> nonce = stackalloc byte[PlayerSeal.NonceSize];
        _entropy.Fill(nonce);
        byte[] row = PlayerRowCodec.Encode(new PlayerRow(_serverName, _serverAddress, stay.Since));
        return PlayerSeal.Close(stay.Key, _records.Owner, row, nonce);
    }

    private TimeSpan Now() => _time.GetElapsedTime(0);

    /// <summary>One stay of one player. All but the turn is guarded by the roster's gate.</summary>
    private sealed class Stay(string id, PlayerPlaceKey key, string label, DateTimeOffset since, bool continuesInline)
    {
        public string Id => id;

        public PlayerPlaceKey Key => key;

        public string Label => label;

        public DateTimeOffset Since => since;

        public Turns Turn { get; } = new(1, continuesInline);

        /// <summary>Of who has the turn.</summary>
        public PlacedRecord Placed { get; } = new();

        public bool IsPresent { get; set; } = true;

        public bool IsStored { get; set; }

        /// <summary>When it is to be put next.</summary>
        public TimeSpan Due { get; set; }

        /// <summary>Until when some holder may have a row of it; zero when it was never put.</summary>
        public TimeSpan MayStandUntil { get; set; }

        /// <summary>The sealed row; null when it has to be made.</summary>
        public byte[]? Sealed { get; set; }
    }
}
