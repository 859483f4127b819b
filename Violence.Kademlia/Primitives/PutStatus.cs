namespace Violence.Kademlia.Primitives;

/// <summary>How a put ended.</summary>
public enum PutStatus
{
    /// <summary>As many nodes as the replication factor asks for, or as there are, acknowledged.</summary>
    Stored,

    /// <summary>Fewer than there could have been: some nodes were silent or refused. Tried again later when kept alive.</summary>
    TooFewReplicas,

    /// <summary>Holders have a record of this owner and label that wins over this one.</summary>
    Stale,

    /// <summary>Every holder that answered refused it; the result's refusals say why.</summary>
    Refused,

    /// <summary>Nobody is known, or nobody answered. Tried again later when kept alive.</summary>
    NoPeers,
}
