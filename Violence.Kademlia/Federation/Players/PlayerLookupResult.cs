using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>How the search for a player ended.</summary>
public enum PlayerLookupStatus
{
    /// <summary>A server says that the player is on it.</summary>
    Found,

    /// <summary>The closest nodes answered, and no server says so.</summary>
    NotFound,

    /// <summary>Nobody is known, or nobody answered.</summary>
    NoPeers,
}

/// <summary>A server's word that a player is on it.</summary>
public sealed record PlayerPlace
{
    /// <summary>The server's name, by the rules of <see cref="ServerInfo.Name"/>.</summary>
    public required string ServerName { get; init; }

    /// <summary>Where to connect, by the rules of <see cref="ServerInfo.Address"/>.</summary>
    public required string ServerAddress { get; init; }

    /// <summary>
    /// The id of the node that signed this. Whoever knows a player's id and the secret can claim to have the player: an app that must be
    /// certain believes the owners it knows, and no others.
    /// </summary>
    public required NodeId Owner { get; init; }

    /// <summary>The short form of <see cref="Owner"/>, as <c>xxxx-xxxx-xxxx</c>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Since when the player is there, by the owner's clock.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many of the nodes asked had it.</summary>
    public required int Holders { get; init; }
}

/// <summary>Where a player is.</summary>
/// <param name="Status">How the search ended.</param>
/// <param name="Place">The server whose word is the newest by the clocks of those who hold it; null when none was found.</param>
/// <param name="Others">
/// What other owners say, at most 16 of them, the newest first: servers the player left that have not said so yet or were
/// cut off, and whoever lies.
/// </param>
/// <param name="Cost">What it took.</param>
public sealed record PlayerLookupResult(
    PlayerLookupStatus Status,
    PlayerPlace? Place,
    IReadOnlyList<PlayerPlace> Others,
    OperationCost Cost);
