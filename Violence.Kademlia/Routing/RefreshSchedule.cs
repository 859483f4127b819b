using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// Which bucket of a table has seen no lookup for an interval and wants one for a random position inside it (the paper's
/// section 2.3). Follows the table's splits by itself; a new bucket inherits the time of the one it was cut from.
/// </summary>
internal sealed class RefreshSchedule
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(15);

    private readonly RoutingTable _table;
    private readonly TimeSpan _interval;
    private readonly List<Instant> _lookedUp = [];

    // The answer to the question that comes after every step of the node, until a lookup changes it; -1 then.
    private int _longestAgo = -1;

    public RefreshSchedule(RoutingTable table, TimeSpan interval, Instant now)
    {
        _table = table;
        _interval = interval;
        _lookedUp.Add(now);
    }

    /// <summary>When the next bucket is due.</summary>
    public Instant NextDue => _lookedUp[LongestAgo()] + _interval;

    /// <summary>A lookup for a position has begun: it is the refresh of the bucket that covers it.</summary>
    public void Touch(NodeId target, Instant now)
    {
        Follow();
        int bucket = _table.BucketIndexOf(target);
        _lookedUp[bucket] = Instant.Max(_lookedUp[bucket], now);
        _longestAgo = bucket == _longestAgo ? -1 : _longestAgo;
    }

    /// <summary>
    /// Takes the bucket that was without a lookup the longest, if it is due, and draws a position inside its range. It counts
    /// as looked up from now on.
    /// </summary>
    public bool TryTakeDue(Instant now, EntropySource entropy, out NodeId target)
    {
        Follow();
        int bucket = LongestAgo();
        if (_lookedUp[bucket] + _interval > now)
        {
            target = default;
            return false;
        }

        _lookedUp[bucket] = now;
        _longestAgo = -1;
        target = _table.Self.Sibling(bucket, entropy.NextNodeId());
        return true;
    }

    /// <summary>Has every bucket refreshed soon, one after the other, those around the own id first.</summary>
    public void RefreshAll(Instant from, TimeSpan apart)
    {
        Follow();
        for (int bucket = 0; bucket < _lookedUp.Count; bucket++)
        {
            _lookedUp[bucket] = from + (_lookedUp.Count - 1 - bucket) * apart - _interval;
        }

        _longestAgo = -1;
    }

    private void Follow()
    {
        while (_lookedUp.Count < _table.BucketCount)
        {
            _lookedUp.Add(_lookedUp[^1]);
        }
    }

    /// <summary>A bucket that is new has the time of the one it was cut from, and so is never the answer by itself.</summary>
    private int LongestAgo()
    {
        if (_longestAgo < 0)
        {
            int longest = 0;
            for (int bucket = 1; bucket < _lookedUp.Count; bucket++)
            {
                longest = _lookedUp[bucket] < _lookedUp[longest] ? bucket : longest;
            }

            _longestAgo = longest;
        }

        return _longestAgo;
    }
}
