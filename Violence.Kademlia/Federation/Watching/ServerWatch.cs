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

    /// <summary>
    /// So many whole readings in a row have to lack a server before it is gone. A row that some of its holders have missed may be missed by
    /// one reading; and rows do not vanish by themselves: who is gone is withdrawn, or its row grows old. Where holders leave out what does
    /// not match, that is told at once.
    /// </summary>
    private const int MissesOfGone = 2;

    /// <summary>How slow a server's clock may be before a pushed row counts as old.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    // A server that moves from one shard of its genre to another stands in both for a moment, and withdraws its row from the old one
    // after it has put it into the new one: versions count among those of one key, and the server is there while any row of it is.
    private readonly Dictionary<(NodeId Owner, string Label, RecordKey Key), Row> _rows = [];
    private readonly Dictionary<(NodeId Owner, string Label), Shown> _servers = [];
    private readonly bool _isFiltered = ServerFilter.Of(query) is not null;
    private int _listed;
    private long _reading;

    /// <summary>Which addresses are listed, by what is known of the network by now.</summary>
    public AddressScope Scope { get; set; }

    /// <summary>Who is there, in order of owner and label.</summary>
    public IEnumerable<ServerListing> Listings => _servers
        .OrderBy(static server => server.Key.Owner)
        .ThenBy(static server => server.Key.Label, StringComparer.Ordinal)
        .Select(static server => server.Value.Listing)
        .OfType<ServerListing>();

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
        server.Misses = 0;
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
    /// Takes what a reading found that was begun with <see cref="BeginReading"/>. What it does not find for the second time is gone
    /// (where holders leave out what does not match: for the first), unless it was heard of since the beginning; of what it found in an
    /// older version the newer one stays.
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
                server.Misses = 0;
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

    /// <summary>Who was neither pushed nor found since some readings is gone; after some more it is forgotten.</summary>
    private void DropMissing(long reading, List<ServerEvent> events)
    {
        foreach (((NodeId Owner, string Label, RecordKey) place, Row row) in Ordered().ToArray())
        {
            long last = Math.Max(row.HeardIn, row.SeenIn);
            if (last < reading && row.Listing is not null)
            {
                row.Misses++;
                if (!_isFiltered && row.Misses < MissesOfGone)
                {
                    continue;
                }

                Set(row, row.Sequence, null, _isFiltered ? ServerLeaveReason.NoLongerMatches : ServerLeaveReason.Silent, events);
            }
            else if (last < reading - ReadingsRemembered)
            {
                _rows.Remove(place);
                row.Server.Rows.Remove(row);
                if (row.Server.Rows.Count == 0)
                {
                    _servers.Remove((place.Owner, place.Label));
                }
            }
        }
    }

    private ServerListing? Read(FoundRecord found) =>
        DirectoryReading.TryReadGenre(found, query.Genre, out ServerListing? listing, Scope) && ServerQueryRules.Matches(query, listing.Server) ? listing : null;

    private void Set(Row row, ulong sequence, ServerListing? listing, ServerLeaveReason reason, List<ServerEvent> events)
    {
        row.Sequence = sequence;
        row.IsHeardOf = true;
        Shown server = row.Server;
        ServerListing? before = server.Listing;

        // Where there is no room it is looked at again with the next reading.
        row.Listing = before is null && _listed >= query.Limit ? null : listing;
        ServerListing? now = server.Listing = server.Rows.Select(static row => row.Listing).OfType<ServerListing>().MaxBy(static listing => listing.Sequence);
        if (now is null)
        {
            if (before is not null)
            {
                _listed--;
                events.Add(new ServerEvent { Kind = ServerEventKind.Left, Listing = before, Reason = reason });
            }
        }
        else if (before is null)
        {
            _listed++;
            events.Add(new ServerEvent { Kind = ServerEventKind.Joined, Listing = now });
        }
        else if (!before.Server.Equals(now.Server))
        {
            events.Add(new ServerEvent { Kind = ServerEventKind.Changed, Listing = now });
        }
    }

    /// <summary>What is known of the record's place; null when it is one too many.</summary>
    private Row? Find(Record record)
    {
        (NodeId, string, RecordKey) place = (record.Owner, record.Label, record.Key);
        if (!_rows.TryGetValue(place, out Row? row) && _rows.Count < MaxServers)
        {
            if (!_servers.TryGetValue((record.Owner, record.Label), out Shown? server))
            {
                server = new Shown();
                _servers.Add((record.Owner, record.Label), server);
            }

            row = new Row(server) { HeardIn = _reading };
            server.Rows.Add(row);
            _rows.Add(place, row);
        }

        return row;
    }

    private IEnumerable<KeyValuePair<(NodeId Owner, string Label, RecordKey Key), Row>> Ordered() => _rows
        .OrderBy(static row => row.Key.Owner)
        .ThenBy(static row => row.Key.Label, StringComparer.Ordinal)
        .ThenBy(static row => row.Key.Key.Position);

    /// <summary>A server, and what its reader was told of it last.</summary>
    private sealed class Shown
    {
        public List<Row> Rows { get; } = new(capacity: 1);

        public ServerListing? Listing { get; set; }
    }

    /// <summary>A server's row under one key.</summary>
    private sealed class Row(Shown server)
    {
        public Shown Server => server;

        public ulong Sequence { get; set; }

        /// <summary>Whether <see cref="Sequence"/> means anything yet.</summary>
        public bool IsHeardOf { get; set; }

        /// <summary>What it lists; null when it is withdrawn, silent or left out.</summary>
        public ServerListing? Listing { get; set; }

        /// <summary>The reading during or after which it was last pushed.</summary>
        public long HeardIn { get; set; }

        /// <summary>The last reading that found it.</summary>
        public long SeenIn { get; set; }

        /// <summary>Whole readings in a row that lacked it.</summary>
        public int Misses { get; set; }
    }
}
