namespace Violence.Kademlia.Persistence;

/// <summary>
/// Where a node keeps what it must not forget when its process ends. One thread at a time loads, commits and rewrites;
/// <see cref="Checkpoint"/> may run beside it on another.
/// </summary>
internal interface IStateStore : IDisposable
{
    /// <summary>Opens the store and reads what is in it. Called once, before everything else.</summary>
    /// <param name="utc">The wall clock: what has expired by it is left out, and nothing lives longer for its having been set back.</param>
    /// <exception cref="StateFileException">The store can't be used; the message names the file and says what to do.</exception>
    LoadedState Load(DateTimeOffset utc);

    /// <summary>
    /// Saves all the changes, in their order, or none. What is saved outlives the process from the moment this returns,
    /// however the process ends; the system's end it outlives after the next <see cref="Checkpoint"/>.
    /// </summary>
    SaveResult Commit(IReadOnlyList<StateChange> changes);

    /// <summary>
    /// Replaces everything in the store, and opens it anew where the failure before was not one of space: the way
    /// back after a <see cref="Commit"/> that failed. Takes about 30 µs a record.
    /// </summary>
    SaveResult Rewrite(SavedState state, DateTimeOffset utc);

    /// <summary>Forces to the disk what was committed before the call, and bounds the log of commits. Blocks for as long as the disk takes.</summary>
    SaveResult Checkpoint();
}
