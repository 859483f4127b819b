namespace Violence.Kademlia.Persistence;

/// <summary>
/// Keeps state as long as the object lives, by the same rules as the file: for nodes that stop and start again inside one
/// process, as in simulations. Forgets nothing on <see cref="Dispose"/>.
/// </summary>
internal sealed class MemoryStateStore(StateLimits limits) : IStateStore
{
    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));

    private readonly SortedDictionary<byte[], SavedRecord> _records = new(ByBytes);
    private readonly SortedDictionary<byte[], SavedOwned> _owned = new(ByBytes);
    private IReadOnlyList<SavedContact> _contacts = [];

    /// <summary>May change between one life of the node and the next.</summary>
    public StateLimits Limits { get; set; } = limits;

    public LoadedState Load(DateTimeOffset utc)
    {
        var sieve = new StateSieve(Limits, utc);
        foreach (byte[] place in _records.Where(row => !sieve.Add(row.Value)).Select(static row => row.Key).ToArray())
        {
            _records.Remove(place);
        }

        foreach (byte[] place in _owned.Where(row => !sieve.Add(row.Value)).Select(static row => row.Key).ToArray())
        {
            _owned.Remove(place);
        }

        foreach (SavedContact contact in _contacts)
        {
            sieve.Add(contact);
        }

        return new LoadedState(
            sieve.State,
            new StateLoadReport { Expired = sieve.Expired, OfOtherNetworks = sieve.OfOtherNetworks, BeyondLimits = sieve.BeyondLimits });
    }

    public SaveResult Commit(IReadOnlyList<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            Apply(change);
        }

        return SaveResult.Saved;
    }

    public SaveResult Rewrite(SavedState state, DateTimeOffset utc)
    {
        _records.Clear();
        _owned.Clear();
        return Commit(
        [
            .. state.Records.Select(static saved => new StateChange.Kept(saved)),
            .. state.Owned.Select(static saved => new StateChange.Owned(saved)),
            new StateChange.Contacts(state.Contacts),
        ]);
    }

    public SaveResult Checkpoint() => SaveResult.Saved;

    public void Dispose()
    {
    }

    private void Apply(StateChange change)
    {
        switch (change)
        {
            case StateChange.Kept kept:
                _records[SavedPlace.Of(kept.Saved.Record).ToBytes()] = kept.Saved;
                break;
            case StateChange.Removed removed:
                _records.Remove(removed.Place.ToBytes());
                break;
            case StateChange.Owned owned:
                _owned[SavedPlace.Of(owned.Saved.Record).ToBytes()] = owned.Saved;
                break;
            case StateChange.Disowned disowned:
                _owned.Remove(disowned.Place.ToBytes());
                break;
            case StateChange.Contacts contacts:
                _contacts = [.. contacts.Saved.Take(Limits.MaxContacts)];
                break;
        }
    }
}
