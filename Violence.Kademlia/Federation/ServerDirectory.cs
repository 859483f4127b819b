using System.Runtime.CompilerServices;
using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Federation.Pings;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>
/// The server browser without a master server: game servers announce themselves, players look them up by name or list them
/// by genre. Every server has rows of its own, signed by its node, so servers never overwrite each other. Keeps no state
/// but the names announced; make as many over one node as you like. Safe for any thread. The node stays the caller's.
/// </summary>
public sealed class ServerDirectory
{
    // Not the query's limit: rows that are filtered out or not valid must not use it up.
    private static readonly GetOptions Everything = new() { Mode = GetMode.All, Limit = 10_000 };

    private readonly KademliaNode _node;
    private readonly AnnouncedNames _names;
    private readonly ServerDirectoryOptions _options;
    private readonly PlayerKeys _players;

    /// <summary>A directory over a node, which may still be joining.</summary>
    /// <param name="node">The node; servers and clients alike may announce, look up and query.</param>
    public ServerDirectory(KademliaNode node)
        : this(node, new ServerDirectoryOptions())
    {
    }

    /// <summary>A directory over a node, which may still be joining.</summary>
    /// <param name="node">The node; servers and clients alike may announce, look up and query.</param>
    /// <param name="options">How it announces, and how it treats who plays where.</param>
    /// <exception cref="ArgumentException">An option is wrong; the message says which and what is allowed.</exception>
    public ServerDirectory(KademliaNode node, ServerDirectoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(nameof(options));
        _node = node;
        _options = options;
        _players = options.KeysIn(node.Network);
        _names = AnnouncedNames.Of(node);
    }

    /// <summary>Which addresses are listed and announced, by what the node knows of its network now.</summary>
    internal AddressScope Scope => _options.ScopeOn(_node);

    /// <summary>
    /// Announces a server: puts the record of its name and its entry under its genre, and keeps both alive until the
    /// handle is withdrawn or disposed of, or the node stops. Both are signed anew every half lease, so that others see
    /// that it lives.
    /// </summary>
    /// <param name="server">What the server says about itself.</param>
    /// <param name="cancellationToken">Gives up; what was put already is withdrawn again, for at most 5 s.</param>
    /// <returns>
    /// The handle to update and withdraw it, even when too few nodes were reached: <see cref="ServerAnnouncement.LastResult"/>
    /// tells, and the node goes on trying by itself.
    /// </returns>
    /// <exception cref="ArgumentException">The description is not valid; the message names all that is wrong.</exception>
    /// <exception cref="InvalidOperationException">This node announces a server of that name already.</exception>
    public async Task<ServerAnnouncement> AnnounceAsync(ServerInfo server, CancellationToken cancellationToken = default)
    {
        ServerInfo normalized = ServerInfoValidator.Require(server, nameof(server), Scope);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_names.TryTake(DirectoryText.NormalizeName(normalized.Name)))
        {
            throw new InvalidOperationException(
                $"This node announces {DirectoryText.Quote(normalized.Name)} already. Update that announcement, or withdraw it first.");
        }

        ServerAnnouncement announcement = new(_node, _names, normalized, _players, _options);
        try
        {
            await announcement.BeginAsync(cancellationToken).ConfigureAwait(false);

            // On which network it is the node may have learned just now.
            ServerInfoValidator.Require(server, nameof(server), Scope);
            return announcement;
        }
        catch
        {
            await announcement.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Looks a server up by its name.</summary>
    /// <param name="nameOrNameWithFingerprint">
    /// <c>name</c>: whoever has held the name longest, and the rival claims. <c>name#fingerprint</c>: the server of exactly
    /// that owner, whoever else claims the name. Upper and lower case are the same, dashes may be left out; all 12
    /// characters are needed.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The text can't name a server; the message says why.</exception>
    public async Task<ServerLookupResult> LookupAsync(string nameOrNameWithFingerprint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nameOrNameWithFingerprint);
        if (!ServerNameText.TryParse(nameOrNameWithFingerprint, out ServerNameText text, out string? problem))
        {
            throw new ArgumentException(problem, nameof(nameOrNameWithFingerprint));
        }

        // Reads on to the end: holders answer in order of owner, and a page of rival claims must not hide the rightful one.
        GetResult result = await _node.GetAsync(DirectoryKeys.Name(text.Name), Everything, cancellationToken).ConfigureAwait(false);
        return DirectoryReading.Lookup(text, result, Scope);
    }

    /// <summary>
    /// Lists servers as their rows arrive: the first within about one round trip. No server comes twice; of a server whose
    /// row is just being replaced the older one may come. In the order of arrival, whatever <see cref="ServerQuery.OrderBy"/> says. Ends at the query's limit or when the holders have no more.
    /// </summary>
    /// <param name="query">Which servers.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="ArgumentException">The query is not valid; the message names all that is wrong. Thrown at the call.</exception>
    public IAsyncEnumerable<ServerListing> QueryAsync(ServerQuery query, CancellationToken cancellationToken = default) =>
        StreamAsync(ServerQueryRules.Require(query, nameof(query)), cancellationToken);

    /// <summary>
    /// Lists servers when all rows are in: the newest of every server, in the order of <see cref="ServerQuery.OrderBy"/>. Empty when
    /// nobody answers. All that match are put in order before the limit cuts.
    /// </summary>
    /// <param name="query">Which servers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The query is not valid; the message names all that is wrong.</exception>
    public async Task<IReadOnlyList<ServerListing>> QueryAllAsync(ServerQuery query, CancellationToken cancellationToken = default)
    {
        ServerQuery normalized = ServerQueryRules.Require(query, nameof(query));
        GenreReader reader = GenreReader.Of(_node, ServerFilter.Of(normalized), onRecord: null);
        IReadOnlyList<GetResult> shards = await reader.ReadAsync(normalized.Genre, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ServerListing> matching = DirectoryReading.Matching(normalized, shards, Scope);
        if (normalized.OrderBy == ServerOrder.Ping)
        {
            matching = await ServerPings.Of(_node).MeasureAsync(matching, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }

        return ServerOrdering.Best(matching, normalized.OrderBy, normalized.Limit);
    }

    /// <summary>
    /// The servers that answer a query, and what changes about them: first those that are there, as
    /// <see cref="ServerEventKind.Joined"/>, then changes as the nodes that hold the rows tell of them, most within a second. The
    /// genre is read again every <see cref="ServerDirectoryOptions.Lease"/> (a fifth more or less), which finds servers that
    /// crashed and what was missed; every 20 seconds while no holder tells. Servers that have not been heard of for their lease are
    /// not listed. Never ends by itself.
    /// </summary>
    /// <param name="query">Which servers. Its limit is how many are listed at a time; who finds no room comes with a later reading.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>Events that give, applied in order, who is there. What their reader does not take waits; too much of it is read anew.</returns>
    /// <exception cref="ArgumentException">The query is not valid; the message names all that is wrong. Thrown at the call.</exception>
    /// <exception cref="InvalidOperationException">The node runs 256 watches already. Thrown by the enumeration.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped. Thrown by the enumeration.</exception>
    public IAsyncEnumerable<ServerEvent> WatchAsync(ServerQuery query, CancellationToken cancellationToken = default) =>
        EventsAsync(ServerQueryRules.Require(query, nameof(query)), cancellationToken);

    /// <summary>Finds the server a player is on, among those that tell (<see cref="ServerAnnouncement.SetPlayersAsync"/>).</summary>
    /// <param name="playerId">The player's id: 1 to 64 printable ASCII characters; upper and lower case are two players.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The newest word about the player, and who gave it. Anybody who knows the id and the secret can give one: check
    /// <see cref="PlayerPlace.Owner"/> where that matters.
    /// </returns>
    /// <exception cref="ArgumentException">The text can't be a player's id.</exception>
    public async Task<PlayerLookupResult> FindPlayerAsync(string playerId, CancellationToken cancellationToken = default)
    {
        PlayerPlaceKey key = _players.Of(PlayerId.Require(playerId, nameof(playerId)));
        // To the end, as for names: a page of rubbish must not hide the row.
        GetResult result = await _node.GetAsync(key.Position, Everything, cancellationToken).ConfigureAwait(false);
        return PlayerReading.Read(key, result.Status, result.Records, result.Cost, Scope);
    }

    private async IAsyncEnumerable<ServerEvent> EventsAsync(
        ServerQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Each enumeration begins with who is there.
        DirectoryWatch watch = new(_node, query, _options);
        await foreach (ServerEvent change in watch.RunAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return change;
        }
    }

    private async IAsyncEnumerable<ServerListing> StreamAsync(
        ServerQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ServerStream stream = new(query, Scope);
        byte[]? filter = ServerFilter.Of(query);
        IAsyncEnumerable<HeldRecord> records = _node.StreamHeldAsync(
            (onRecord, token) => GenreReader.Of(_node, filter, onRecord).ReadAsync(query.Genre, token), cancellationToken);
        await foreach (HeldRecord held in records.ConfigureAwait(false))
        {
            TimeSpan? age = held.AgeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            if (stream.TryAccept(held.Record, out ServerListing? listing, age))
            {
                yield return listing;
            }

            if (stream.IsComplete)
            {
                yield break;
            }
        }
    }
}
