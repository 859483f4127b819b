using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>
/// The keys that this node watches. Sees to it that each has holders that tell: renews often enough to keep a NAT's mapping open,
/// searches now and then, and goes easy on a network in which nobody grants anything.
/// </summary>
internal sealed class Watches
{
    /// <summary>Most keys at a time.</summary>
    public const int Max = 256;

    private static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(22);
    private static readonly TimeSpan SearchPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private readonly List<Watch> _watches = [];

    public int Count => _watches.Count;

    /// <summary>When the next round is due.</summary>
    public Instant NextDue { get; private set; } = Instant.Never;

    public bool Covers(RecordKey key) => _watches.Exists(watch => watch.Key == key);

    /// <summary>The watch that news with this number, from there, belongs to.</summary>
    public Watch? Find(ulong number, NodeEndpoint source, Instant now) =>
        _watches.Find(watch => watch.Number == number && watch.IsAsked(source, now));

    public IEnumerable<Watch> Of(RecordKey key) => _watches.Where(watch => watch.Key == key);

    /// <returns>False when there are as many as may be.</returns>
    public bool TryAdd(Watch watch, Instant now)
    {
        if (_watches.Count >= Max)
        {
            return false;
        }

        watch.NextRound = now;
        watch.NextSearch = now;
        _watches.Add(watch);
        NextDue = now;
        return true;
    }

    public void Advance(KademliaEngine engine, Instant now)
    {
        if (NextDue > now)
        {
            return;
        }

        foreach (Watch watch in _watches.ToArray())
        {
            if (!watch.IsUnderWay && watch.NextRound <= now)
            {
                watch.IsUnderWay = true;
                engine.BeginRound(watch, watch.NextSearch <= now, now);
            }
        }

        SetNextDue();
    }

    public void OnRound(WatchOperation round, KademliaEngine engine, Instant now)
    {
        Watch watch = round.Watch;
        watch.IsUnderWay = false;
        if (watch.IsEnded)
        {
            SayEnd(watch, round.Granted, engine, now);
            return;
        }

        SayEnd(watch, watch.Granting().Except(round.Granted), engine, now);
        watch.Expire(now);
        Schedule(watch, round, engine, now);
        watch.TellHolders();
        SetNextDue();
    }

    /// <summary>Ends a watch, and tells those who promised.</summary>
    public void End(Watch watch, KademliaEngine engine, Instant now)
    {
        if (_watches.Remove(watch))
        {
            watch.End();
            SayEnd(watch, watch.Granting(), engine, now);
            SetNextDue();
        }
    }

    /// <summary>The node stops: ends all, and tells who listens.</summary>
    public void EndAll(KademliaEngine engine, Instant now)
    {
        foreach (Watch watch in _watches.ToArray())
        {
            End(watch, engine, now);
            watch.TellStop();
        }
    }

    private static void SayEnd(Watch watch, IEnumerable<Contact> holders, KademliaEngine engine, Instant now)
    {
        foreach (Contact holder in holders.ToArray())
        {
            watch.Forget(holder.Endpoint);
            engine.Send(WatchOperation.Request(watch, holder, lifeSeconds: 0, operation: null), now);
        }
    }

    /// <summary>The next round comes soon after one that fell short, then later and later: there may be no more holders than that.</summary>
    private static void Schedule(Watch watch, WatchOperation round, KademliaEngine engine, Instant now)
    {
        bool isShort = round.Granted.Count < WatchOperation.Wanted;
        watch.RoundsShort = isShort ? watch.RoundsShort + 1 : 0;
        TimeSpan pause = isShort ? FirstPause * (1 << Math.Min(watch.RoundsShort - 1, 10)) : RenewalPause;
        pause = pause < RenewalPause ? pause : RenewalPause;
        watch.NextRound = now + pause * 0.8 + engine.Jitter(pause * 0.2);
        if (isShort)
        {
            watch.NextSearch = now;
        }
        else if (round.HasSearched)
        {
            watch.NextSearch = now + engine.Jitter(SearchPause);
        }
    }

    private void SetNextDue()
    {
        NextDue = Instant.Never;
        foreach (Watch watch in _watches)
        {
            NextDue = watch.IsUnderWay ? NextDue : Instant.Min(NextDue, watch.NextRound);
        }
    }
}
