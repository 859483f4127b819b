namespace Violence.Kademlia.Admission;

/// <summary>Limits of <see cref="SourceLimiter"/>.</summary>
internal sealed record SourceLimits
{
    /// <summary>Datagrams of one source address (IPv6: one /64).</summary>
    public TokenRate PerSource { get; init; } = new(PerSecond: 1000, Burst: 2000);

    /// <summary>Datagrams of all sources together that find no room of their own.</summary>
    public TokenRate Shared { get; init; } = new(PerSecond: 2000, Burst: 4000);

    /// <summary>The most sources that have a budget of their own: a power of two, 8 or more.</summary>
    public int MaxSources { get; init; } = 4096;

    /// <summary>
    /// How long a source that never proved its address keeps its place after its last datagram, at the least. Spoofed
    /// sources can take all the places, but only so many per this time; the rest share one budget.
    /// </summary>
    public TimeSpan KeepUnproven { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a source that proved its address keeps its place after its last datagram.</summary>
    public TimeSpan KeepProven { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether datagrams from this host go uncounted: many nodes of one host are common in tests and on game servers.</summary>
    public bool ExemptLoopback { get; init; } = true;
}
