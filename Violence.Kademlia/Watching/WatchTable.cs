using System.Runtime.InteropServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Watching;

/// <summary>
/// Who watches which of the keys that this node holds records of. Invariants: one watcher of each key, endpoint and number;
/// never above its <see cref="WatchLimits"/>; no call shows one that has expired by the <c>now</c> it was given. Who is in it
/// has proved that it receives at its endpoint, which is the caller's business.
/// </summary>
/// <param name="limits">How many, for how long.</param>
/// <param name="comparer">Hashes keys, which strangers choose.</param>
internal sealed class WatchTable(WatchLimits limits, IEqualityComparer<RecordKey> comparer)
{
    private readonly Dictionary<RecordKey, List<Watcher>> _byKey = new(comparer);
    private readonly Dictionary<ulong, int> _bySource = [];
    private readonly IndexedHeap<Watcher, Watcher.ByExpiry> _expiries = new();

    /// <summary>Watchers; expired ones count until the next call that is given the time.</summary>
    public int Count => _expiries.Count;

    /// <summary>Keys with a watcher.</summary>
    public int KeyCount => _byKey.Count;

    /// <summary>Source networks with a watcher.</summary>
    public int SourceCount => _bySource.Count;

    /// <summary>Adds a watcher, renews it, or ends it.</summary>
    /// <param name="key">What it watches.</param>
    /// <param name="endpoint">Where it receives.</param>
    /// <param name="network">The source network it counts for.</param>
    /// <param name="number">The subscription's number.</param>
    /// <param name="filter">What it wants to hear of, from now on; empty: everything.</param>
    /// <param name="life">For how long; zero ends it.</param>
    /// <param name="now">The time.</param>
    /// <param name="granted">For how long it watches now; zero when it does not.</param>
    public WatchStatus Watch(
        RecordKey key, NodeEndpoint endpoint, ulong network, ulong number, ReadOnlySpan<byte> filter, TimeSpan life, Instant now, out TimeSpan granted)
    {
        Expire(now);
        granted = TimeSpan.Zero;
        Watcher? watcher = Find(key, endpoint, number);
        if (life <= TimeSpan.Zero)
        {
            if (watcher is not null)
            {
                Remove(watcher);
            }

            return WatchStatus.Granted;
        }

        if (watcher is null && !HasRoom(key, network))
        {
            return WatchStatus.Full;
        }

        granted = life < limits.LifeMin ? limits.LifeMin : life > limits.LifeMax ? limits.LifeMax : life;
        if (watcher is null)
        {
            watcher = new Watcher(key, endpoint, network, number) { Expires = now + granted };
            Add(watcher);
        }
        else
        {
            watcher.Expires = now + granted;
            _expiries.Moved(watcher);
        }

        if (!filter.SequenceEqual(watcher.Filter))
        {
            watcher.Filter = filter.ToArray();
        }

        return WatchStatus.Granted;
    }

    /// <summary>Who watches a key; valid until the next call.</summary>
    public ReadOnlySpan<Watcher> Of(RecordKey key, Instant now)
    {
        Expire(now);
        return _byKey.TryGetValue(key, out List<Watcher>? watchers) ? CollectionsMarshal.AsSpan(watchers) : [];
    }

    /// <summary>Drops those whose time is up.</summary>
    public void Expire(Instant now)
    {
        while (_expiries.TryPeek(out Watcher? first) && first.Expires <= now)
        {
            Remove(first);
        }
    }

    private bool HasRoom(RecordKey key, ulong network)
    {
        int ofKey = _byKey.TryGetValue(key, out List<Watcher>? watchers) ? watchers.Count : 0;
        return Count < limits.MaxWatchers && ofKey < limits.MaxPerKey && _bySource.GetValueOrDefault(network) < limits.MaxPerSource;
    }

    /// <summary>Looks through all of the key, which are few: a table by endpoint and number would be one more that strangers choose the hashes of.</summary>
    private Watcher? Find(RecordKey key, NodeEndpoint endpoint, ulong number)
    {
        if (_byKey.TryGetValue(key, out List<Watcher>? watchers))
        {
            foreach (Watcher watcher in watchers)
            {
                if (watcher.Number == number && watcher.Endpoint == endpoint)
                {
                    return watcher;
                }
            }
        }

        return null;
    }

    private void Add(Watcher watcher)
    {
        ref List<Watcher>? watchers = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, watcher.Key, out _);
        watchers ??= new List<Watcher>(capacity: 1);
        watcher.Place = watchers.Count;
        watchers.Add(watcher);
        CollectionsMarshal.GetValueRefOrAddDefault(_bySource, watcher.Network, out _)++;
        _expiries.Add(watcher);
    }

    private void Remove(Watcher watcher)
    {
        _expiries.Remove(watcher);
        List<Watcher> watchers = _byKey[watcher.Key];
        Watcher last = watchers[^1];
        watchers[watcher.Place] = last;
        last.Place = watcher.Place;
        watchers.RemoveAt(watchers.Count - 1);
        if (watchers.Count == 0)
        {
            _byKey.Remove(watcher.Key);
        }

        ref int ofSource = ref CollectionsMarshal.GetValueRefOrNullRef(_bySource, watcher.Network);
        if (--ofSource == 0)
        {
            _bySource.Remove(watcher.Network);
        }
    }
}
