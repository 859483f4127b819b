using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// The server directory with HTTP hubs to fall back to: the DHT is asked first, and the hubs as well as soon as it is late,
/// fails or finds nothing. Every row says where it is from; what its owner signed beats what a hub says. Hubs that are
/// down, slow or lying cost the DHT's answers no time. Safe for any thread. The directory and its node stay the caller's.
/// </summary>
public sealed class FederatedDirectory : IDisposable
{
    private readonly DhtQuestions _dht;
    private readonly FederatedDirectoryOptions _options;
    private readonly FallbackRace _race;
    private readonly HttpClient? _ownClient;
    private readonly HubSet _hubs;

    /// <summary>A directory over another one and hubs.</summary>
    /// <param name="directory">The directory over the DHT.</param>
    /// <param name="options">The hubs, and when to ask them.</param>
    /// <exception cref="ArgumentException">An option is wrong; the message says which and what is allowed.</exception>
    public FederatedDirectory(ServerDirectory directory, FederatedDirectoryOptions options)
        : this(DhtQuestions.Of(directory ?? throw new ArgumentNullException(nameof(directory))), options)
    {
    }

    internal FederatedDirectory(DhtQuestions dht, FederatedDirectoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(nameof(options));
        _dht = dht;
        _options = options;
        _race = new FallbackRace(options.SoftDeadline, options.Use, options.TimeProvider);
        _ownClient = options.HttpClient is null ? OwnClient(options.HubTimeout) : null;
        _hubs = new HubSet(options.Hubs, options.HttpClient ?? _ownClient!, options.HubTimeout, options.TimeProvider);
    }

    /// <summary>How the hubs do, in the order they were given.</summary>
    public IReadOnlyList<HubState> Hubs => _hubs.States();

    /// <summary>
    /// Announces a server to the DHT and to all hubs until the handle is disposed of. Hubs are told in the
    /// background, when the DHT has been or is late (the soft deadline): the call takes as long as the DHT does.
    /// </summary>
    /// <param name="server">What the server says about itself.</param>
    /// <param name="playerIds">
    /// Who is on it: at most 200 ids of 1 to 64 printable ASCII characters. Null: nobody is told. The DHT hears of them in the
    /// background, unless <see cref="ServerDirectoryOptions.PublishPlayers"/> is false.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The description or an id is not valid; the message names what is wrong.</exception>
    /// <exception cref="InvalidOperationException">The node announces a server of that name already.</exception>
    public async Task<FederatedAnnouncement> AnnounceAsync(
        ServerInfo server, IReadOnlyList<string>? playerIds = null, CancellationToken cancellationToken = default)
    {
        HubAnnouncement announcement = new()
        {
            Server = ServerInfoValidator.Require(server, nameof(server)),
            PlayerIds = HubAnnouncement.RequirePlayerIds(playerIds, nameof(playerIds)),
        };
        Task<ServerAnnouncement> announcing = _dht.AnnounceAsync(server, cancellationToken);
        // The DHT first, if it is quick: a hub that is a node of it must not take the server for one that needs a hand.
        await Task.WhenAny(announcing, Task.Delay(_options.SoftDeadline, _options.TimeProvider, cancellationToken)).ConfigureAwait(false);
        if (announcing.IsCompleted || cancellationToken.IsCancellationRequested)
        {
            // Refused, as for a name that is taken, or given up, it is thrown here: hubs must not hear of it.
            await announcing.ConfigureAwait(false);
        }

        HubHeartbeat heartbeat = new(_hubs, announcement, _options.HeartbeatInterval, _options.TimeProvider);
        try
        {
            ServerAnnouncement signed = await announcing.ConfigureAwait(false);
            FederatedAnnouncement.Tell(signed, announcement.PlayerIds);
            return new FederatedAnnouncement(signed, heartbeat, _hubs);
        }
        catch
        {
            await heartbeat.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Looks a server up by its name. <c>name#fingerprint</c> is a question to the DHT alone: nothing a hub says is signed.
    /// </summary>
    /// <param name="nameOrNameWithFingerprint">As for <see cref="ServerDirectory.LookupAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The text can't name a server; the message says why.</exception>
    public async Task<FederatedLookupResult> LookupAsync(string nameOrNameWithFingerprint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nameOrNameWithFingerprint);
        if (!ServerNameText.TryParse(nameOrNameWithFingerprint, out ServerNameText text, out string? problem))
        {
            throw new ArgumentException(problem, nameof(nameOrNameWithFingerprint));
        }

        if (text.Fingerprint is not null)
        {
            ServerLookupResult only = await _dht.LookupAsync(nameOrNameWithFingerprint, cancellationToken).ConfigureAwait(false);
            return FederatedMerge.Lookup(only, hubRow: null, hubsAnswered: false);
        }

        var result = await _race.RunAsync(
            token => _dht.LookupAsync(nameOrNameWithFingerprint, token),
            static dht => dht.Server is not null,
            token => AskForNameAsync(text.Name, token),
            words => words.Any(word => word.Value.Count > 0),
            cancellationToken).ConfigureAwait(false);
        IReadOnlyList<HubWord<IReadOnlyList<HubAnnouncement>>> words = result.Hubs ?? [];
        FederatedListing? hubRow = FederatedMerge.ByName(words, _hubs, _dht.Scope()).GetValueOrDefault(text.Name);
        return FederatedMerge.Lookup(result.Dht, hubRow, words.Count > 0);
    }

    /// <summary>
    /// Lists servers, in the order of <see cref="ServerQuery.OrderBy"/>. Signed rows come first where the limit cuts. Empty when nobody answers;
    /// <see cref="Hubs"/> tells how the hubs did.
    /// </summary>
    /// <param name="query">Which servers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The query is not valid; the message names all that is wrong.</exception>
    public async Task<IReadOnlyList<FederatedListing>> QueryAllAsync(ServerQuery query, CancellationToken cancellationToken = default)
    {
        ServerQuery normalized = ServerQueryRules.Require(query, nameof(query));
        var result = await _race.RunAsync(
            token => _dht.QueryAllAsync(normalized, token),
            static rows => rows.Count > 0,
            token => AskForAsync(HubQuery.Of(normalized), token),
            static words => words.Any(word => word.Value.Count > 0),
            cancellationToken).ConfigureAwait(false);
        return FederatedMerge.Query(result.Dht ?? [], FederatedMerge.ByName(result.Hubs ?? [], _hubs, _dht.Scope()), normalized.Limit, normalized.OrderBy);
    }

    /// <summary>
    /// Lists servers as they become known. A server that a hub was first to tell of comes a second time when its signed row
    /// arrives, with the same name: that one replaces the first.
    /// </summary>
    /// <param name="query">Which servers.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="ArgumentException">The query is not valid; the message names all that is wrong. Thrown at the call.</exception>
    public IAsyncEnumerable<FederatedListing> QueryAsync(ServerQuery query, CancellationToken cancellationToken = default)
    {
        ServerQuery normalized = ServerQueryRules.Require(query, nameof(query));
        FederatedStream stream = new(normalized, _options.SoftDeadline, _options.Use, _options.TimeProvider);
        return stream.RunAsync(
            token => _dht.QueryAsync(normalized, token),
            async token => FederatedMerge.ByName(await AskForAsync(HubQuery.Of(normalized), token).ConfigureAwait(false), _hubs, _dht.Scope()),
            cancellationToken);
    }

    /// <summary>Finds the server a player is on, among those that tell the DHT or a hub.</summary>
    /// <param name="playerId">The player's id: 1 to 64 printable ASCII characters.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The id can't be one.</exception>
    public async Task<FederatedPlayerResult> FindPlayerAsync(string playerId, CancellationToken cancellationToken = default)
    {
        PlayerId.Require(playerId, nameof(playerId));

        FederatedPlayerResult nobodyKnows = new(FederatedPlayerStatus.Unavailable, ServerName: null, ServerAddress: null, ServerSource.None);
        var result = await _race.RunAsync(
            token => _dht.FindPlayerAsync?.Invoke(playerId, token) ?? Task.FromResult(nobodyKnows),
            static player => player.Status == FederatedPlayerStatus.Online,
            token => _hubs.AskAsync((hub, asked) => hub.LookupAsync(playerId, asked), static place => place.IsOnline, token),
            static words => words.Any(word => word.Value.IsOnline),
            cancellationToken).ConfigureAwait(false);
        IReadOnlyList<HubWord<HubPlayerPlace>> words = result.Hubs ?? [];
        if (result.Dht is { Status: FederatedPlayerStatus.Online } online)
        {
            return online;
        }

        HubPlayerPlace? place = words.Select(word => word.Value).FirstOrDefault(word => word.IsOnline);
        if (place is not null)
        {
            return new FederatedPlayerResult(FederatedPlayerStatus.Online, place.ServerName, place.ServerAddress, ServerSource.Hub);
        }

        return words.Count > 0
            ? new FederatedPlayerResult(FederatedPlayerStatus.Offline, ServerName: null, ServerAddress: null, ServerSource.Hub)
            : result.Dht ?? nobodyKnows;
    }

    /// <summary>Closes the connections to hubs, unless the client is the caller's. Announcements are handles of their own: dispose of them first.</summary>
    public void Dispose() => _ownClient?.Dispose();

    private Task<IReadOnlyList<HubWord<IReadOnlyList<HubAnnouncement>>>> AskForAsync(HubQuery query, CancellationToken cancellationToken) =>
        _hubs.AskAsync((hub, token) => hub.QueryAsync(query, token), static rows => rows.Count > 0, cancellationToken);

    /// <summary>The wire can't ask for a name: the hub's whole list, less all other names.</summary>
    private Task<IReadOnlyList<HubWord<IReadOnlyList<HubAnnouncement>>>> AskForNameAsync(string name, CancellationToken cancellationToken) =>
        _hubs.AskAsync(
            async (hub, token) =>
            {
                var reply = await hub.QueryAsync(new HubQuery(), token).ConfigureAwait(false);
                return reply with { Value = reply.Value?.Where(row => Bears(row, name)).ToArray() };
            },
            static rows => rows.Count > 0,
            cancellationToken);

    private static bool Bears(HubAnnouncement row, string name) =>
        string.Equals(DirectoryText.NormalizeName(row.Server.Name), name, StringComparison.Ordinal);

    private static HttpClient OwnClient(TimeSpan timeout)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = timeout,
            MaxConnectionsPerServer = 8,
            MaxResponseHeadersLength = 16,
            // Host names are resolved anew now and then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
