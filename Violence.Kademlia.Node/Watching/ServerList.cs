using System.Collections.Immutable;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Watching;

/// <summary>One server of one owner: what tells it from all others, whatever it says of itself.</summary>
internal readonly record struct ServerKey(NodeId Owner, string Name) : IComparable<ServerKey>
{
    public static ServerKey Of(ServerListing listing) => new(listing.Owner, listing.Server.Name.ToLowerInvariant());

    public int CompareTo(ServerKey other) =>
        string.CompareOrdinal(Name, other.Name) is var byName && byName != 0 ? byName : Owner.CompareTo(other.Owner);
}

/// <summary>The servers that are there, as events tell: an immutable value. Events may come again, and late ones change nothing.</summary>
internal sealed record ServerList
{
    /// <summary>Beyond that many newcomers are left out; the query's own limit is below.</summary>
    public const int MaxServers = ServerQuery.MaxLimit;

    public static readonly ServerList Empty = new();

    public ImmutableSortedDictionary<ServerKey, ServerListing> Servers { get; private init; } = ImmutableSortedDictionary<ServerKey, ServerListing>.Empty;

    public int Count => Servers.Count;

    public ServerList Apply(WatchEvent happened)
    {
        ServerListing listing = happened.Listing;
        var key = ServerKey.Of(listing);
        bool isKnown = Servers.TryGetValue(key, out ServerListing? known);
        if (isKnown && listing.Sequence < known!.Sequence)
        {
            return this;
        }

        if (!isKnown && happened.Kind is (WatchKind.Left or WatchKind.Measured))
        {
            return this;
        }

        if (happened.Kind == WatchKind.Left)
        {
            return this with { Servers = Servers.Remove(key) };
        }

        if (happened.Kind == WatchKind.Measured)
        {
            return this with { Servers = Servers.SetItem(key, known! with { Ping = listing.Ping }) };
        }

        return isKnown || Count < MaxServers
            ? this with { Servers = Servers.SetItem(key, listing with { Ping = listing.Ping ?? known?.Ping }) }
            : this;
    }
}
