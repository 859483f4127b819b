using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Hub;

/// <summary>
/// Keeps one server listed at every hub: tells each at once, then at every heartbeat, and soon after a change, but no more
/// often than every 5 s. A hub that fails is tried again after 5 s, 10 s and so on up to the heartbeat. Safe for any thread.
/// </summary>
internal sealed class HubHeartbeat : IAsyncDisposable
{
    /// <summary>Hubs allow 60 requests a minute.</summary>
    public static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(5);

    private const double Spread = 0.1;

    private readonly HubSet _hubs;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly Task _beating;

    private HubAnnouncement _announcement;
    private TaskCompletionSource _changed = Signal();
    private int _isEnded;

    public HubHeartbeat(HubSet hubs, HubAnnouncement announcement, TimeSpan interval, TimeProvider time)
    {
        _hubs = hubs;
        _announcement = announcement;
        _interval = interval;
        _time = time;
        _beating = Task.WhenAll(Enumerable.Range(0, hubs.Count).Select(BeatAsync));
    }

    public void Update(HubAnnouncement announcement)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _announcement = announcement;
            changed = _changed;
            _changed = Signal();
        }

        changed.TrySetResult();
    }

    /// <summary>Stops. The wire has no way to take a server back: hubs forget it when they have not heard of it for long enough.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
        }

        await _beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task BeatAsync(int hub)
    {
        // Not shared between hubs: a source of entropy is for one thread.
        var entropy = EntropySource.System();
        int failures = 0;
        while (!_ending.IsCancellationRequested)
        {
            (HubAnnouncement announcement, Task changed) = Current();
            HubReply<HubRegistered> reply = await _hubs.AskAsync(
                hub, (client, token) => client.AnnounceAsync(announcement, token), _ending.Token).ConfigureAwait(false);
            failures = reply.IsFault || reply.Status == HubStatus.BackingOff ? failures + 1 : 0;

            TimeSpan pause = PauseAfter(failures, entropy);
            await Task.Delay(failures > 0 ? pause : LeastPause, _time, _ending.Token).ConfigureAwait(false);
            if (failures == 0)
            {
                await changed.WaitAsync(pause - LeastPause, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private TimeSpan PauseAfter(int failures, EntropySource entropy)
    {
        TimeSpan pause = failures is > 0 and < 8 ? LeastPause * Math.Pow(2, failures - 1) : _interval;
        TimeSpan spread = entropy.Jitter(pause < _interval ? pause : _interval, Spread);
        return spread > LeastPause ? spread : LeastPause;
    }

    private (HubAnnouncement Announcement, Task Changed) Current()
    {
        lock (_gate)
        {
            return (_announcement, _changed.Task);
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
