using System.Runtime.InteropServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// What is remembered of the endpoints that answered: how long they take and the cookie they handed out. Holds a fixed
/// number at most and forgets the least recently used: that costs one padded request and one guessed time-out.
/// </summary>
internal sealed class PeerBook
{
    public const int DefaultMaximum = 1024;

    /// <summary>A replier keeps the secret before the current one, so a cookie holds at least this long (docs/protocol.md, "Cookies").</summary>
    public static readonly TimeSpan CookieLifetime = TimeSpan.FromMinutes(10);

    private const int None = -1;

    /// <summary>Cookies are dated in units of 2^20 ticks, about a tenth of a second.</summary>
    private const int CookieUnit = 20;

    private readonly int _maximum;
    private readonly SlotIndex _index;
    private Entry[] _entries = [];
    private uint _uses;
    private RoundTripEstimator _everybody;

    // Who was found last, and where: a request asks for its cookie and for its time-outs. So even to read takes the engine's one thread.
    private NodeEndpoint _last;
    private int _lastFound;

    /// <param name="maximum">The most endpoints remembered.</param>
    public PeerBook(int maximum = DefaultMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        _maximum = maximum;
        _index = new SlotIndex(index => _entries[index].Endpoint.GetHashCode());
    }

    public int Count => _index.Count;

    /// <summary>How long to wait for an answer from here: by its own round trips, else by those of all peers, else a prior.</summary>
    public RequestTimeouts Timeouts(NodeEndpoint endpoint)
    {
        int index = Find(endpoint);
        if (index != None && _entries[index].RoundTrips.IsMeasured)
        {
            return RequestTimeouts.Of(_entries[index].RoundTrips.Estimate, RequestTimeouts.HardMinimum);
        }

        return _everybody.IsMeasured
            ? RequestTimeouts.Of(_everybody.Estimate, RequestTimeouts.StrangerHardMinimum)
            : RequestTimeouts.Prior;
    }

    /// <summary>
    /// An answer has come, with a cookie. A late one may be that to the second copy, so it tells nothing of the round trip, except that the
    /// next request had better wait longer for its own (Karn and Partridge 1987). Of a peer that was never in time it is all there is.
    /// </summary>
    public void OnReply(NodeEndpoint endpoint, TimeSpan roundTrip, bool isLate, ulong cookie, Instant now)
    {
        ref Entry entry = ref EntryOf(endpoint);
        if (isLate && entry.RoundTrips.IsMeasured)
        {
            entry.RoundTrips.BackOff();
        }
        else
        {
            entry.RoundTrips.Observe(roundTrip);
            _everybody.Observe(roundTrip);
        }

        entry.Cookie = cookie;
        entry.CookieDate = DateOf(now);
    }

    /// <summary>A request was given up: the next one to this endpoint waits longer. Endpoints that never answered get no entry.</summary>
    public void ObserveTimeout(NodeEndpoint endpoint)
    {
        int index = Find(endpoint);
        if (index != None)
        {
            _entries[index].RoundTrips.BackOff();
        }
    }

    /// <summary>The cookie to show to this endpoint. False: none, or too old; then the request is to be padded.</summary>
    public bool TryGetCookie(NodeEndpoint endpoint, Instant now, out ulong cookie)
    {
        int index = Find(endpoint);
        if (index != None)
        {
            ref Entry entry = ref _entries[index];
            if (entry.CookieDate != 0 && DateOf(now) - entry.CookieDate < CookieLifetime.Ticks >> CookieUnit)
            {
                entry.LastUse = NextUse();
                cookie = entry.Cookie;
                return true;
            }
        }

        cookie = 0;
        return false;
    }

    /// <summary>Brings what is remembered of an endpoint near the processor, as <see cref="Routing.RoutingTable.Touch"/> does with contacts.</summary>
    public void Touch(NodeEndpoint endpoint) => _ = Find(endpoint);

    // 0 stands for "no cookie". Dates come round after 14 years.
    private static uint DateOf(Instant now) => Math.Max(1, (uint)(now.Ticks >> CookieUnit));

    private int Find(NodeEndpoint endpoint)
    {
        if (endpoint == _last && _lastFound < Count && _entries[_lastFound].Endpoint == endpoint)
        {
            return _lastFound;
        }

        int hash = endpoint.GetHashCode();
        int cell = -1;
        while (_index.TryNext(hash, ref cell, out int index))
        {
            if (_entries[index].Endpoint == endpoint)
            {
                (_last, _lastFound) = (endpoint, index);
                return index;
            }
        }

        return None;
    }

    /// <summary>The entry of an endpoint, made when there is none, as the most recently used one.</summary>
    private ref Entry EntryOf(NodeEndpoint endpoint)
    {
        int index = Find(endpoint);
        if (index == None)
        {
            index = Count < _maximum ? NextFree() : LeastRecentlyUsed();
            if (index < Count)
            {
                _index.Remove(index, _entries[index].Endpoint.GetHashCode());
            }

            _entries[index] = new Entry { Endpoint = endpoint };
            _index.Add(index, endpoint.GetHashCode());
        }

        ref Entry entry = ref _entries[index];
        entry.LastUse = NextUse();
        return ref entry;
    }

    private int NextFree()
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Min(_maximum, Growth.Next(Count)));
        }

        return Count;
    }

    /// <summary>Looks through a full book. That only a stranger's answer asks for it makes it cheaper than a list kept in order.</summary>
    private int LeastRecentlyUsed()
    {
        int least = 0;
        for (int index = 1; index < _entries.Length; index++)
        {
            least = _entries[index].LastUse < _entries[least].LastUse ? index : least;
        }

        return least;
    }

    private uint NextUse()
    {
        if (++_uses == 0)
        {
            // Once in four billion uses the order is lost.
            foreach (ref Entry entry in _entries.AsSpan())
            {
                entry.LastUse = 0;
            }
        }

        return _uses;
    }

    /// <summary>42 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private struct Entry
    {
        public NodeEndpoint Endpoint;
        public ulong Cookie;
        public RoundTripEstimator RoundTrips;
        public uint CookieDate;
        public uint LastUse;
    }
}
