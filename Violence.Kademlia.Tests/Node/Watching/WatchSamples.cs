using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;
using Violence.Kademlia.Tests.Federation;

namespace Violence.Kademlia.Tests.Node.Watching;

/// <summary>Listings and events for the tests of watching and browsing.</summary>
internal static class WatchSamples
{
    public static ServerListing Listing(string name, int players = 0, uint owner = 1, ulong sequence = 1) => new()
    {
        Server = new ServerInfo { Name = name, Address = "192.0.2.1:1", Genre = "duel", Players = players, MaxPlayers = 16 },
        Owner = DirectorySamples.Owner(owner),
        Fingerprint = "aaaa-bbbb-cccc",
        Sequence = sequence,
        AnnouncedAt = DirectorySamples.Issued,
        Holders = 3,
        Liveness = ServerLiveness.Live,
    };

    public static WatchEvent Joined(string name, int players = 0, uint owner = 1, ulong sequence = 1) =>
        new(WatchKind.Joined, Listing(name, players, owner, sequence));

    public static ServerList ListOf(params ServerListing[] listings) =>
        listings.Aggregate(ServerList.Empty, (list, listing) => list.Apply(new WatchEvent(WatchKind.Joined, listing)));
}
