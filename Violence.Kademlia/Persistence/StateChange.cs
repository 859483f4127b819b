namespace Violence.Kademlia.Persistence;

/// <summary>One thing to save or to forget; see <see cref="IStateStore.Commit"/>.</summary>
internal abstract record StateChange
{
    private StateChange()
    {
    }

    /// <summary>A record is held, in the place of an earlier one of the same key, owner and label.</summary>
    internal sealed record Kept(SavedRecord Saved) : StateChange;

    /// <summary>A record is no longer held.</summary>
    internal sealed record Removed(SavedPlace Place) : StateChange;

    /// <summary>A record of this node's own is kept alive, or its schedule or holders changed.</summary>
    internal sealed record Owned(SavedOwned Saved) : StateChange;

    /// <summary>A record of this node's own is no longer kept alive.</summary>
    internal sealed record Disowned(SavedPlace Place) : StateChange;

    /// <summary>All the contacts worth saving, best first; those beyond the limit are left out.</summary>
    internal sealed record Contacts(IReadOnlyList<SavedContact> Saved) : StateChange;
}
