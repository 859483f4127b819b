namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// A server announced to the DHT and to the hubs. Both hear of it until this handle is disposed of. Safe for any thread.
/// </summary>
public sealed class FederatedAnnouncement : IAsyncDisposable
{
    private readonly ServerAnnouncement _dht;
    private readonly HubHeartbeat _heartbeat;
    private readonly HubSet _hubs;

    internal FederatedAnnouncement(ServerAnnouncement dht, HubHeartbeat heartbeat, HubSet hubs)
    {
        _dht = dht;
        _heartbeat = heartbeat;
        _hubs = hubs;
    }

    /// <summary>What is announced.</summary>
    public ServerInfo Server => _dht.Server;

    /// <summary>The result of the last announcement or update over the DHT.</summary>
    public AnnounceResult LastResult => _dht.LastResult;

    /// <summary>How the hubs do.</summary>
    public IReadOnlyList<HubState> Hubs => _hubs.States();

    /// <summary>Replaces the description. Hubs hear of it within 5 s, unless they are down.</summary>
    /// <param name="changed">The new description, of the same name.</param>
    /// <param name="playerIds">Who is on the server, as in the announcement. Null: nobody is told.</param>
    /// <param name="cancellationToken">Stops waiting for the DHT; the change may or may not have been made.</param>
    /// <returns>How many nodes hold it.</returns>
    /// <exception cref="ArgumentException">The description or an id is not valid, or the name differs.</exception>
    /// <exception cref="InvalidOperationException">The announcement was withdrawn.</exception>
    public Task<AnnounceResult> UpdateAsync(
        ServerInfo changed, IReadOnlyList<string>? playerIds = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> ids = HubAnnouncement.RequirePlayerIds(playerIds, nameof(playerIds));
        // Judges the name as well, and at the call: the hubs must not hear what the DHT's handle refuses.
        Task<AnnounceResult> update = _dht.UpdateAsync(changed, cancellationToken);
        if (!update.IsFaulted)
        {
            Tell(_dht, ids);
            _heartbeat.Update(new HubAnnouncement { Server = ServerInfoValidator.Normalize(changed), PlayerIds = ids });
        }

        return update;
    }

    /// <summary>
    /// Tells the DHT who is there. Nobody waits for it: a full server takes seconds, and the roster tries again by itself.
    /// Those beyond <see cref="ServerDirectoryOptions.MaxPlayers"/> are told to hubs only.
    /// </summary>
    internal static void Tell(ServerAnnouncement announcement, IReadOnlyList<string> playerIds) =>
        _ = announcement.SetPlayersAsync([.. playerIds.Distinct(StringComparer.Ordinal).Take(announcement.MaxPlayers)]).ContinueWith(
            static told => told.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>
    /// Withdraws it from the DHT and stops the heartbeats: hubs forget it by themselves, after 15 minutes as a rule. Takes at
    /// most about 5 s and never throws. Disposing again is fine.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _heartbeat.DisposeAsync().ConfigureAwait(false);
        await _dht.DisposeAsync().ConfigureAwait(false);
    }
}
