using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>A clock moved by hand that tells which timers were set, so that a test moves it only when somebody waits for that.</summary>
internal sealed class VirtualClock : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until a timer of such a time is set, and tells its time; earlier ones of other times are passed over.</summary>
    public async Task<TimeSpan> TimerAsync(Func<TimeSpan, bool> isSought)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            TimeSpan timer = await _timers.Reader.ReadAsync(limit.Token);
            if (isSought(timer))
            {
                return timer;
            }
        }
    }
}
