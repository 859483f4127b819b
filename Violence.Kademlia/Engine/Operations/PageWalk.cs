using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Reads on where holders have more records than one datagram carries. A few holders are each read all around the ring of places,
/// side by side and several pages of each at once; others that offered more stand by, for when one of those falls silent or turns
/// out to lie. Who has much less than others tell of is read as well and counts for nothing: it is new, or no holder any more. Holders were started at places far apart and are read on from there, so that together they soon have brought everything.
/// </summary>
internal sealed class PageWalk(Operation operation, NodeId key, NodeId? owner, byte[]? filter, int walksWanted)
{
    /// <summary>Pages of one holder under way at once.</summary>
    public const int UnderWayOfOneMax = 8;

    /// <summary>Pages under way at once.</summary>
    public const int UnderWayMax = 32;

    /// <summary>Pages of one get over all holders: a bound for holders that page without end.</summary>
    private const int PagesMax = 4_000;

    private const int StandbyMax = 20;

    /// <summary>Who has less than this share of what two others have is not whole.</summary>
    public const double WholeShare = 0.75;

    /// <summary>Rows that a page brings at least, by which it is judged how many are enough for what is still wanted.</summary>
    private const int RowsExpected = 3;

    private readonly List<HolderWalk> _standby = [];
    private readonly List<HolderWalk> _walking = [];
    private readonly HashSet<NodeId> _covered = [];
    private readonly List<uint> _coveredTotals = [];

    // The two largest totals told: one alone may be made up.
    private uint _mostTold;
    private uint _secondTold;
    private int _wanted = walksWanted;
    private int _underWay;
    private int _pages;

    /// <summary>Whether nothing more is being read or should be.</summary>
    public bool IsComplete => _walking.Count == 0;

    /// <summary>Whether any holder has more than a first page, of many owners.</summary>
    public bool IsPaging { get; private set; }

    /// <summary>Whether there are holders that could be read beside those that are.</summary>
    public bool HasOthers => _standby.Count > 0;

    /// <summary>Those that were read lack something: one more is to be.</summary>
    public void WantAnother() => _wanted = CountWhole() + 1;

    /// <summary>Holders that were given up half-way.</summary>
    public int Lost { get; private set; }

    /// <summary>Holders of which everything was read.</summary>
    public IReadOnlySet<NodeId> Covered => _covered;

    /// <summary>Whether a page that is said not to be all there are brings the reader further on the ring.</summary>
    public static bool IsPage(RecordCursor? from, IncomingMessage page) =>
        page.Cursor is not { } to || (page.RecordCount > 0 && to != from);

    /// <summary>A holder's honest reply to the lookup: its first page.</summary>
    /// <param name="from">Who answered.</param>
    /// <param name="start">Where the page was to begin.</param>
    /// <param name="page">The answer.</param>
    public void OnFirstPage(Contact from, RecordCursor? start, IncomingMessage page)
    {
        // Who shows nothing tells nothing, and no key holds more than so many.
        uint told = page.RecordCount == 0 && page.Cursor is null ? 0 : Math.Min(page.Total, HolderWalk.TotalMax);
        _secondTold = Math.Max(_secondTold, Math.Min(_mostTold, told));
        _mostTold = Math.Max(_mostTold, told);
        if (page.Cursor is not { } next)
        {
            if (page.RecordCount > 0)
            {
                NoteCovered(from.Id, page.Total);
            }
        }
        else if (_standby.Count < StandbyMax)
        {
            IsPaging |= owner is null;

            // One owner's records stand in one place of the ring: there is nothing to divide.
            int window = owner is null ? UnderWayOfOneMax : 1;
            _standby.Add(new HolderWalk(from, start ?? OwnerRing.Beginning, next, page, filter is not null, window));
        }
    }

    /// <summary>A holder's answer to a page request.</summary>
    /// <param name="arc">The arc it was asked for.</param>
    /// <param name="page">The answer.</param>
    /// <param name="isHonest">
    /// Whether all records of the page verified, and <see cref="IsPage"/>. Nothing more is read from a holder that sent others,
    /// and another is read in its stead.
    /// </param>
    public void OnPage(Arc arc, IncomingMessage page, bool isHonest)
    {
        _underWay--;
        HolderWalk walk = arc.Walk;
        walk.OnPage(arc, page);
        walk.IsLost |= !isHonest;
        Settle(walk);
    }

    public void OnFailure(Arc arc)
    {
        _underWay--;
        arc.Walk.OnFailure(arc);
        Settle(arc.Walk);
    }

    /// <summary>Sends what may be sent now.</summary>
    /// <param name="engine">Sends it.</param>
    /// <param name="rowsWanted">How many rows are wanted still: nobody is asked for many more.</param>
    /// <param name="now">When.</param>
    public void Pump(KademliaEngine engine, int rowsWanted, Instant now)
    {
        int most = Math.Min(UnderWayMax, rowsWanted / RowsExpected + 1);
        bool isAsking = true;
        while (isAsking)
        {
            while (_standby.Count > 0 && CountWhole() < _wanted)
            {
                // Whoever came first of those that are whole, else whoever came first.
                int chosen = Math.Max(0, _standby.FindIndex(walk => IsWhole(walk.Total)));
                _walking.Add(_standby[chosen]);
                _standby.RemoveAt(chosen);
            }

            // A page of each in turn: of what one is asked for first, the others need not be.
            isAsking = false;
            for (int i = _walking.Count - 1; i >= 0 && _underWay < most; i--)
            {
                HolderWalk walk = _walking[i];
                if (walk.TryTake(Math.Max(1, UnderWayMax / _walking.Count), out Arc? arc))
                {
                    isAsking = true;
                    walk.IsLost = !TryAsk(engine, arc, now);
                }

                // Another takes the place of one that is lost.
                isAsking |= Settle(walk);
            }
        }
    }

    /// <summary>Takes a walk that has ended out of those that go on.</summary>
    /// <returns>Whether it did.</returns>
    private bool Settle(HolderWalk walk)
    {
        if ((!walk.IsCovered && !walk.IsLost) || !_walking.Remove(walk))
        {
            return false;
        }

        if (walk.IsLost)
        {
            Lost++;
        }
        else
        {
            NoteCovered(walk.Holder.Id, walk.Total);
        }

        return true;
    }

    private void NoteCovered(NodeId holder, uint total)
    {
        if (_covered.Add(holder))
        {
            _coveredTotals.Add(total);
        }
    }

    private bool IsWhole(uint total) => total >= _secondTold * WholeShare;

    private int CountWhole() => _walking.Count(walk => IsWhole(walk.Total)) + _coveredTotals.Count(IsWhole);

    private bool TryAsk(KademliaEngine engine, Arc arc, Instant now)
    {
        var request = new OutgoingRequest
        {
            Kind = MessageKind.FindValue,
            To = arc.Walk.Holder,
            Operation = operation,
            Target = key,
            Owner = owner,
            Cursor = arc.At,
            Filter = filter,
            Arc = arc,
        };
        if (_pages >= PagesMax || !engine.Send(request, now))
        {
            return false;
        }

        _pages++;
        _underWay++;
        return true;
    }
}
