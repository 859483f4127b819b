namespace Violence.Kademlia.Simulation.Directory;

/// <summary>
/// The clocks of a simulated node, as ordinary code reads them: the simulator's time, its wall clock off by the node's error. Timers are
/// events of the simulator; those of a life that is over stay silent.
/// </summary>
/// <param name="simulator">Whose time.</param>
/// <param name="clockError">By how much the wall clock is ahead.</param>
/// <param name="isOver">Whether the life these clocks belong to has ended.</param>
internal sealed class VirtualTimeProvider(Simulator simulator, TimeSpan clockError, Func<bool> isOver) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => simulator.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => simulator.Utc + clockError;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Events are not taken back: one that is not of the latest setting does nothing.</summary>
    private sealed class VirtualTimer(VirtualTimeProvider owner, Action fired) : ITimer
    {
        private int _setting;
        private bool _isDisposed;
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_isDisposed)
            {
                return false;
            }

            _setting++;
            _period = period;
            Set(dueTime);
            return true;
        }

        public void Dispose()
        {
            _isDisposed = true;
            _setting++;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(TimeSpan dueTime)
        {
            if (dueTime >= TimeSpan.Zero)
            {
                int setting = _setting;
                owner.Simulator.After(dueTime, () => Fire(setting));
            }
        }

        private void Fire(int setting)
        {
            if (setting != _setting || owner.IsOver)
            {
                return;
            }

            Set(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            fired();
        }
    }

    private Simulator Simulator => simulator;

    private bool IsOver => isOver();
}
