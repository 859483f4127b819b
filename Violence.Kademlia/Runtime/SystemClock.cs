using System.Diagnostics;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Runtime;

/// <summary>The one place that reads the clocks: what it says is handed down to everything below.</summary>
internal static class SystemClock
{
#pragma warning disable RS0030 // The runtime is where time enters; everybody else is handed an Instant.
    /// <summary>The monotonic clock.</summary>
    public static Instant Now => new(Stopwatch.GetElapsedTime(0).Ticks);

    /// <summary>The wall clock, which may be set at any time.</summary>
    public static DateTimeOffset Utc => DateTimeOffset.UtcNow;
#pragma warning restore RS0030
}
