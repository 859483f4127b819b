namespace Violence.Kademlia.Primitives;

/// <summary>What a holder did with a record it was asked to store. The numbers are on the wire.</summary>
public enum StoreStatus : byte
{
    /// <summary>Kept: it is new here, or replaced an older one.</summary>
    Stored = 0,

    /// <summary>The holder already has this very record; its life was refreshed.</summary>
    Refreshed = 1,

    /// <summary>The holder has a record of this owner and label that wins over this one.</summary>
    Stale = 2,

    /// <summary>The signature is not the owner's.</summary>
    InvalidSignature = 3,

    /// <summary>Not a record of this network, or not well-formed.</summary>
    Malformed = 4,

    /// <summary>Its time to live has run out.</summary>
    Expired = 5,

    /// <summary>This key or owner already has as many records here as one may have.</summary>
    QuotaExceeded = 6,

    /// <summary>The holder has no room.</summary>
    Full = 7,
}
