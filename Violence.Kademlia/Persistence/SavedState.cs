using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>Everything a node saves. Lists are in the order of their places; contacts best first.</summary>
internal sealed record SavedState(
    IReadOnlyList<SavedRecord> Records, IReadOnlyList<SavedOwned> Owned, IReadOnlyList<SavedContact> Contacts)
{
    public static SavedState Empty { get; } = new([], [], []);
}

/// <summary>A record or tombstone held for others. Times are the wall clock's, to the millisecond.</summary>
/// <param name="Record">The record, its bytes as they were received.</param>
/// <param name="HeldSince">Since when its owner and label have stood under its key.</param>
/// <param name="Expires">When it goes.</param>
/// <param name="SourceNetwork">The <see cref="NodeEndpoint.NetworkPrefix"/> it came from; 0 when that is not known.</param>
internal sealed record SavedRecord(Record Record, DateTimeOffset HeldSince, DateTimeOffset Expires, ulong SourceNetwork);

/// <summary>A record or tombstone that this node keeps alive.</summary>
/// <param name="Record">As it was last signed.</param>
/// <param name="Due">When it is published next.</param>
/// <param name="Holders">Who acknowledged it last; at most <see cref="StateLimits.MaxHolders"/>.</param>
internal sealed record SavedOwned(Record Record, DateTimeOffset Due, IReadOnlyList<Contact> Holders);

/// <summary>A contact that had proved itself.</summary>
internal sealed record SavedContact(Contact Contact, DateTimeOffset LastSeen);

/// <summary>What <see cref="IStateStore.Load"/> found.</summary>
/// <param name="State">What is still good, clamped to what the wall clock allows.</param>
/// <param name="Report">What was not.</param>
internal sealed record LoadedState(SavedState State, StateLoadReport Report);

/// <summary>What a load left out, for the log.</summary>
internal sealed record StateLoadReport
{
    /// <summary>Rows whose checksum or content was wrong.</summary>
    public int Damaged { get; init; }

    /// <summary>Records that had run out.</summary>
    public int Expired { get; init; }

    /// <summary>Records of another network.</summary>
    public int OfOtherNetworks { get; init; }

    /// <summary>Rows beyond the limits.</summary>
    public int BeyondLimits { get; init; }

    /// <summary>Contacts taken over from the contacts file of earlier versions, which is gone after that.</summary>
    public int ImportedContacts { get; init; }

    /// <summary>Why the store was begun anew, and where the old file lies; null when it was not.</summary>
    public string? SetAside { get; init; }

    /// <summary>Why something that was found could not be put in order on the disk; null when there was nothing.</summary>
    public string? Problem { get; init; }
}
