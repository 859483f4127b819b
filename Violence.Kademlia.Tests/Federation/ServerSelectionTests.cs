using CsCheck;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerSelectionTests
{
    [Test]
    public void The_claim_held_longest_wins_over_more_holders_and_smaller_ids()
    {
        ServerClaim old = Claim(owner: 9, seconds: 100, holders: 1);
        ServerClaim young = Claim(owner: 1, seconds: 98, holders: 8);

        Assert.That(Owners(ServerSelection.Rank([young, old])), Is.EqualTo(new uint[] { 9, 1 }));
    }

    [Test]
    public void Below_2_seconds_of_difference_more_holders_win()
    {
        ServerClaim old = Claim(owner: 1, seconds: 100, holders: 3);
        ServerClaim young = Claim(owner: 9, seconds: 98.001, holders: 4);

        Assert.That(Owners(ServerSelection.Rank([old, young])), Is.EqualTo(new uint[] { 9, 1 }));
    }

    [Test]
    public void Between_equal_claims_the_smaller_owner_wins() =>
        Assert.That(
            Owners(ServerSelection.Rank([Claim(7, 5, 3), Claim(2, 6, 3), Claim(4, 5.5, 3)])),
            Is.EqualTo(new uint[] { 2, 4, 7 }));

    [Test]
    public void Equal_is_measured_from_the_claim_held_longest()
    {
        // Each is within 2 s of the next; the youngest has the most holders but is 3 s behind the oldest.
        ServerClaim[] chain = [Claim(3, 10, 1), Claim(2, 11.5, 2), Claim(1, 13, 1)];

        Assert.That(Owners(ServerSelection.Rank([chain[0] with { Listing = chain[0].Listing with { Holders = 9 } }, chain[1], chain[2]])),
            Is.EqualTo(new uint[] { 2, 1, 3 }));
    }

    [Test]
    public void Nobody_claims_nothing() => Assert.That(ServerSelection.Rank([]), Is.Empty);

    [Test]
    public void The_order_of_arrival_has_no_say()
    {
        Gen<ServerClaim[]> claims = Gen.Select(Gen.UInt[1, 1000], Gen.Double[0, 6], Gen.Int[1, 4])
            .Select(Claim)
            .Array[0, 12]
            .Select(all => all.DistinctBy(claim => claim.Listing.Owner).ToArray());
        Gen.Select(claims, Gen.ULong).Sample((all, seed) =>
        {
            ServerClaim[] shuffled = [.. all.OrderBy(claim => Mix(claim.Listing.Owner.GetHashCode(), seed))];
            return ServerSelection.Rank(shuffled).SequenceEqual(ServerSelection.Rank(all));
        });
    }

    [Test]
    public void Nobody_clearly_older_than_the_winner_loses()
    {
        Gen.Select(Gen.UInt[1, 1000], Gen.Double[0, 6], Gen.Int[1, 4]).Select(Claim).Array[1, 12].Sample(claims =>
        {
            ServerListing winner = ServerSelection.Rank(claims)[0];
            TimeSpan held = claims.Where(claim => claim.Listing.Equals(winner)).Max(claim => claim.HeldFor);
            return claims.All(claim => claim.HeldFor - held < ServerSelection.Tolerance);
        });
    }

    private static ulong Mix(int hash, ulong seed) => unchecked(((ulong)hash ^ seed) * 0x9E37_79B9_7F4A_7C15);

    private static ServerClaim Claim(uint owner, double seconds, int holders) => new(
        new ServerListing
        {
            Server = DirectorySamples.Arena,
            Owner = DirectorySamples.Owner(owner),
            Fingerprint = "",
            Sequence = 1,
            AnnouncedAt = DirectorySamples.Issued,
            Holders = holders,
        },
        TimeSpan.FromSeconds(seconds));

    private static uint[] Owners(IReadOnlyList<ServerListing> listings) =>
        [.. listings.Select(listing => new uint[] { 1, 2, 3, 4, 7, 9 }.Single(i => DirectorySamples.Owner(i) == listing.Owner))];
}
