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
            if (text.Admits(found.Record.Owner) && TryReadName(found.Record, text.Name, found.Holders, out ServerListing? listing))
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

    /// <summary>The servers a get under the genre's key found that answer the query, sorted by name, then owner.</summary>
    public static IReadOnlyList<ServerListing> Query(ServerQuery query, GetResult result)
    {
        List<ServerListing> listings = [];
        foreach (FoundRecord found in result.Records)
        {
            if (TryReadGenre(found.Record, query.Genre, found.Holders, out ServerListing? listing)
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
        Record record, string normalizedName, int holders, [NotNullWhen(true)] out ServerListing? listing)
    {
        listing = null;
        // Another label would be a second claim of one owner.
        if (!string.Equals(record.Label, DirectoryKeys.NameLabel, StringComparison.Ordinal)
            || !TryRead(record, out ServerInfo? server)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), normalizedName, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(record, server, holders);
        return true;
    }

    /// <summary>Reads a record found under the key of <paramref name="genre"/>; false when it is no row of that genre.</summary>
    public static bool TryReadGenre(Record record, string genre, int holders, [NotNullWhen(true)] out ServerListing? listing)
    {
        listing = null;
        // Another label would list one server of one owner twice.
        if (!TryRead(record, out ServerInfo? server)
            || !string.Equals(server.Genre, genre, StringComparison.Ordinal)
            || !string.Equals(DirectoryText.NormalizeName(server.Name), record.Label, StringComparison.Ordinal))
        {
            return false;
        }

        listing = List(record, server, holders);
        return true;
    }

    private static bool TryRead(Record record, [NotNullWhen(true)] out ServerInfo? server)
    {
        server = null;
        return !record.IsTombstone && ServerRowCodec.TryDecode(record.Payload, out server);
    }

    private static ServerListing List(Record record, ServerInfo server, int holders) => new()
    {
        Server = server,
        Owner = record.Owner,
        Fingerprint = NodeIdentity.FingerprintOf(record.Owner),
        Sequence = record.Sequence,
        AnnouncedAt = record.Issued,
        Holders = holders,
    };
}
