using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>What a <see cref="StateKeeper"/> has to tell its node's log: only what is new.</summary>
internal enum KeeperNews
{
    None,

    /// <summary>Saving fails from now on; the node goes on in memory.</summary>
    Degraded,

    /// <summary>All is saved again.</summary>
    Recovered,
}

/// <summary>
/// Carries a node over a disk that fails. What could not be committed waits, in its order, and is tried again after longer and
/// longer pauses. Where too much waits, or the file itself is at fault, all the node holds is written anew instead.
/// </summary>
internal sealed class StateKeeper(IStateStore store)
{
    /// <summary>Changes that wait. A rewrite of 100,000 records takes seconds, so there is a point in waiting for a short trouble to end.</summary>
    public const int MaxWaiting = 10_000;

    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly List<StateChange> _waiting = [];
    private TimeSpan _wait = FirstRetry;
    private bool _needsRewrite;

    /// <summary>Whether what is acknowledged now is kept in memory only.</summary>
    public bool IsDegraded => NextDue != Instant.Never;

    /// <summary>When to call <see cref="Retry"/>; <see cref="Instant.Never"/> as long as all is well.</summary>
    public Instant NextDue { get; private set; } = Instant.Never;

    /// <summary>The last problem; empty when there was none.</summary>
    public string Problem { get; private set; } = "";

    public KeeperNews Commit(IReadOnlyList<StateChange> changes, Instant now)
    {
        if (IsDegraded)
        {
            Wait(changes);
            return KeeperNews.None;
        }

        SaveResult result = store.Commit(changes);
        if (result.IsSaved)
        {
            return KeeperNews.None;
        }

        Wait(changes);
        Failed(result);
        NextDue = now + _wait;
        return KeeperNews.Degraded;
    }

    /// <summary>Tries to bring the store up to date.</summary>
    /// <param name="now">The time.</param>
    /// <param name="utc">The wall clock.</param>
    /// <param name="all">Gives all the node holds; asked only when it takes that.</param>
    public KeeperNews Retry(Instant now, DateTimeOffset utc, Func<SavedState> all)
    {
        SaveResult result = _needsRewrite ? store.Rewrite(all(), utc) : store.Commit(_waiting);
        if (!result.IsSaved)
        {
            Failed(result);
            _wait = _wait * 2 < LongestRetry ? _wait * 2 : LongestRetry;
            NextDue = now + _wait;
            return KeeperNews.None;
        }

        NextDue = Instant.Never;
        _wait = FirstRetry;
        _needsRewrite = false;
        _waiting.Clear();
        return KeeperNews.Recovered;
    }

    private void Wait(IReadOnlyList<StateChange> changes)
    {
        _needsRewrite |= _waiting.Count + changes.Count > MaxWaiting;
        if (!_needsRewrite)
        {
            _waiting.AddRange(changes);
        }
    }

    private void Failed(SaveResult result)
    {
        Problem = result.Problem;
        _needsRewrite |= result.Status is SaveStatus.Damaged or SaveStatus.Failed;
        if (_needsRewrite)
        {
            _waiting.Clear();
        }
    }
}
