namespace Violence.Kademlia.Watching;

/// <summary>How many may watch what a node holds, and for how long at a time.</summary>
internal sealed record WatchLimits
{
    /// <summary>Over all keys.</summary>
    public int MaxWatchers { get; init; } = 8_192;

    /// <summary>Of one key: what one change may cost.</summary>
    public int MaxPerKey { get; init; } = 512;

    /// <summary>Of one source network, over all keys.</summary>
    public int MaxPerSource { get; init; } = 64;

    /// <summary>Shortest life granted: renewing costs both sides a datagram.</summary>
    public TimeSpan LifeMin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest life granted: so long news goes to an address where nobody may be any more.</summary>
    public TimeSpan LifeMax { get; init; } = TimeSpan.FromMinutes(2);
}
