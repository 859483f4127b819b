using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>How a lookup by name ended.</summary>
public enum ServerLookupStatus
{
    /// <summary>A server of that name (and fingerprint) is announced.</summary>
    Found,

    /// <summary>The closest nodes answered, and none has a valid row of that name (and fingerprint).</summary>
    NotFound,

    /// <summary>The name was announced, its owner withdrew it, and nobody else claims it.</summary>
    Withdrawn,

    /// <summary>Nobody is known, or nobody answered.</summary>
    NoPeers,

    /// <summary>
    /// Only for <c>name#fingerprint</c>: that owner has no row of the name, and others do. Perhaps the server was set up
    /// anew with another identity, perhaps somebody took the name; who holds it now is among the rivals.
    /// </summary>
    OwnerChanged,
}

/// <summary>The result of a lookup by name.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Server">The server, when one was found; otherwise null.</param>
/// <param name="Rivals">
/// Other owners' rows of the same name, the longest held first. A name belongs, best effort, to whoever has held it
/// longest; <c>name#fingerprint</c> is the secure form, and has rivals only when that owner is not found
/// (<see cref="ServerLookupStatus.OwnerChanged"/>).
/// </param>
/// <param name="Cost">What it took.</param>
public sealed record ServerLookupResult(
    ServerLookupStatus Status,
    ServerListing? Server,
    IReadOnlyList<ServerListing> Rivals,
    OperationCost Cost);
