using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>From records to listings: pure, and total for any records that came from the network.</summary>
internal static class DirectoryReading
{
    /// <summary>What a lookup of <paramref name="text"/> found.</summary>
    public static ServerLookupResult Lookup(ServerNameText text, GetResult result, AddressScope scope = AddressScope.Any)
    {
        List<ServerClaim> claims = [];
        List<ServerClaim> strangers = [];
        foreach (FoundRecord found in result.Records)
        {
            if (TryReadName(found, text.Name, out ServerListing? listing, scope))
            {
                (text.Admits(found.Record.Owner) ? claims : strangers).Add(new ServerClaim(listing, found.HeldFor));
            }
        }

        if (claims.Count == 0 && strangers.Count > 0)
        {
            return new ServerLookupResult(ServerLookupStatus.OwnerChanged, Server: null, ServerSelection.Rank(strangers), result.Cost);
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

    /// <summary>The servers that gets under the genre's keys found and that answer the query, as many and in the order as it asks.</summary>
    public static IReadOnlyList<ServerListing> Query(ServerQuery query, GetResult result, AddressScope scope = AddressScope.Any) =>
        ServerOrdering.Best(Matching(query, [result], scope), query.OrderBy, query.Limit);

    /// <summary>All servers that gets under the genre's keys found and that answer the query, in no order.</summary>
    public static List<ServerListing> Matching(ServerQuery query, IReadOnlyList<GetResult> shards, AddressScope scope)
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
            if (TryReadGenre(found, query.Genre, out ServerListing? listing, scope)
                && ServerQueryRules.Matches(query, listing.Server))
            {
                listings.Add(listing);
            }
        }

        return listings;
    }

    /// <summary>Reads a record found under the key of <paramref name="normalizedName"/>; false when it is no row of that name.</summary>
    public static bool TryReadName(
        FoundRecord found, string normalizedName, [NotNullWhen(true)] out ServerListing? listing, AddressScope scope = AddressScope.Any)
    {
        Record record = found.Record;
        listing = null;
        // Another label would be a second claim of one owner.
        if (!string.Equals(record.Label, DirectoryKeys.NameLabel, StringComparison.Ordinal)
            || !TryRead(record, scope, out ServerInfo? server, out TimeSpan? lease, out int? nodePort)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), normalizedName, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(found, server, lease, nodePort);
        return true;
    }

    /// <summary>Reads a record found under the key of <paramref name="genre"/>; false when it is no row of that genre.</summary>
    public static bool TryReadGenre(
        FoundRecord found, string genre, [NotNullWhen(true)] out ServerListing? listing, AddressScope scope = AddressScope.Any)
    {
        Record record = found.Record;
        listing = null;
        // Another label would list one server of one owner twice.
        if (!TryRead(record, scope, out ServerInfo? server, out TimeSpan? lease, out int? nodePort)
            || !string.Equals(server.Genre, genre, StringComparison.Ordinal)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), record.Label, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(found, server, lease, nodePort);
        return true;
    }

    private static bool TryRead(
        Record record, AddressScope scope, [NotNullWhen(true)] out ServerInfo? server, out TimeSpan? lease, out int? nodePort)
    {
        server = null;
        lease = null;
        nodePort = null;
        return !record.IsTombstone
            && ServerRowCodec.TryDecode(record.Payload, out server, out lease, out nodePort)
            && ServerInfoValidator.IsWithin(scope, server);
    }

    private static ServerListing List(FoundRecord found, ServerInfo server, TimeSpan? lease, int? nodePort) => new()
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
        NodePort = nodePort,
    };
}
