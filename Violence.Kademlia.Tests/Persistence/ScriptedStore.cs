using Violence.Kademlia.Persistence;

namespace Violence.Kademlia.Tests.Persistence;

/// <summary>A store that succeeds or fails as it is told, and remembers what it was given.</summary>
internal sealed class ScriptedStore : IStateStore
{
    public SaveResult Next { get; set; } = SaveResult.Saved;

    /// <summary>Called for each commit, before it is answered.</summary>
    public Action<IReadOnlyList<StateChange>>? OnCommit { get; set; }

    public List<StateChange> Saved { get; } = [];

    public int Commits { get; private set; }

    public int Rewrites { get; private set; }

    public LoadedState Load(DateTimeOffset utc) => new(SavedState.Empty, new StateLoadReport());

    public SaveResult Commit(IReadOnlyList<StateChange> changes)
    {
        Commits++;
        OnCommit?.Invoke(changes);
        Saved.AddRange(Next.IsSaved ? changes : []);
        return Next;
    }

    public SaveResult Rewrite(SavedState state, DateTimeOffset utc)
    {
        Rewrites++;
        return Next;
    }

    public SaveResult Checkpoint() => Next;

    public void Dispose()
    {
    }
}
