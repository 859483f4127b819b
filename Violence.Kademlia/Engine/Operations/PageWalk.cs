using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>
/// Reads on where a holder has more records than one datagram carries. A few holders are read to the end, side by side;
/// others that offered more stand by, for when one of those falls silent or turns out to lie.
/// </summary>
internal sealed class PageWalk(Operation operation, NodeId key, NodeId? owner, byte[]? filter, int walksWanted)
{
    /// <summary>Pages of one get over all holders: a bound for holders that page without end.</summary>
    private const int PagesMax = 4_000;

    private const int StandbyMax = 20;

    private readonly Queue<(Contact Holder, RecordCursor Cursor)> _standby = new();
    private int _walking;
    private int _walked;
    private int _pages;

    /// <summary>Whether nothing more is being read or should be.</summary>
    public bool IsComplete => _walking == 0;

    /// <summary>Whether a page that is said not to be the last brings the reader further.</summary>
    public static bool IsPage(RecordCursor? from, IncomingMessage page) =>
        page.Cursor is not { } to
        || (page.RecordCount > 0
            && (from is not { } before || RecordPlace.Compare(before.Owner, before.Label, to.Owner, to.Label) < 0));

    /// <summary>A holder's reply: to the lookup (its first page) or to a page request of this walk.</summary>
    /// <param name="engine">Sends the next request.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="from">Who answered.</param>
    /// <param name="page">The answer.</param>
    /// <param name="isHonest">
    /// Whether all records of the page verified, and <see cref="IsPage"/>. Nothing more is read from a holder that sent others,
    /// and another is read in its stead.
    /// </param>
    /// <param name="now">When.</param>
    public void OnPage(KademliaEngine engine, in OutgoingRequest request, Contact from, IncomingMessage page, bool isHonest, Instant now)
    {
        bool isWalking = request.Cursor is not null;
        if (isWalking)
        {
            _walking--;
        }

        if (isHonest && page.Cursor is { } next)
        {
            if (isWalking || _walking + _walked < walksWanted)
            {
                Ask(engine, from, next, now);
            }
            else if (_standby.Count < StandbyMax)
            {
                _standby.Enqueue((from, next));
            }
        }
        else if (isHonest && (page.RecordCount > 0 || isWalking))
        {
            _walked++;
        }

        WakeStandby(engine, now);
    }

    public void OnFailure(KademliaEngine engine, Instant now)
    {
        _walking--;
        WakeStandby(engine, now);
    }

    private void WakeStandby(KademliaEngine engine, Instant now)
    {
        while (_walking + _walked < walksWanted && _standby.TryDequeue(out (Contact Holder, RecordCursor Cursor) waiting))
        {
            Ask(engine, waiting.Holder, waiting.Cursor, now);
        }
    }

    private void Ask(KademliaEngine engine, Contact holder, RecordCursor cursor, Instant now)
    {
        var request = new OutgoingRequest
        {
            Kind = MessageKind.FindValue,
            To = holder,
            Operation = operation,
            Target = key,
            Owner = owner,
            Cursor = cursor,
            Filter = filter,
        };
        if (_pages < PagesMax && engine.Send(request, now))
        {
            _pages++;
            _walking++;
        }
    }
}
