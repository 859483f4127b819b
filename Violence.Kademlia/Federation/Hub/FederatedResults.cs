using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>Where something is known from.</summary>
[Flags]
public enum ServerSource
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>The DHT: signed by its owner.</summary>
    Dht = 1,

    /// <summary>A hub: on its word alone.</summary>
    Hub = 2,

    /// <summary>The DHT and a hub, with the same address: signed by its owner.</summary>
    Both = Dht | Hub,
}

/// <summary>A server as the DHT and the hubs together list it.</summary>
public sealed record FederatedListing
{
    /// <summary>What the server says about itself; the signed description where there is one. It passed the directory's rules either way.</summary>
    public required ServerInfo Server { get; init; }

    /// <summary>Who knows it.</summary>
    public required ServerSource Source { get; init; }

    /// <summary>The signed row with its owner; null for a server that only a hub knows.</summary>
    public ServerListing? SignedRow { get; init; }

    /// <summary>The hub that knows it, the first of several; null for a server that only the DHT knows.</summary>
    public Uri? Hub { get; init; }

    /// <summary>When it was announced last, by the owner's clock, or the hub's for a row that only a hub knows. Null: not told.</summary>
    public DateTimeOffset? AnnouncedAt { get; init; }

    /// <summary>Whether its owner signed it. Without, it is the word of a hub.</summary>
    public bool IsSigned => SignedRow is not null;
}

/// <summary>The result of a lookup by name over DHT and hubs.</summary>
/// <param name="Status">
/// How it ended. <see cref="ServerLookupStatus.NoPeers"/>: neither a node nor a hub answered.
/// </param>
/// <param name="Server">The server, when one was found; otherwise null.</param>
/// <param name="Rivals">
/// Others of that name: first the signed ones, the longest held first, then those that only hubs know. When the owner
/// withdrew the name, what hubs still list under it is here; when it is <see cref="ServerLookupStatus.OwnerChanged"/>, who holds it.
/// </param>
public sealed record FederatedLookupResult(ServerLookupStatus Status, FederatedListing? Server, IReadOnlyList<FederatedListing> Rivals);

/// <summary>How the search for a player ended.</summary>
public enum FederatedPlayerStatus
{
    /// <summary>On the server that is told.</summary>
    Online,

    /// <summary>On no server that is known.</summary>
    Offline,

    /// <summary>Nobody answered who could know.</summary>
    Unavailable,
}

/// <summary>Where a player is.</summary>
/// <param name="Status">How the search ended.</param>
/// <param name="ServerName">The server's name, when online.</param>
/// <param name="ServerAddress">Where to connect, when online.</param>
/// <param name="Source">Who says so.</param>
public sealed record FederatedPlayerResult(FederatedPlayerStatus Status, string? ServerName, string? ServerAddress, ServerSource Source)
{
    /// <summary>The word of the DHT with the owner that signed it; null when a hub says so, or nobody.</summary>
    public PlayerPlace? SignedPlace { get; init; }
}
