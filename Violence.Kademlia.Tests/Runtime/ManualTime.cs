namespace Violence.Kademlia.Tests.Runtime;

/// <summary>Time that stands still until a test moves it, and timers that fire when a test says so: late, early or in vain.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Far from zero, as a clock that counts since the machine started.
    private long _ticks = TimeSpan.TicksPerHour;

    /// <summary>All that were created, in order.</summary>
    public List<ManualTimer> Timers { get; } = [];

    /// <summary>The first: a loop's.</summary>
    public ManualTimer Timer => Timers[0];

    public TimeSpan UtcOffset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => Epoch + UtcOffset + TimeSpan.FromTicks(GetTimestamp());

    public void Advance(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timers.Add(new ManualTimer(() => callback(state)));
        return Timers[^1];
    }
}

/// <summary>A timer that remembers how it was set and fires by hand.</summary>
internal sealed class ManualTimer(Action fire) : ITimer
{
    private int _timesSet;

    /// <summary>What it was set to, in order.</summary>
    public List<TimeSpan> Settings { get; } = [];

    /// <summary>How many these are, for other threads.</summary>
    public int TimesSet => Volatile.Read(ref _timesSet);

    public bool IsDisposed { get; private set; }

    public void Fire() => fire();

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Settings.Add(dueTime);
        Interlocked.Increment(ref _timesSet);
        return true;
    }

    public void Dispose() => IsDisposed = true;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
