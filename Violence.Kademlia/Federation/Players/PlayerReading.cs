using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>One server's word, opened.</summary>
/// <param name="Owner">Who signed it.</param>
/// <param name="Row">What it says.</param>
/// <param name="Holders">How many of the nodes asked had it.</param>
/// <param name="HeldFor">How long they have had it (median).</param>
internal readonly record struct PlayerClaim(NodeId Owner, PlayerRow Row, int Holders, TimeSpan HeldFor);

/// <summary>
/// From the records under a player's key to the player's place: pure, and total for any records that came from the network.
/// </summary>
internal static class PlayerReading
{
    public const int MaxOthers = 16;

    public static PlayerLookupResult Read(PlayerPlaceKey key, GetStatus status, IReadOnlyList<FoundRecord> records, OperationCost cost, AddressScope scope = AddressScope.Any)
    {
        List<PlayerClaim> claims = [];
        foreach (FoundRecord found in records)
        {
            if (TryRead(key, found) is { } claim && (scope == AddressScope.Any || !ServerAddress.IsPrivate(claim.Row.ServerAddress)))
            {
                claims.Add(claim);
            }
        }

        IReadOnlyList<PlayerPlace> places = [.. Rank(claims).DistinctBy(claim => claim.Owner).Take(1 + MaxOthers).Select(PlaceOf)];
        return new PlayerLookupResult(
            places.Count > 0 ? PlayerLookupStatus.Found : status == GetStatus.NoPeers ? PlayerLookupStatus.NoPeers : PlayerLookupStatus.NotFound,
            places.Count > 0 ? places[0] : null,
            [.. places.Skip(1)],
            cost);
    }

    /// <summary>
    /// The newest first: what has stood the shortest time by the clocks of its holders; of equals what its owner dates later,
    /// then the smaller owner. A claim that at most half of the holders have counts as held for no time whatever its age: it may be
    /// arriving or dying out. Where there is one, times held say nothing, and the owners' dates decide alone.
    /// </summary>
    public static IEnumerable<PlayerClaim> Rank(IReadOnlyCollection<PlayerClaim> claims)
    {
        bool areComparable = claims.All(claim => claim.HeldFor > TimeSpan.Zero);
        return claims
            .OrderBy(claim => areComparable ? claim.HeldFor : TimeSpan.Zero)
            .ThenByDescending(claim => claim.Row.Since)
            .ThenBy(claim => claim.Owner)
            .ThenBy(claim => claim.Row.ServerName, StringComparer.Ordinal)
            .ThenBy(claim => claim.Row.ServerAddress, StringComparer.Ordinal);
    }

    private static PlayerClaim? TryRead(PlayerPlaceKey key, FoundRecord found)
    {
        Record record = found.Record;
        // An empty payload is a server's word that the player has left.
        if (record.IsTombstone
            || record.Key != key.Position
            || !PlayerSeal.TryOpen(key, record.Owner, record.Payload.Span, out byte[]? bytes)
            || !PlayerRowCodec.TryDecode(bytes, out PlayerRow? row))
        {
            return null;
        }

        // Nobody has come later than it was signed: a date in the future must not win against an honest one.
        PlayerRow dated = row.Since <= record.Issued ? row : row with { Since = record.Issued };
        return new PlayerClaim(record.Owner, dated, found.Holders, found.HeldFor);
    }

    private static PlayerPlace PlaceOf(PlayerClaim claim) => new()
    {
        ServerName = claim.Row.ServerName,
        ServerAddress = claim.Row.ServerAddress,
        Owner = claim.Owner,
        Fingerprint = NodeIdentity.FingerprintOf(claim.Owner),
        Since = claim.Row.Since,
        Holders = claim.Holders,
    };
}
