namespace Violence.Kademlia.Federation.Hub;

/// <summary>What one hub said.</summary>
/// <param name="Hub">Its place among the hubs; the smaller is believed.</param>
/// <param name="Value">Its answer.</param>
internal readonly record struct HubWord<T>(int Hub, T Value)
    where T : class;

/// <summary>
/// The hubs of one directory with what is known about each. Asking them never fails: hubs that are down, slow or lying
/// leave no answer. Safe for any thread.
/// </summary>
internal sealed class HubSet
{
    private readonly TimeProvider _time;
    private readonly Member[] _members;

    public HubSet(IReadOnlyList<HubEndpoint> hubs, HttpClient http, TimeSpan timeout, TimeProvider time)
    {
        _time = time;
        _members = [.. hubs.Select(hub => new Member(new HubClient(http, hub, timeout, time)))];
    }

    public int Count => _members.Length;

    public Uri AddressOf(int hub) => _members[hub].Client.Address;

    public IReadOnlyList<HubState> States() => [.. _members.Select(member => member.State())];

    /// <summary>
    /// Asks all at once. Ends with the first answer that is good enough, or with the last answer; hands over what has been
    /// said by then, in the order of the hubs.
    /// </summary>
    public async Task<IReadOnlyList<HubWord<T>>> AskAsync<T>(
        Func<HubClient, CancellationToken, Task<HubReply<T>>> ask, Func<T, bool> isEnough, CancellationToken cancellationToken)
        where T : class
    {
        Task<HubReply<T>>[] asked = new Task<HubReply<T>>[_members.Length];
        for (int i = 0; i < asked.Length; i++)
        {
            asked[i] = AskAsync(i, ask, cancellationToken);
        }

        HashSet<Task<HubReply<T>>> open = [.. asked];
        while (open.Count > 0)
        {
            Task<HubReply<T>> next = await Task.WhenAny(open).ConfigureAwait(false);
            open.Remove(next);
            if ((await next.ConfigureAwait(false)).Value is { } value && isEnough(value))
            {
                break;
            }
        }

        List<HubWord<T>> words = [];
        for (int i = 0; i < asked.Length; i++)
        {
            if (asked[i].IsCompletedSuccessfully && (await asked[i].ConfigureAwait(false)).Value is { } value)
            {
                words.Add(new HubWord<T>(i, value));
            }
        }

        return words;
    }

    /// <summary>Asks one.</summary>
    public async Task<HubReply<T>> AskAsync<T>(
        int hub, Func<HubClient, CancellationToken, Task<HubReply<T>>> ask, CancellationToken cancellationToken)
        where T : class
    {
        Member member = _members[hub];
        if (!member.TryEnter(Now()))
        {
            return new HubReply<T>(HubStatus.BackingOff);
        }

        HubReply<T> reply = await ask(member.Client, cancellationToken).ConfigureAwait(false);
        member.Report(reply.Status, reply.IsFault, reply.Dropped, Now());
        return reply;
    }

    private TimeSpan Now() => _time.GetElapsedTime(0);

    private sealed class Member(HubClient client)
    {
        private readonly Lock _gate = new();
        private readonly HubBreaker _breaker = new();
        private HubStatus _last;
        private long _dropped;

        public HubClient Client => client;

        public bool TryEnter(TimeSpan now)
        {
            lock (_gate)
            {
                return _breaker.TryEnter(now);
            }
        }

        public void Report(HubStatus status, bool isFault, int dropped, TimeSpan now)
        {
            lock (_gate)
            {
                _last = status;
                _dropped += dropped;
                _breaker.Report(isFault, now);
            }
        }

        public HubState State()
        {
            lock (_gate)
            {
                return new HubState(client.Address, _last, _breaker.FailuresInARow, _dropped);
            }
        }
    }
}
