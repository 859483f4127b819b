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

    /// <summary>Too many contacts stand in its network already.</summary>
    QuotaExceeded,

    /// <summary>It carries the node's own id.</summary>
    OwnId,
}
