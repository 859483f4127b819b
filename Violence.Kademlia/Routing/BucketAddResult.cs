namespace Violence.Kademlia.Routing;

/// <summary>What became of a contact that was offered to the routing table.</summary>
internal enum BucketAddResult : byte
{
    /// <summary>It is in the table now.</summary>
    Added,

    /// <summary>It was there already, at this endpoint; it counts as just seen.</summary>
    Refreshed,

    /// <summary>It was there at another endpoint, which it has left.</summary>
    Moved,

    /// <summary>Its bucket is full of contacts that still answer; it waits as a candidate.</summary>
    Full,

    /// <summary>
    /// Its bucket is full, and its network has its share of the bucket or the table already, so that nobody gives way to it; it
    /// waits as a candidate. A contact of the table that would have moved into such a network stays where it was.
    /// </summary>
    QuotaExceeded,

    /// <summary>It carries the node's own id.</summary>
    OwnId,
}
