namespace Violence.Kademlia.Primitives;

/// <summary>
/// A point on a monotonic clock that the shell (or the simulator) reads and hands in; the engine never reads one itself.
/// Kept in ticks of 100 ns since an epoch that only the clock's owner knows.
/// </summary>
internal readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>Later than everything: the deadline of something that has none.</summary>
    public static Instant Never => new(long.MaxValue);

    public static Instant FromMilliseconds(long milliseconds) => new(milliseconds * TimeSpan.TicksPerMillisecond);

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    public static Instant Min(Instant left, Instant right) => left <= right ? left : right;

    public static Instant Max(Instant left, Instant right) => left >= right ? left : right;

    /// <summary>Adds a span; the sum stops at <see cref="Never"/> instead of wrapping around.</summary>
    public static Instant operator +(Instant instant, TimeSpan span)
    {
        long sum = unchecked(instant.Ticks + span.Ticks);
        return span.Ticks > 0 && sum < instant.Ticks ? Never : new Instant(sum);
    }

    public static Instant operator -(Instant instant, TimeSpan span) => new(instant.Ticks - span.Ticks);

    public static TimeSpan operator -(Instant later, Instant earlier) => new(later.Ticks - earlier.Ticks);

    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;
}
