using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Federation.Pings;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>
/// A server this node announces. The node keeps its records alive until this handle is withdrawn or disposed of, or the
/// node stops, and signs them anew every half lease: so others see that the server lives. Every member may be called from
/// any thread; changes are made one after the other.
/// </summary>
public sealed class ServerAnnouncement : IAsyncDisposable
{
    /// <summary>A disposal takes no longer, whatever the network does.</summary>
    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(5);

    /// <summary>Timers count whole milliseconds and cut off the rest.</summary>
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    /// <summary>By what share a renewal comes earlier or later.</summary>
    private const double RenewalSpread = 0.1;

    private readonly KademliaNode _node;
    private readonly AnnouncedNames _names;
    private readonly string _name;
    private readonly ServerDirectoryOptions _options;
    private readonly PlayerRoster _roster;

    // Neither is ever disposed of: a late caller must meet an ended announcement, not a disposed source, and without
    // timers or wait handles there is nothing in them to release.
    private readonly Turns _turn;
    private readonly CancellationTokenSource _ending = new();

    // Only touched by who has the turn.
    private readonly GenreRow _genreRow;

    private volatile ServerInfo _server;
    private volatile AnnounceResult? _lastResult;
    private long _publishedAt;
    private int _isEnded;

    internal ServerAnnouncement(KademliaNode node, AnnouncedNames names, ServerInfo server, PlayerKeys keys, ServerDirectoryOptions options)
    {
        _node = node;
        _names = names;
        _server = server;
        _options = options;
        _turn = new Turns(1, node.ContinuesInline);
        _roster = new PlayerRoster(PlayerRecords.Of(node), keys, options, server);
        _name = DirectoryText.NormalizeName(server.Name);
        _genreRow = new GenreRow(node, _name);
    }

    /// <summary>What is announced: the description given last, normalized.</summary>
    public ServerInfo Server => _server;

    /// <summary>
    /// The result of the last announcement, update or renewal that ran to its end. When it reached too few nodes the node goes on
    /// trying by itself.
    /// </summary>
    public AnnounceResult LastResult =>
        _lastResult ?? throw new InvalidOperationException("Nothing was announced yet.");

    internal int MaxPlayers => _options.MaxPlayers;

    /// <summary>
    /// Replaces the description, for example when a player came or left. When the genre changes, the server is put under
    /// the new one before it is taken from the old one, so that it can be found all the time.
    /// </summary>
    /// <param name="changed">The new description, of the same name (upper and lower case may differ).</param>
    /// <param name="cancellationToken">Stops waiting; the change may or may not have been made.</param>
    /// <returns>How many nodes hold it. Too few is no error: the node tries again by itself.</returns>
    /// <exception cref="ArgumentException">
    /// The description is not valid (the message names all that is wrong) or its name differs.
    /// </exception>
    /// <exception cref="InvalidOperationException">The announcement was withdrawn.</exception>
    public async Task<AnnounceResult> UpdateAsync(ServerInfo changed, CancellationToken cancellationToken = default)
    {
        ServerInfo server = ServerInfoValidator.Require(changed, nameof(changed), _options.ScopeOn(_node));
        if (!string.Equals(DirectoryText.NormalizeName(server.Name), _name, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The announcement is of {DirectoryText.Quote(_server.Name)} and can't become {DirectoryText.Quote(server.Name)}. "
                + "Withdraw it and announce the other name.",
                nameof(changed));
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        try
        {
            await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                either.Token.ThrowIfCancellationRequested();
                AnnounceResult result = await PublishAsync(server, either.Token).ConfigureAwait(false);
                await _roster.RestateAsync(server, either.Token).ConfigureAwait(false);
                return result;
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested && _ending.IsCancellationRequested)
        {
            throw new InvalidOperationException(
                $"The announcement of {DirectoryText.Quote(_server.Name)} was withdrawn. Announce the server again.", cause);
        }
    }

    /// <summary>
    /// Tells the network who is on the server, so that others find them (<see cref="ServerDirectory.FindPlayerAsync"/>). Give the whole
    /// list at every change: who is new is published, who is missing is taken back, and who stayed is left as they are. The
    /// node repeats it before the lease ends, for as long as the announcement lasts.
    /// Does nothing when <see cref="ServerDirectoryOptions.PublishPlayers"/> is false.
    /// </summary>
    /// <param name="playerIds">
    /// Who is on it: at most <see cref="ServerDirectoryOptions.MaxPlayers"/> ids of 1 to 64 printable ASCII characters; upper and lower
    /// case are two players. Leave out who does not want to be found.
    /// </param>
    /// <param name="cancellationToken">Stops waiting; the node goes on with the list.</param>
    /// <returns>How many can be found. Too few is no error: the node tries again by itself.</returns>
    /// <exception cref="ArgumentException">There are too many ids, or some can't be ids; the message names what is wrong.</exception>
    /// <exception cref="InvalidOperationException">The announcement was withdrawn.</exception>
    public async Task<PlayersResult> SetPlayersAsync(IReadOnlyCollection<string> playerIds, CancellationToken cancellationToken = default)
    {
        if (_options.PublishPlayers)
        {
            return await _roster.SetAsync(playerIds, cancellationToken).ConfigureAwait(false);
        }

        PlayerId.Require(playerIds, _options.MaxPlayers, nameof(playerIds));
        return PlayersResult.Nobody;
    }

    /// <summary>
    /// Takes the server out of the directory: its records are replaced by signed withdrawals, its players are taken back, and
    /// the name is free to be announced again. From the call on updates are refused. Withdrawing again is fine.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting. The announcement is not free then; withdraw again or dispose of it.</param>
    public async Task WithdrawAsync(CancellationToken cancellationToken = default)
    {
        await _node.CancelAsync(_ending).ConfigureAwait(false);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Volatile.Read(ref _isEnded) != 0)
            {
                return;
            }

            await Task.WhenAll(
                _roster.EndAsync(cancellationToken),
                _node.WithdrawAsync(DirectoryKeys.Name(_name), DirectoryKeys.NameLabel, cancellationToken),
                _genreRow.WithdrawAsync(cancellationToken)).ConfigureAwait(false);
            End();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Withdraws the server unless it was. Takes at most 5 s and never throws: what could not be withdrawn by then (the node
    /// was stopped, nobody answers) expires by itself. Disposing again is fine.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(DisposalLimit, _options.TimeProvider);
        try
        {
            await WithdrawAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever went wrong, there is nothing a caller of a disposal could do about it.
        catch (Exception)
#pragma warning restore CA1031
        {
            End();
        }
    }

    /// <summary>
    /// Puts both records of the description given at construction, and has them renewed from then on. For the directory, before
    /// anybody has the handle.
    /// </summary>
    internal async Task BeginAsync(CancellationToken cancellationToken)
    {
        await PublishAsync(_server, cancellationToken).ConfigureAwait(false);
        _ = RenewAsync();
    }

    private async Task RenewAsync()
    {
        // Half a lease, give or take: servers that were started together drift apart.
        EntropySource entropy = _node.NewEntropy();
        TimeSpan due = entropy.Jitter(_options.Lease / 2, RenewalSpread);
        try
        {
            while (true)
            {
                // An update in between is as good as a renewal.
                TimeSpan left = due - _options.TimeProvider.GetElapsedTime(Volatile.Read(ref _publishedAt));
                if (left > TimeSpan.Zero)
                {
                    await _node.DelayAsync(left + TimerGrain, _options.TimeProvider, _ending.Token).ConfigureAwait(false);
                    continue;
                }

                await _turn.WaitAsync(_ending.Token).ConfigureAwait(false);
                try
                {
                    await PublishAsync(_server, _ending.Token).ConfigureAwait(false);
                }
                finally
                {
                    _turn.Release();
                }

                due = entropy.Jitter(_options.Lease / 2, RenewalSpread);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
        {
            // It was withdrawn, or the node was stopped.
        }
    }

    private async Task<AnnounceResult> PublishAsync(ServerInfo server, CancellationToken cancellationToken)
    {
        (NodeEndpoint bound, NodeEndpoint? external) = _node.Endpoints;
        byte[] row = ServerRowCodec.Encode(server, _options.Lease, NodePort.For(server.Address, _node.Mode, bound, external));
        bool isNew = _lastResult is null;
        _server = server;
        Volatile.Write(ref _publishedAt, _options.TimeProvider.GetTimestamp());
        PutOptions options = new() { Label = DirectoryKeys.NameLabel };
        Task<PutResult> nameRecord = isNew
            ? _node.PutAsync(DirectoryKeys.Name(_name), row, options, cancellationToken)
            : _node.RenewAsync(DirectoryKeys.Name(_name), row, options, cancellationToken);
        Task<PutResult> genreEntry = _genreRow.PublishAsync(server.Genre, row, cancellationToken);
        await Task.WhenAll(nameRecord, genreEntry).ConfigureAwait(false);
        AnnounceResult result = new(await nameRecord.ConfigureAwait(false), await genreEntry.ConfigureAwait(false));
        _lastResult = result;
        return result;
    }

    // Once only: by the time of a second disposal the name may belong to a new announcement.
    private void End()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            _roster.Dispose();
            _names.Release(_name);
        }
    }
}
