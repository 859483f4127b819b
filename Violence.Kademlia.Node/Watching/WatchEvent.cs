using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Watching;

/// <summary>What happened to a server that is watched.</summary>
internal enum WatchKind
{
    Joined,
    Changed,
    Left,

    /// <summary>Nothing but its round trip, which was measured.</summary>
    Measured,
}

/// <summary>One change of what a query would list.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Listing">The server as it is now, or was last.</param>
/// <param name="Reason">Why it left; null: it did not, or nobody knows.</param>
internal sealed record WatchEvent(WatchKind Kind, ServerListing Listing, string? Reason = null);

/// <summary>Watches the servers that a query lists: those there are come as joined, then every change as it is heard of.</summary>
/// <param name="query">Which servers.</param>
/// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
internal delegate IAsyncEnumerable<WatchEvent> ServerWatcher(ServerQuery query, CancellationToken stop);
