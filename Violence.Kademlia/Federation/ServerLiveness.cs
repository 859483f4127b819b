namespace Violence.Kademlia.Federation;

/// <summary>Whether a listed server is likely to be there still.</summary>
public enum ServerLiveness
{
    /// <summary>Nobody can tell: the server promises no renewals, or the holders do not say when they last had one.</summary>
    Unknown,

    /// <summary>It was heard of within its lease, and a third of that for good measure.</summary>
    Live,

    /// <summary>It has not been heard of for that long: it has crashed, or is cut off. Its rows stay until they expire.</summary>
    Stale,
}

/// <summary>
/// For how long a server promises to be heard of again, and what follows when it is not: holders say by their own clocks how
/// long ago a row came from its owner.
/// </summary>
internal static class ServerLease
{
    public static readonly TimeSpan Default = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan Least = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan Most = TimeSpan.FromHours(1);

    public static bool IsValid(TimeSpan lease) => lease >= Least && lease <= Most && lease.Ticks % TimeSpan.TicksPerSecond == 0;

    /// <summary>The longest time without news of a server that lives: a lease, and a third for a renewal that was late.</summary>
    public static TimeSpan Patience(TimeSpan lease) => lease + lease / 3;

    /// <param name="lease">What the row promises; null: nothing.</param>
    /// <param name="age">How long ago its version came; null when nobody tells.</param>
    public static ServerLiveness Judge(TimeSpan? lease, TimeSpan? age)
    {
        if (lease is not { } promised || age is not { } since)
        {
            return ServerLiveness.Unknown;
        }

        return since <= Patience(promised) ? ServerLiveness.Live : ServerLiveness.Stale;
    }
}
