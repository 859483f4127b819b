using Violence.Kademlia.Admission;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Watching;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>Telling others what changes in the store, and hearing it from others.</summary>
internal sealed partial class KademliaEngine
{
    // Made when the first comes: most nodes never have any.
    private WatchTable? _watchers;
    private Watches? _watches;
    private TokenBucket _newsBudget;
    private uint _newsTurn;

    /// <summary>Who watches keys at this node.</summary>
    public int Watchers => _watchers?.Count ?? 0;

    /// <summary>Keys that this node watches.</summary>
    public int WatchesRunning => _watches?.Count ?? 0;

    /// <summary>
    /// Watches a key until <see cref="EndWatch"/>. <paramref name="listener"/> hears on the loop what holders tell, how many of them
    /// have promised to, and with null that the node stops.
    /// </summary>
    /// <returns>Null when this node watches as many keys as it may.</returns>
    public Watch? BeginWatch(RecordKey key, byte[]? filter, Action<WatchNews?> listener, Instant now)
    {
        var watch = new Watch(_entropy.NextUInt64(), key, filter, listener);
        _watches ??= new Watches();
        if (!_watches.TryAdd(watch, now))
        {
            return null;
        }

        _watches.Advance(this, now);
        return watch;
    }

    public void EndWatch(Watch watch, Instant now) => _watches?.End(watch, this, now);

    /// <summary>The node stops.</summary>
    public void EndWatches(Instant now) => _watches?.EndAll(this, now);

    /// <summary>For <see cref="Watches"/>.</summary>
    public void BeginRound(Watch watch, bool searches, Instant now) => Begin(
        new WatchOperation(watch, NewLookup(watch.Key.Position, Config.Lookup(WatchOperation.Eligible)), searches) { IsInternal = true }, now);

    /// <summary>Brings items into an order that nobody can foresee.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = _entropy.NextInt32(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }

    private ReadOnlyMemory<byte> ServeWatch(Contact from, IncomingMessage message, Instant now)
    {
        var key = new RecordKey(message.Target);
        var status = WatchStatus.NotHolder;
        TimeSpan granted = TimeSpan.Zero;
        if (message.LifeSeconds == 0 || CouldHold(key.Position))
        {
            _watchers ??= new WatchTable(Config.Watching, new SecretComparer(_entropy));
            ulong network = RecordSource.Of(from.Endpoint).Network;
            TimeSpan life = TimeSpan.FromSeconds(message.LifeSeconds);
            status = _watchers.Watch(key, from.Endpoint, network, message.Watch, message.Filter.Span, life, now, out granted);
        }

        MessageHeader header = Header(MessageKind.Watching, message.Header.Transaction);
        ulong cookie = _cookies.Issue(from.Endpoint, now);
        return Scratch.Writer.Watching(header, from.Endpoint, cookie, status, (uint)granted.TotalSeconds, WireLimits.MaxDatagram);
    }

    /// <summary>
    /// Twice the holders, since some of those in the table may be dead: subscribers look for the closest themselves, this only tells
    /// one that has lost its way.
    /// </summary>
    private bool CouldHold(NodeId position)
    {
        Span<Contact> closest = stackalloc Contact[2 * Config.Holders];
        int count = Table.Closest(position, closest, AddressFamilies.Both, Self, onlyReliable: true);
        return count < closest.Length || Self.DistanceTo(position) < closest[^1].Id.DistanceTo(position);
    }

    /// <summary>All records that enter the store come through here, so that who watches hears of them.</summary>
    private StoreResult Keep(Record verified, RecordSource source, Instant now, bool isFirstHand = true)
    {
        bool isWatchedHere = _watches?.Covers(verified.Key) == true;
        bool isWatched = isWatchedHere || (_watchers is not null && !_watchers.Of(verified.Key, now).IsEmpty);
        Record? before = isWatched ? Store.Held(verified, now) : null;
        StoreResult result = Store.Put(verified, source, now, UtcAt(now), isFirstHand);
        if (!isWatched || result.Status != StoreStatus.Stored || IsMereRenewal(verified, before))
        {
            return result;
        }

        if (_watchers is not null)
        {
            TellWatchers(_watchers.Of(verified.Key, now), verified, before, now);
        }

        if (isWatchedHere)
        {
            TellOwnWatches(verified, before);
        }

        return result;
    }

    /// <summary>Servers sign anew all the time what has not changed: that they live is asked for, not told.</summary>
    private static bool IsMereRenewal(Record record, Record? before) =>
        before is not null && before.IsTombstone == record.IsTombstone && record.Payload.Span.SequenceEqual(before.Payload.Span);

    private void TellWatchers(ReadOnlySpan<Watcher> watchers, Record record, Record? before, Instant now)
    {
        // Each time from another one on: where the budget does not suffice, it is not always the same who are left out.
        uint turn = _newsTurn++;
        for (int i = 0; i < watchers.Length; i++)
        {
            Watcher watcher = watchers[(int)((turn + (uint)i) % (uint)watchers.Length)];
            if (!Concerns(PayloadFilter.ParseOrNone(watcher.Filter), record, before))
            {
                continue;
            }

            if (!_newsBudget.TryTake(Config.News, now))
            {
                Counters.NewsHeldBack++;
                continue;
            }

            MessageHeader header = Header(MessageKind.News, _entropy.NextTransactionId());
            if (Post(watcher.Endpoint, Scratch.Writer.News(header, cookie: null, watcher.Number, record.Bytes.Span)))
            {
                Counters.NewsSent++;
            }
        }
    }

    private void TellOwnWatches(Record record, Record? before)
    {
        ulong fingerprint = record.Fingerprint;
        foreach (Watch watch in _watches!.Of(record.Key).ToArray())
        {
            if (!watch.Knows(fingerprint) && Concerns(PayloadFilter.ParseOrNone(watch.Filter), record, before))
            {
                watch.Tell(record, fingerprint);
            }
        }
    }

    /// <summary>Whether somebody with this filter should hear of a record: also that what passed does so no more.</summary>
    private static bool Concerns(PayloadFilter filter, Record record, Record? before)
    {
        if (filter.IsEmpty || (!record.IsTombstone && filter.Matches(record.Payload.Span)))
        {
            return true;
        }

        return before is null || before.IsTombstone
            ? record.IsTombstone
            : filter.Matches(before.Payload.Span);
    }

    /// <summary>News counts only from who was asked for it, and with the number that only they know.</summary>
    private void HandleNews(NodeEndpoint source, IncomingMessage message, Instant now)
    {
        if (_watches?.Find(message.Watch, source, now) is not { } watch)
        {
            Counters.Drop(DropReason.Unsolicited);
            return;
        }

        if (!RecordCodec.TryParse(message.RecordAt(0).Span, out Record? record, out _)
            || record.Network != Config.Network
            || record.Key != watch.Key)
        {
            Refuse(watch, source);
            return;
        }

        Counters.NewsReceived++;
        ulong fingerprint = record.Fingerprint;
        if (watch.Knows(fingerprint) || RecordRules.RemainingLife(record, UtcAt(now), Config.Storage.ClockTolerance) <= TimeSpan.Zero)
        {
            return;
        }

        if (!Store.Holds(record))
        {
            if (!_limiter.Admit(source, now, VerificationCost))
            {
                Counters.Drop(DropReason.RateLimited);
                return;
            }

            if (!Verify(record))
            {
                Refuse(watch, source);
                return;
            }
        }

        watch.Tell(record, fingerprint);
    }

    /// <summary>Who tells what is not true is not listened to any more; the next round puts another in its place.</summary>
    private void Refuse(Watch watch, NodeEndpoint source)
    {
        Counters.RecordsRefused++;
        watch.Forget(source);
        watch.TellHolders();
    }
}
