using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>From records to listings: pure, and total for any records that came from the network.</summary>
internal static class DirectoryReading
{
    /// <summary>What a lookup of <paramref name="text"/> found.</summary>
    public static ServerLookupResult Lookup(ServerNameText text, GetResult result)
    {
        List<ServerClaim> claims = [];
        foreach (FoundRecord found in result.Records)
        {
            if (text.Admits(found.Record.Owner) && TryReadName(found, text.Name, out ServerListing? listing))
            {
                claims.Add(new ServerClaim(listing, found.HeldFor));
            }
        }

        IReadOnlyList<ServerListing> ranked = ServerSelection.Rank(claims);
        ServerLookupStatus status = result.Status switch
        {
            GetStatus.NoPeers => ServerLookupStatus.NoPeers,
            GetStatus.Withdrawn => ServerLookupStatus.Withdrawn,
            _ => ranked.Count > 0 ? ServerLookupStatus.Found : ServerLookupStatus.NotFound,
        };
        return new ServerLookupResult(status, ranked.Count > 0 ? ranked[0] : null, [.. ranked.Skip(1)], result.Cost);
    }

    /// <summary>The servers that gets under the genre's keys found and that answer the query, sorted by name, then owner.</summary>
    public static IReadOnlyList<ServerListing> Query(ServerQuery query, params IReadOnlyList<GetResult> shards)
    {
        // A row that was just moving from one shard to another stands in both; the newer one counts.
        Dictionary<(NodeId Owner, string Label), FoundRecord> rows = [];
        foreach (FoundRecord found in shards.SelectMany(static shard => shard.Records))
        {
            (NodeId, string) server = (found.Record.Owner, found.Record.Label);
            if (!rows.TryGetValue(server, out FoundRecord other) || found.Record.Sequence > other.Record.Sequence)
            {
                rows[server] = found;
            }
        }

        List<ServerListing> listings = [];
        foreach (FoundRecord found in rows.Values)
        {
            if (TryReadGenre(found, query.Genre, out ServerListing? listing)
                && ServerQueryRules.Matches(query, listing.Server))
            {
                listings.Add(listing);
            }
        }

        return
        [
            .. listings
                .OrderBy(listing => DirectoryText.NormalizeName(listing.Server.Name), StringComparer.Ordinal)
                .ThenBy(listing => listing.Owner)
                .Take(query.Limit),
        ];
    }

    /// <summary>Reads a record found under the key of <paramref name="normalizedName"/>; false when it is no row of that name.</summary>
    public static bool TryReadName(
        FoundRecord found, string normalizedName, [NotNullWhen(true)] out ServerListing? listing)
    {
        Record record = found.Record;
        listing = null;
        // Another label would be a second claim of one owner.
        if (!string.Equals(record.Label, DirectoryKeys.NameLabel, StringComparison.Ordinal)
            || !TryRead(record, out ServerInfo? server, out TimeSpan? lease)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), normalizedName, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(found, server, lease);
        return true;
    }

    /// <summary>Reads a record found under the key of <paramref name="genre"/>; false when it is no row of that genre.</summary>
    public static bool TryReadGenre(FoundRecord found, string genre, [NotNullWhen(true)] out ServerListing? listing)
    {
        Record record = found.Record;
        listing = null;
        // Another label would list one server of one owner twice.
        if (!TryRead(record, out ServerInfo? server, out TimeSpan? lease)
            || !string.Equals(server.Genre, genre, StringComparison.Ordinal)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), record.Label, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(found, server, lease);
        return true;
    }

    private static bool TryRead(Record record, [NotNullWhen(true)] out ServerInfo? server, out TimeSpan? lease)
    {
        server = null;
        lease = null;
        return !record.IsTombstone && ServerRowCodec.TryDecode(record.Payload, out server, out lease);
    }

    private static ServerListing List(FoundRecord found, ServerInfo server, TimeSpan? lease) => new()
    {
        Server = server,
        Owner = found.Record.Owner,
        Fingerprint = NodeIdentity.FingerprintOf(found.Record.Owner),
        Sequence = found.Record.Sequence,
        AnnouncedAt = found.Record.Issued,
        Holders = found.Holders,
        Lease = lease,
        Age = found.Age,
        Liveness = ServerLease.Judge(lease, found.Age),
    };
}
