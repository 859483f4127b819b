namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// Signed rows and hubs' rows into one list: pure. What an owner signed beats what a hub says about the same name; among
/// hubs the earlier one is believed, and of two words about one address the later.
/// </summary>
internal static class FederatedMerge
{
    /// <summary>Every hub row once by its name, in the order of the hubs; less those with addresses that are not for this network.</summary>
    public static Dictionary<string, FederatedListing> ByName(
        IEnumerable<HubWord<IReadOnlyList<HubAnnouncement>>> words, HubSet hubs, AddressScope scope)
    {
        Dictionary<string, FederatedListing> rows = new(StringComparer.Ordinal);
        foreach (HubWord<IReadOnlyList<HubAnnouncement>> word in words)
        {
            foreach (HubAnnouncement row in word.Value.Where(row => ServerInfoValidator.IsWithin(scope, row.Server)))
            {
                string name = DirectoryText.NormalizeName(row.Server.Name);
                if (!rows.TryGetValue(name, out FederatedListing? known))
                {
                    rows.Add(name, Unsigned(row, hubs.AddressOf(word.Hub)));
                }
                else if (SameAddress(known.Server, row.Server) && row.Timestamp > known.AnnouncedAt)
                {
                    rows[name] = Unsigned(row, known.Hub!);
                }
            }
        }

        return rows;
    }

    /// <summary>
    /// In the order asked for, then by name, signed before unsigned, then by owner. When there are too many, rows that only hubs know give way: a
    /// hub can't crowd out what is signed.
    /// </summary>
    public static IReadOnlyList<FederatedListing> Query(
        IReadOnlyList<ServerListing> signed, IReadOnlyDictionary<string, FederatedListing> hubRows, int limit, ServerOrder order = ServerOrder.Name)
    {
        HashSet<string> signedNames = new(StringComparer.Ordinal);
        List<FederatedListing> listings = [];
        foreach (ServerListing row in signed.Take(limit))
        {
            string name = DirectoryText.NormalizeName(row.Server.Name);
            signedNames.Add(name);
            listings.Add(Signed(row, hubRows.GetValueOrDefault(name)));
        }

        listings.AddRange(hubRows
            .Where(row => !signedNames.Contains(row.Key))
            .OrderByDescending(row => order == ServerOrder.Players ? row.Value.Server.Players : 0)
            .ThenBy(row => row.Key, StringComparer.Ordinal)
            .Select(row => row.Value)
            .Take(limit - listings.Count));
        return
        [
            .. ServerOrdering.Sort(listings, order, static listing => listing.Server, static listing => listing.SignedRow?.Ping)
                .ThenBy(listing => listing.SignedRow is null)
                .ThenBy(listing => listing.SignedRow?.Owner ?? default),
        ];
    }

    /// <summary>What a lookup found, from what the DHT said (null: nothing) and the hubs' row of that name.</summary>
    /// <param name="dht">The DHT's result.</param>
    /// <param name="hubRow">The hubs' row of the name.</param>
    /// <param name="hubsAnswered">Whether any hub answered.</param>
    public static FederatedLookupResult Lookup(ServerLookupResult? dht, FederatedListing? hubRow, bool hubsAnswered)
    {
        List<FederatedListing> found = [];
        if (dht?.Status == ServerLookupStatus.OwnerChanged)
        {
            return new FederatedLookupResult(ServerLookupStatus.OwnerChanged, Server: null, [.. dht.Rivals.Select(rival => Signed(rival, hubRow))]);
        }

        if (dht?.Server is { } server)
        {
            found.Add(Signed(server, hubRow));
            found.AddRange(dht.Rivals.Select(rival => Signed(rival, hubRow)));
        }

        bool isVouchedFor = found.Any(listing => listing.Source == ServerSource.Both);
        if (hubRow is not null && !isVouchedFor)
        {
            found.Add(hubRow);
        }

        // An owner's withdrawal is signed; the hub's row may be the same server's, which hubs can't be told to forget.
        if (dht?.Status == ServerLookupStatus.Withdrawn)
        {
            return new FederatedLookupResult(ServerLookupStatus.Withdrawn, Server: null, found);
        }

        ServerLookupStatus status = found.Count > 0 ? ServerLookupStatus.Found
            : hubsAnswered || dht?.Status == ServerLookupStatus.NotFound ? ServerLookupStatus.NotFound
            : ServerLookupStatus.NoPeers;
        return new FederatedLookupResult(status, found.Count > 0 ? found[0] : null, [.. found.Skip(1)]);
    }

    public static FederatedListing Signed(ServerListing row, FederatedListing? hubRow)
    {
        bool isInBoth = hubRow is not null && SameAddress(row.Server, hubRow.Server);
        return new FederatedListing
        {
            Server = row.Server,
            Source = isInBoth ? ServerSource.Both : ServerSource.Dht,
            SignedRow = row,
            Hub = isInBoth ? hubRow!.Hub : null,
            AnnouncedAt = row.AnnouncedAt,
        };
    }

    private static FederatedListing Unsigned(HubAnnouncement row, Uri hub) => new()
    {
        Server = row.Server,
        Source = ServerSource.Hub,
        Hub = hub,
        AnnouncedAt = row.Timestamp,
    };

    // Host names and IPv6 digits have no case.
    private static bool SameAddress(ServerInfo one, ServerInfo other) =>
        string.Equals(one.Address, other.Address, StringComparison.OrdinalIgnoreCase);
}
