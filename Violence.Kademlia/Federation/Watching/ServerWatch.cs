using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Watching;

/// <summary>
/// Who answers a query, and what changes about that: takes records that holders push and whole readings of the genre, gives events. Pure;
/// one caller at a time. Invariants: the events so far, applied in order, give <see cref="Listings"/>; an older version of a server
/// never comes after a newer one; never more servers than the query's limit are listed, nor more than <see cref="MaxServers"/> known.
/// </summary>
internal sealed class ServerWatch(ServerQuery query)
{
    /// <summary>So many servers are told apart, listed or not; a genre flooded beyond that is cut off instead of growing memory.</summary>
    public const int MaxServers = ServerStream.MaxServers;

    /// <summary>For so many readings the version of a server that is gone is remembered, so that no older copy brings it back.</summary>
    private const int ReadingsRemembered = 5;

    /// <summary>How slow a server's clock may be before a pushed row counts as old.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    private readonly Dictionary<(NodeId Owner, string Label), Known> _servers = [];
    private readonly bool _isFiltered = ServerFilter.Of(query) is not null;
    private int _listed;
    private long _reading;

    /// <summary>Who is there, in order of owner and label.</summary>
    public IEnumerable<ServerListing> Listings => Ordered().Select(static server => server.Value.Listing).OfType<ServerListing>();

    /// <summary>A reading of the genre starts: what is pushed from now on is newer than what it will find absent.</summary>
    public void BeginReading() => _reading++;

    /// <summary>Takes a record that a holder pushed.</summary>
    /// <param name="record">A verified record from under the genre's key.</param>
    /// <param name="utc">The wall clock: what was signed long ago is no news.</param>
    /// <param name="events">Gets what follows from it.</param>
    public void OnRecord(Record record, DateTimeOffset utc, List<ServerEvent> events)
    {
        if (Find(record) is not { } server || (server.IsHeardOf && record.Sequence <= server.Sequence))
        {
            return;
        }

        server.HeardIn = _reading;
        TimeSpan age = utc > record.Issued ? utc - record.Issued : TimeSpan.Zero;
        ServerListing? listing = Read(new FoundRecord(record, Holders: 1, TimeSpan.Zero) { Age = age });
        ServerLeaveReason reason = record.IsTombstone ? ServerLeaveReason.Withdrawn : ServerLeaveReason.NoLongerMatches;
        if (listing?.Liveness == ServerLiveness.Stale)
        {
            // A single word, by the server's own clock: only what is old beyond doubt is.
            bool isOld = ServerLease.Judge(listing.Lease, age - ClockTolerance) == ServerLiveness.Stale;
            listing = isOld ? null : listing with { Liveness = ServerLiveness.Unknown };
            reason = ServerLeaveReason.Silent;
        }

        Set(server, record.Sequence, listing, reason, events);
    }

    /// <summary>
    /// Takes what a reading found that was begun with <see cref="BeginReading"/>. What it did not find is gone, unless it was heard
    /// of since the beginning; of what it found in an older version the newer one stays.
    /// </summary>
    /// <param name="found">The newest record of every server, as <see cref="GetResult.Records"/>.</param>
    /// <param name="tombstones">Withdrawals it came across, also such as newer records in <paramref name="found"/> have undone.</param>
    /// <param name="isWhole">Whether it went to the end; else nothing follows from what is missing.</param>
    /// <param name="events">Gets what follows from it.</param>
    public void OnReading(IReadOnlyList<FoundRecord> found, IReadOnlyList<Record> tombstones, bool isWhole, List<ServerEvent> events)
    {
        foreach (FoundRecord row in found)
        {
            if (Find(row.Record) is { } server)
            {
                server.SeenIn = _reading;
            }
        }

        // First who goes: their places are for others, where the query has a limit.
        foreach (Record tombstone in tombstones)
        {
            if (Find(tombstone) is not { } server || server.SeenIn == _reading)
            {
                continue;
            }

            server.SeenIn = _reading;
            if (!server.IsHeardOf || tombstone.Sequence > server.Sequence)
            {
                Set(server, tombstone.Sequence, null, ServerLeaveReason.Withdrawn, events);
            }
        }

        DropMissing(isWhole ? _reading : 0, events);
        foreach (FoundRecord row in found)
        {
            if (Find(row.Record) is { } server && (!server.IsHeardOf || row.Record.Sequence >= server.Sequence))
            {
                ServerListing? listing = Read(row);
                bool isSilent = listing?.Liveness == ServerLiveness.Stale;
                Set(server, row.Record.Sequence, isSilent ? null : listing, isSilent ? ServerLeaveReason.Silent : ServerLeaveReason.NoLongerMatches, events);
            }
        }
    }

    /// <summary>Who was neither pushed nor found since a reading is gone; after some more it is forgotten.</summary>
    private void DropMissing(long reading, List<ServerEvent> events)
    {
        foreach (((NodeId, string) place, Known server) in Ordered().ToArray())
        {
            long last = Math.Max(server.HeardIn, server.SeenIn);
            if (last < reading && server.Listing is not null)
            {
                Set(server, server.Sequence, null, _isFiltered ? ServerLeaveReason.NoLongerMatches : ServerLeaveReason.Silent, events);
            }
            else if (last < reading - ReadingsRemembered)
            {
                _servers.Remove(place);
            }
        }
    }

    private ServerListing? Read(FoundRecord found) =>
        DirectoryReading.TryReadGenre(found, query.Genre, out ServerListing? listing) && ServerQueryRules.Matches(query, listing.Server) ? listing : null;

    private void Set(Known server, ulong sequence, ServerListing? listing, ServerLeaveReason reason, List<ServerEvent> events)
    {
        ServerListing? before = server.Listing;
        server.Sequence = sequence;
        server.IsHeardOf = true;
        if (listing is null)
        {
            if (before is not null)
            {
                _listed--;
                events.Add(new ServerEvent { Kind = ServerEventKind.Left, Listing = before, Reason = reason });
            }
        }
        else if (before is not null)
        {
            if (!before.Server.Equals(listing.Server))
            {
                events.Add(new ServerEvent { Kind = ServerEventKind.Changed, Listing = listing });
            }
        }
        else if (_listed < query.Limit)
        {
            _listed++;
            events.Add(new ServerEvent { Kind = ServerEventKind.Joined, Listing = listing });
        }
        else
        {
            // Where there is no room it is looked at again with the next reading.
            listing = null;
        }

        server.Listing = listing;
    }

    /// <summary>What is known of the record's server; null when it is one too many.</summary>
    private Known? Find(Record record)
    {
        (NodeId, string) place = (record.Owner, record.Label);
        if (!_servers.TryGetValue(place, out Known? server) && _servers.Count < MaxServers)
        {
            server = new Known { HeardIn = _reading };
            _servers.Add(place, server);
        }

        return server;
    }

    private IEnumerable<KeyValuePair<(NodeId Owner, string Label), Known>> Ordered() =>
        _servers.OrderBy(static server => server.Key.Owner).ThenBy(static server => server.Key.Label, StringComparer.Ordinal);

    private sealed class Known
    {
        public ulong Sequence { get; set; }

        /// <summary>Whether <see cref="Sequence"/> means anything yet.</summary>
        public bool IsHeardOf { get; set; }

        public ServerListing? Listing { get; set; }

        /// <summary>The reading during or after which it was last pushed.</summary>
        public long HeardIn { get; set; }

        /// <summary>The last reading that found it.</summary>
        public long SeenIn { get; set; }
    }
}
