using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;

namespace Violence.Kademlia.Engine;

/// <summary>What a node does unasked: join, refresh quiet buckets, ask silent contacts, publish its records again.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>Between the refreshes of two buckets when all are refreshed.</summary>
    private static readonly TimeSpan RefreshPause = TimeSpan.FromSeconds(3);

    /// <summary>How often a node that will stay refreshes all buckets ahead of their time, each time after twice the uptime.</summary>
    private const int DeepeningsMax = 3;

    /// <summary>Nodes that were started together, after a power cut or an update, don't do it in the same minute.</summary>
    private static readonly TimeSpan DeepeningSpread = TimeSpan.FromSeconds(90);

    /// <summary>Leading bits by which ids fall into eighths.</summary>
    private const int Eighths = 3;

    private int _deepenings;
    private TimeSpan? _deepenAfter;

    /// <summary>Asks a contact whether it lives, unless it was heard of within <paramref name="patience"/>.</summary>
    public void ProbeIfQuiet(Contact contact, TimeSpan patience, Instant now)
    {
        if (Table.TryGet(contact.Id, out BucketEntry entry) && now - entry.LastSeen >= patience)
        {
            Probe(contact, now);
        }
    }

    private void KeepUp(Instant now)
    {
        _join.Check(now, Table.Count);
        if (_join.TakeLook(now, Table.Count, isMeeting: !_introductions.IsIdle))
        {
            LookForSelf([], now);
        }

        RefreshDue(now);
        PublishDue(now);
        _custody.Advance(this, now);
        _watches?.Advance(this, now);
        _watchers?.Expire(now);

        if (_nextProbe <= now)
        {
            ProbeSilent(now);
        }
    }

    /// <summary>
    /// Refreshes buckets that are due. A node that is new, or lives among such as don't live long, learns just enough; once it is
    /// clear that it will stay, it fills its table in earnest, and keeps it so.
    /// </summary>
    private void RefreshDue(Instant now)
    {
        bool isHereToStay = now - StartedAt >= Config.Settling && MeanLife >= 10 * Config.Settling;
        if (isHereToStay && _isRefreshed && _deepenings < DeepeningsMax && now - StartedAt >= NextDeepening())
        {
            _deepenings++;
            _deepenAfter = null;
            _refresh.RefreshAll(now, RefreshPause);
        }

        while (Table.Count > 0 && _refresh.TryTakeDue(now, _entropy, out NodeId target))
        {
            _isRefreshed = true;
            int bucket = Table.BucketIndexOf(target);
            if (isHereToStay)
            {
                Refresh(target, Config.Lookup(Config.K), now);
            }
            else if (bucket >= Table.BucketCount - 1)
            {
                Refresh(target, Config.Lookup(Config.Holders), now);
            }
            else
            {
                LookAround(target, bucket + 1, now);
            }
        }
    }

    /// <summary>
    /// Asks one node in each eighth of the id space: the twenty that it names are all there are, in a network of up to 160. Larger networks
    /// are known better by those who stay.
    /// </summary>
    private void LookAround(NodeId target, int depth, Instant now)
    {
        if (depth >= Eighths)
        {
            Refresh(target, Config.Lookup(1) with { Parallelism = 2, ArrivedParallelism = 0 }, now);
            return;
        }

        LookAround(target, depth + 1, now);
        LookAround(target.Sibling(depth, _entropy.NextNodeId()), depth + 1, now);
    }

    private void Refresh(NodeId target, LookupLimits limits, Instant now) =>
        Begin(new FindNodeOperation(NewLookup(target, limits), isUnhurried: true) { IsInternal = true }, now);

    /// <summary>At which uptime.</summary>
    private TimeSpan NextDeepening() => _deepenAfter ??= Config.Settling * (1 << _deepenings) + DeepeningSpread * _entropy.NextDouble();

    /// <summary>
    /// Asks the contacts that were silent the longest: a twentieth of the time, a twentieth of the table. Contacts that
    /// lookups meet anyway never come up here.
    /// </summary>
    private void ProbeSilent(Instant now)
    {
        Span<Contact> silent = stackalloc Contact[Math.Min(4 + Table.Count / 20, 64)];
        silent = silent[..Table.LeastRecentlySeen(now - Config.SilenceBeforeProbe, silent)];
        foreach (Contact contact in silent)
        {
            Table.Touch(contact.Id);
            _peers.Touch(contact.Endpoint);
        }

        foreach (Contact contact in silent)
        {
            Probe(contact, now);
        }

        _nextProbe = now + _entropy.Jitter(Config.SilenceBeforeProbe / 20, 0.2);
    }

    /// <summary>After every step: has this node found the network, or lost it?</summary>
    private void EndStep(Instant now)
    {
        int contacts = Table.Count;
        if (_join.State != JoinState.Joined)
        {
            if (contacts >= 3 || (contacts > 0 && _introductions.IsIdle))
            {
                _join.OnJoined(now);
            }
        }
        else if (contacts == 0)
        {
            _join.OnLost(now);
        }
    }
}
