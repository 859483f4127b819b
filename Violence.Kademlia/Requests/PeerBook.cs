using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// What is remembered of the endpoints that answered: how long they take and the cookie they handed out. Holds a fixed
/// number at most and forgets the least recently used: that costs one padded request and one guessed time-out.
/// </summary>
internal sealed class PeerBook
{
    public const int DefaultMaximum = 2048;

    /// <summary>A replier keeps the secret before the current one, so a cookie holds at least this long (docs/protocol.md, "Cookies").</summary>
    public static readonly TimeSpan CookieLifetime = TimeSpan.FromMinutes(10);

    private const int None = -1;

    private readonly int _maximum;
    private readonly Dictionary<NodeEndpoint, int> _indexOf = [];
    private Entry[] _entries = [];
    private int _newest = None;
    private int _oldest = None;
    private RoundTripEstimator _everybody;

    /// <param name="maximum">The most endpoints remembered.</param>
    public PeerBook(int maximum = DefaultMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        _maximum = maximum;
    }

    public int Count => _indexOf.Count;

    /// <summary>How long to wait for an answer from here: by its own round trips, else by those of all peers, else a prior.</summary>
    public RequestTimeouts Timeouts(NodeEndpoint endpoint)
    {
        if (_indexOf.TryGetValue(endpoint, out int index) && _entries[index].RoundTrips.IsMeasured)
        {
            return RequestTimeouts.Of(_entries[index].RoundTrips.Estimate, RequestTimeouts.HardMinimum);
        }

        return _everybody.IsMeasured
            ? RequestTimeouts.Of(_everybody.Estimate, RequestTimeouts.StrangerHardMinimum)
            : RequestTimeouts.Prior;
    }

    /// <summary>The smoothed round trip to this endpoint; null when none was measured.</summary>
    public TimeSpan? RoundTripOf(NodeEndpoint endpoint) =>
        _indexOf.TryGetValue(endpoint, out int index) && _entries[index].RoundTrips.IsMeasured
            ? _entries[index].RoundTrips.Smoothed
            : null;

    public void ObserveRoundTrip(NodeEndpoint endpoint, TimeSpan roundTrip)
    {
        EntryOf(endpoint).RoundTrips.Observe(roundTrip);
        _everybody.Observe(roundTrip);
    }

    /// <summary>A request was given up: the next one to this endpoint waits longer. Endpoints that never answered get no entry.</summary>
    public void ObserveTimeout(NodeEndpoint endpoint)
    {
        if (_indexOf.TryGetValue(endpoint, out int index))
        {
            _entries[index].RoundTrips.BackOff();
        }
    }

    /// <summary>The cookie to show to this endpoint. False: none, or too old; then the request is to be padded.</summary>
    public bool TryGetCookie(NodeEndpoint endpoint, Instant now, out ulong cookie)
    {
        if (_indexOf.TryGetValue(endpoint, out int index))
        {
            ref Entry entry = ref _entries[index];
            if (entry.HasCookie && now - entry.CookieSince < CookieLifetime)
            {
                Use(index);
                cookie = entry.Cookie;
                return true;
            }
        }

        cookie = 0;
        return false;
    }

    public void SetCookie(NodeEndpoint endpoint, ulong cookie, Instant now)
    {
        ref Entry entry = ref EntryOf(endpoint);
        entry.Cookie = cookie;
        entry.CookieSince = now;
        entry.HasCookie = true;
    }

    /// <summary>The endpoint asked for a fresh cookie: the one kept is of no use.</summary>
    public void ForgetCookie(NodeEndpoint endpoint)
    {
        if (_indexOf.TryGetValue(endpoint, out int index))
        {
            _entries[index].HasCookie = false;
        }
    }

    /// <summary>The entry of an endpoint, made when there is none, as the most recently used one.</summary>
    private ref Entry EntryOf(NodeEndpoint endpoint)
    {
        if (_indexOf.TryGetValue(endpoint, out int index))
        {
            Use(index);
            return ref _entries[index];
        }

        if (Count < _maximum)
        {
            index = Count;
            if (index == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Min(_maximum, Math.Max(8, _entries.Length * 2)));
            }
        }
        else
        {
            index = _oldest;
            Unlink(index);
            _indexOf.Remove(_entries[index].Endpoint);
        }

        _indexOf.Add(endpoint, index);
        _entries[index] = new Entry { Endpoint = endpoint };
        LinkAsNewest(index);
        return ref _entries[index];
    }

    private void Use(int index)
    {
        if (index != _newest)
        {
            Unlink(index);
            LinkAsNewest(index);
        }
    }

    private void LinkAsNewest(int index)
    {
        _entries[index].Newer = None;
        _entries[index].Older = _newest;
        if (_newest != None)
        {
            _entries[_newest].Newer = index;
        }

        _newest = index;
        if (_oldest == None)
        {
            _oldest = index;
        }
    }

    private void Unlink(int index)
    {
        ref Entry entry = ref _entries[index];
        if (entry.Newer == None)
        {
            _newest = entry.Older;
        }
        else
        {
            _entries[entry.Newer].Older = entry.Older;
        }

        if (entry.Older == None)
        {
            _oldest = entry.Newer;
        }
        else
        {
            _entries[entry.Older].Newer = entry.Newer;
        }
    }

    private struct Entry
    {
        public NodeEndpoint Endpoint;
        public ulong Cookie;
        public Instant CookieSince;
        public RoundTripEstimator RoundTrips;
        public int Newer;
        public int Older;
        public bool HasCookie;
    }
}
