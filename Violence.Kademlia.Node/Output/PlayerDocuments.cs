using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Node.Output;

/// <summary>A server's word that a player is on it, as the JSON output shows it.</summary>
internal sealed record PlayerPlaceDocument(
    string ServerName, string ServerAddress, string Owner, string Fingerprint, DateTimeOffset Since, int Holders)
{
    public static PlayerPlaceDocument Of(PlayerPlace place) =>
        new(place.ServerName, place.ServerAddress, place.Owner.ToString(), place.Fingerprint, place.Since, place.Holders);
}

/// <summary>What <c>player --json</c> prints.</summary>
internal sealed record PlayerLookupDocument(
    string Status, PlayerPlaceDocument? Place, IReadOnlyList<PlayerPlaceDocument> Others, double ElapsedMs, int Requests, int Hops)
{
    public static PlayerLookupDocument Of(PlayerLookupResult result) => new(
        result.Status switch
        {
            PlayerLookupStatus.Found => "found",
            PlayerLookupStatus.NoPeers => "no_peers",
            _ => "not_found",
        },
        result.Place is { } place ? PlayerPlaceDocument.Of(place) : null,
        [.. result.Others.Select(PlayerPlaceDocument.Of)],
        Math.Round(result.Cost.Elapsed.TotalMilliseconds, 3),
        result.Cost.Requests,
        result.Cost.Hops);
}
