using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Runtime;

/// <summary>The one place that reads the clocks: what it says is handed down to everything below.</summary>
internal sealed class NodeClock(TimeProvider time)
{
#pragma warning disable RS0030 // The runtime is where time enters; everybody else is handed an Instant.
    /// <summary>The machine's clocks.</summary>
    public static NodeClock System { get; } = new(TimeProvider.System);
#pragma warning restore RS0030

    /// <summary>The monotonic clock.</summary>
    public Instant Now => new(time.GetElapsedTime(0).Ticks);

    /// <summary>The wall clock, which may be set at any time.</summary>
    public DateTimeOffset Utc => time.GetUtcNow();

    /// <summary>A timer that is set with <see cref="ITimer.Change"/>.</summary>
    public ITimer CreateTimer(Action fired) =>
        time.CreateTimer(static act => ((Action)act!)(), fired, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Ticks every <paramref name="period"/>.</summary>
    public PeriodicTimer Every(TimeSpan period) => new(period, time);
}
