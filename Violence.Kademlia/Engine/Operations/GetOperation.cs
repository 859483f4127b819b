using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Finds the records under a key. The lookup asks with FIND_VALUE; where a holder has more than one datagram carries,
/// <see cref="PageWalk"/> reads on.
/// </summary>
internal sealed class GetOperation : Operation
{
    // Readers bring holders up to date that they met on the way, but are not there to do their work.
    private const int RepairsMax = 3;

    private readonly RecordKey _key;
    private readonly NodeId? _owner;
    private readonly GetMode _mode;
    private readonly int _limit;
    private readonly FindPhase _find;
    private readonly PageWalk _pages;
    private readonly RecordCollector _collector = new();
    private readonly Action<HeldRecord>? _onRecord;
    private readonly int _closestWanted;
    private readonly PayloadFilter _filter;
    private readonly List<uint> _totals = [];
    private int _lost;

    /// <param name="key">Under which.</param>
    /// <param name="lookup">A search for the key's position.</param>
    /// <param name="closestWanted">How many of the closest must have answered, and are read to their end where all is wanted.</param>
    /// <param name="mode">How far it goes.</param>
    /// <param name="owner">Only this owner's; null: everybody's.</param>
    /// <param name="limit">Most live records, where all is wanted.</param>
    /// <param name="onRecord">Hears of each record as it is verified, with what its first holder says of it.</param>
    /// <param name="filter">What holders may leave out; who does not know filters sends all. Null: nothing.</param>
    public GetOperation(
        RecordKey key,
        Lookup lookup,
        int closestWanted,
        GetMode mode,
        NodeId? owner,
        int limit,
        Action<HeldRecord>? onRecord,
        byte[]? filter = null)
    {
        _key = key;
        _mode = mode;
        _owner = owner;
        _limit = limit;
        _onRecord = onRecord;
        _find = new FindPhase(this, MessageKind.FindValue, lookup) { Owner = owner, Filter = filter };
        _closestWanted = closestWanted;
        _filter = PayloadFilter.ParseOrNone(filter);
        _pages = new PageWalk(this, key.Position, owner, filter, closestWanted);
    }

    public GetStatus Status { get; private set; } = GetStatus.NoPeers;

    public IReadOnlyList<FoundRecord> Found { get; private set; } = [];

    /// <summary>
    /// How many records holders have under the key (of the wanted owner), tombstones and what a filter leaves out included: the upper
    /// median of what those tell that have any; 0 when none has.
    /// </summary>
    public int HeldCount { get; private set; }

    /// <summary>Hears, as holders answer and as soon as there are two, what they tell.</summary>
    public Action<HeldCounts>? OnHeldCount { get; init; }

    /// <summary>
    /// Whether the key is one that many read: where its holders have more than a page, all of them are asked for one, so that all
    /// carry its readers and show what the others may lack.
    /// </summary>
    public bool IsPopular { get; init; }

    /// <summary>Whether holders tell of so different numbers of records that some of them cannot be whole. (The totals are in order.)</summary>
    private bool AreHoldersAtOdds => _totals.Count > 1 && _totals[0] < PageWalk.WholeShare * _totals[^1];

    /// <summary>Replies it received.</summary>
    public int Answers { get; private set; }

    /// <summary>Whether it was neither cut short by its time or limit nor without an answer.</summary>
    public bool IsWhole { get; private set; } = true;

    public override int Hops => _find.Hops;

    public override void Start(KademliaEngine engine, Instant now)
    {
        CollectOwn(engine, now);
        if (!IsEnough())
        {
            if (_mode == GetMode.All && _owner is null)
            {
                // One owner's records stand in one place: there is nothing to begin in the middle of.
                ulong first = engine.DrawPlace();
                _find.Starts = index => OwnerRing.Spread(first, index);
            }

            _find.OfferKnown(engine);
        }

        Continue(engine, now);
    }

    public override void OnReply(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage message, Instant now)
    {
        Answers++;
        bool isHonest = Collect(engine, from, message, now) && PageWalk.IsPage(request.Cursor, message);
        if (request.Arc is { } arc)
        {
            _pages.OnPage(arc, message, isHonest);
        }
        else
        {
            _find.OnReply(from.Id, message);
            OnFirstPage(request, from, message, isHonest);
        }

        Continue(engine, now);
    }

    private void OnFirstPage(in OutgoingRequest request, Contact from, IncomingMessage message, bool isHonest)
    {
        if (!isHonest)
        {
            _lost++;
            return;
        }

        if (message.Total > 0)
        {
            _totals.Add(message.Total);
            if (_totals.Count > 1)
            {
                // One alone may lie: what at least two of them say.
                _totals.Sort();
                OnHeldCount?.Invoke(new HeldCounts(Bounded(_totals[(_totals.Count - 1) / 2]), Bounded(_totals[^1])));
            }
        }

        if (_mode == GetMode.All)
        {
            _pages.OnFirstPage(from, request.Cursor, message);
        }
    }

    public override void OnSlow(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Arc is null)
        {
            _find.OnSlow(request);
        }

        Continue(engine, now);
    }

    public override void OnFailure(KademliaEngine engine, in OutgoingRequest request, Instant now)
    {
        if (request.Arc is { } arc)
        {
            _pages.OnFailure(arc);
        }
        else
        {
            _find.OnFailure(request);
        }

        Continue(engine, now);
    }

    public override void OnTimeUp(KademliaEngine engine, Instant now)
    {
        IsWhole = false;
        Conclude(engine, now);
    }

    private void Continue(KademliaEngine engine, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        if (IsEnough())
        {
            Conclude(engine, now);
            return;
        }

        _find.Pump(engine, now);
        _pages.Pump(engine, _limit - _collector.Live, now);

        // That there is nothing is said only when as many have said so as should have it: the closest may be new, or have
        // missed it; and of many records they may have few. Liars, and holders that fell silent half-way, are replaced.
        int wanted = (_collector.IsEmpty || (_pages.IsPaging && (IsPopular || AreHoldersAtOdds)) ? engine.Config.Holders : _closestWanted) + _lost + _pages.Lost;
        if (_find.IsComplete && _find.TryWiden(wanted))
        {
            _find.Pump(engine, now);
        }

        if (_find.IsComplete && _pages.IsComplete && !TryReadAnother(engine, now))
        {
            Conclude(engine, now);
        }
    }

    /// <summary>
    /// Those who were asked have shown a page. When there was something in one that none of those has who were read to their end, they lack
    /// more, and another is read. All of them, at the worst.
    /// </summary>
    private bool TryReadAnother(KademliaEngine engine, Instant now)
    {
        while (_pages.HasOthers && _pages.IsComplete && _collector.HasMoreThan(IsCovered(engine)))
        {
            _pages.WantAnother();
            _pages.Pump(engine, _limit - _collector.Live, now);
        }

        return !_pages.IsComplete;
    }

    private bool IsEnough() => _mode switch
    {
        GetMode.First => _collector.Live > 0,
        GetMode.All => _collector.Live >= _limit,
        _ => false,
    };

    /// <summary>This node may be a holder itself.</summary>
    private void CollectOwn(KademliaEngine engine, Instant now)
    {
        RecordCursor? after = null;
        Span<HeldRecord> page = engine.Scratch.Records;
        bool more = true;
        while (more)
        {
            int count = engine.Store.Read(_key, _owner, after, page, now, out int total, out more, _filter);
            if (after is null && total > 0)
            {
                _totals.Add((uint)total);
            }

            for (int i = 0; i < count; i++)
            {
                var place = new RecordCursor(page[i].Record.Owner, page[i].Record.Label);
                if (after is { } last && !RecordPlace.IsBetween(last, place, OwnerRing.Beginning))
                {
                    // Once around.
                    return;
                }

                Keep(page[i], engine.SelfContact);
                after = place;
            }

            more &= count > 0;
        }
    }

    /// <returns>Whether every record of the message was what it claims to be.</returns>
    private bool Collect(KademliaEngine engine, Contact holder, IncomingMessage message, Instant now)
    {
        for (int i = 0; i < message.RecordCount; i++)
        {
            if (!RecordCodec.TryParse(message.RecordAt(i).Span, out Record? record, out _) || !IsWanted(engine, record))
            {
                engine.Counters.RecordsRefused++;
                return false;
            }

            if (!_collector.Knows(record) && !engine.Verify(record))
            {
                engine.Counters.RecordsRefused++;
                return false;
            }

            // An expired record is no lie: the holder's clock may be behind ours.
            if (RecordRules.RemainingLife(record, engine.UtcAt(now), engine.Config.Storage.ClockTolerance) > TimeSpan.Zero)
            {
                Keep(new HeldRecord(record, message.HeldAt(i), message.AgeAt(i)), holder);
            }
        }

        return true;
    }

    private bool IsWanted(KademliaEngine engine, Record record) =>
        record.Network == engine.Config.Network && record.Key == _key && (_owner is null || record.Owner == _owner);

    private void Keep(HeldRecord held, Contact holder)
    {
        if (_collector.Add(held, holder))
        {
            _onRecord?.Invoke(held);
        }
    }

    /// <summary>Whether all is known that a holder has.</summary>
    private Func<NodeId, bool> IsCovered(KademliaEngine engine) => holder => holder == engine.Self || _pages.Covered.Contains(holder);

    /// <summary>The upper median, so that of two the one counts that nobody has missed yet.</summary>
    private static int Median(List<uint> totals)
    {
        totals.Sort();
        return totals.Count == 0 ? 0 : Bounded(totals[totals.Count / 2]);
    }

    private static int Bounded(uint total) => (int)Math.Min(total, int.MaxValue);

    private void Conclude(KademliaEngine engine, Instant now)
    {
        Found = _collector.Found(_mode == GetMode.All ? IsCovered(engine) : null);
        HeldCount = Median(_totals);
        if (Found.Count > 0)
        {
            Status = GetStatus.Found;
        }
        else if (_collector.HasTombstone)
        {
            Status = GetStatus.Withdrawn;
        }
        else if (Answers > 0)
        {
            Status = GetStatus.NotFound;
        }

        IsWhole &= Status != GetStatus.NoPeers && !IsEnough();
        foreach ((Contact holder, Record winner) in _collector.Outdated(RepairsMax))
        {
            engine.BringUpToDate(holder, winner, now);
        }

        Finish(engine, now);
    }
}
