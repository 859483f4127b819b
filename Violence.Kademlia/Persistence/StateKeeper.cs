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
/// Carries a node over a disk that fails. After a commit that failed the store lacks changes, so that later ones would make no
/// sense: they are not tried, until a rewrite of everything brings the store up to date. Rewrites wait longer and longer.
/// </summary>
internal sealed class StateKeeper(IStateStore store)
{
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private Instant _retryAt = Instant.Never;
    private TimeSpan _wait = FirstRetry;

    /// <summary>Whether what is acknowledged now is kept in memory only.</summary>
    public bool IsDegraded => _retryAt != Instant.Never;

    /// <summary>When to call <see cref="Rewrite"/>; <see cref="Instant.Never"/> as long as all is well.</summary>
    public Instant NextDue => _retryAt;

    /// <summary>The last problem; empty when there was none.</summary>
    public string Problem { get; private set; } = "";

    public KeeperNews Commit(IReadOnlyList<StateChange> changes, Instant now)
    {
        if (IsDegraded)
        {
            return KeeperNews.None;
        }

        SaveResult result = store.Commit(changes);
        if (result.IsSaved)
        {
            return KeeperNews.None;
        }

        Problem = result.Problem;
        _retryAt = now + _wait;
        return KeeperNews.Degraded;
    }

    /// <summary>Tries to save all the node holds.</summary>
    public KeeperNews Rewrite(SavedState state, Instant now, DateTimeOffset utc)
    {
        SaveResult result = store.Rewrite(state, utc);
        if (!result.IsSaved)
        {
            Problem = result.Problem;
            _wait = _wait * 2 < LongestRetry ? _wait * 2 : LongestRetry;
            _retryAt = now + _wait;
            return KeeperNews.None;
        }

        _retryAt = Instant.Never;
        _wait = FirstRetry;
        return KeeperNews.Recovered;
    }
}
