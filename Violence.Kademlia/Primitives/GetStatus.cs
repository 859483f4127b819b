namespace Violence.Kademlia.Primitives;

/// <summary>How a get ended.</summary>
public enum GetStatus
{
    /// <summary>At least one record was found and verified.</summary>
    Found,

    /// <summary>The closest nodes answered and none has a record.</summary>
    NotFound,

    /// <summary>The record was withdrawn by its owner.</summary>
    Withdrawn,

    /// <summary>Nobody is known, or nobody answered.</summary>
    NoPeers,
}
