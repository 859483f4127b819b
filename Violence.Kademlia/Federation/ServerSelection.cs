namespace Violence.Kademlia.Federation;

/// <summary>One owner's claim to a name.</summary>
/// <param name="Listing">Its row.</param>
/// <param name="HeldFor">How long holders have had it without a gap (median).</param>
internal readonly record struct ServerClaim(ServerListing Listing, TimeSpan HeldFor);

/// <summary>
/// To whom a name belongs, best effort: the claim held longest; claims less than 2 s younger count as equal, and then more
/// holders, then the smaller owner id decide. A function of the set of claims: the order they came in has no say.
/// </summary>
internal static class ServerSelection
{
    /// <summary>Holders tell whole seconds, each by its own clock.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>The claims with the winner first and its rivals after it, the longest held first; one per owner is expected.</summary>
    public static IReadOnlyList<ServerListing> Rank(IReadOnlyCollection<ServerClaim> claims)
    {
        if (claims.Count == 0)
        {
            return [];
        }

        // "About as long" is not transitive and can't be sorted by. Measured from the longest it is a plain set.
        TimeSpan longest = claims.Max(claim => claim.HeldFor);
        return
        [
            .. claims
                .OrderByDescending(claim => longest - claim.HeldFor < Tolerance)
                .ThenByDescending(claim => longest - claim.HeldFor < Tolerance ? TimeSpan.Zero : claim.HeldFor)
                .ThenByDescending(claim => claim.Listing.Holders)
                .ThenBy(claim => claim.Listing.Owner)
                .Select(claim => claim.Listing),
        ];
    }
}
