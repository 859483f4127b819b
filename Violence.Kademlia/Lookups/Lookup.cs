using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Lookups;

/// <summary>
/// The iterative search for the nodes closest to a position (Maymounkov and Mazières 2002, section 2.3), as a plain
/// object: the caller sends what <see cref="TryNext"/> gives and reports what became of it; time does not occur.
/// Never asks itself, one id or one endpoint twice, nor more than its limit of requests.
/// </summary>
internal sealed class Lookup
{
    private readonly NodeId _self;
    private readonly LookupLimits _limits;
    private readonly AddressFamilies _families;
    private readonly Shortlist _shortlist;
    private readonly ulong _chance;
    private int _required;
    private int _slow;

    /// <param name="target">The position searched for.</param>
    /// <param name="self">The searching node: no candidate.</param>
    /// <param name="limits">How wide and how long to search.</param>
    /// <param name="families">Candidates of other families can't be asked and are left out.</param>
    /// <param name="chance">Random bits, where the limits leave it to chance who is asked next.</param>
    public Lookup(NodeId target, NodeId self, LookupLimits limits, AddressFamilies families = AddressFamilies.Both, ulong chance = 0)
    {
        if (!limits.AreConsistent)
        {
            throw new ArgumentException($"Limits that contradict each other: {limits}.", nameof(limits));
        }

        Target = target;
        _self = self;
        _limits = limits;
        _families = families;
        _chance = chance;
        _required = limits.ClosestAnswered;
        _shortlist = new Shortlist(target, limits.ShortlistSize);
    }

    public NodeId Target { get; }

    /// <summary>Requests given out in all.</summary>
    public int Requests { get; private set; }

    /// <summary>Requests that neither were answered nor failed; slow ones are among them.</summary>
    public int InFlight { get; private set; }

    /// <summary>
    /// Whether nothing is left worth asking: the closest candidates that are neither slow nor failed have answered, as
    /// many as are required; or nobody is left to ask and nothing is in flight. A late answer or
    /// <see cref="Require"/> may open a complete lookup again.
    /// </summary>
    public bool IsComplete => FindNext(out _, out _) == Progress.Complete;

    /// <summary>Replies it took to hear of the closest node that answered, its own included: 1 when our table knew it; 0 when none answered.</summary>
    public int Hops
    {
        get
        {
            for (int rank = 0; rank < _shortlist.Count; rank++)
            {
                if (_shortlist[rank].State == CandidateState.Answered)
                {
                    return _shortlist[rank].Depth + 1;
                }
            }

            return 0;
        }
    }

    /// <summary>Starts from contacts of our own routing table, in any order. They are believed before what replies tell.</summary>
    public void Offer(ReadOnlySpan<Contact> seeds)
    {
        foreach (Contact seed in seeds)
        {
            Consider(seed, isFirstHand: true, depth: 0);
        }
    }

    /// <summary>
    /// Takes the answer of a node that was asked before it could be a candidate: a seed, whose id only its answer told. It is
    /// not asked again.
    /// </summary>
    public void OfferAnswered(Contact from, ReadOnlySpan<Contact> closer)
    {
        Consider(from, isFirstHand: true, depth: 0);
        int rank = _shortlist.Find(from.Id);
        if (rank >= 0 && _shortlist[rank].State == CandidateState.Unasked)
        {
            _shortlist.Mark(rank, CandidateState.Answered);
        }

        Consider(closer, depth: 1);
    }

    /// <summary>
    /// Wants so many of the closest to have answered before the lookup counts as complete; it goes on from where it is.
    /// More than <see cref="LookupLimits.Width"/> can't be had; fewer than before changes nothing.
    /// </summary>
    public void Require(int closestAnswered) => _required = Math.Max(_required, Math.Min(closestAnswered, _limits.Width));

    /// <summary>
    /// The closest candidate not asked yet, or one of the closest (<see cref="LookupLimits.Spread"/>), which is then in flight. False when as many as allowed are in flight, the
    /// limit of requests is reached, nobody is left, or the lookup is complete.
    /// </summary>
    public bool TryNext(out Contact contact)
    {
        Progress progress = FindNext(out int rank, out bool hasArrived);
        int parallelism = hasArrived ? Math.Max(_limits.Parallelism, _limits.ArrivedParallelism) : _limits.Parallelism;
        if (progress != Progress.CanAsk || InFlight - _slow >= parallelism)
        {
            contact = default;
            return false;
        }

        rank = _limits.Spread > 1 ? Draw(rank) : rank;
        contact = _shortlist[rank].Contact;
        _shortlist.Mark(rank, CandidateState.Asked);
        Requests++;
        InFlight++;
        return true;
    }

    /// <summary>Takes the answer of a node that was asked, in time or late.</summary>
    /// <param name="from">The node that answered.</param>
    /// <param name="closer">The contacts it named; what is beyond 32, unusable or known is ignored.</param>
    /// <returns>False, and nothing changes, when no answer of that node is waited for.</returns>
    public bool OnReply(NodeId from, ReadOnlySpan<Contact> closer)
    {
        if (!TryEnd(from, CandidateState.Answered, out byte depth))
        {
            return false;
        }

        Consider(closer, (byte)Math.Min(depth + 1, byte.MaxValue));
        return true;
    }

    /// <summary>The soft time-out of a node in flight has passed: another may be asked beside it. Its answer still counts.</summary>
    public void OnSlow(NodeId node)
    {
        int rank = _shortlist.Find(node);
        if (rank >= 0 && _shortlist[rank].State == CandidateState.Asked)
        {
            _shortlist.Mark(rank, CandidateState.Slow);
            _slow++;
        }
    }

    /// <summary>A node in flight failed: it leaves the search.</summary>
    public void OnFailure(NodeId node) => TryEnd(node, CandidateState.Failed, out _);

    /// <summary>
    /// A node that answered turned out to be of no use for what it was looked for: it leaves the search, and the next closest
    /// takes its place.
    /// </summary>
    public void OnUnfit(NodeId node)
    {
        int rank = _shortlist.Find(node);
        if (rank >= 0 && _shortlist[rank].State == CandidateState.Answered)
        {
            _shortlist.Mark(rank, CandidateState.Failed);
        }
    }

    /// <summary>
    /// Of the closest candidates that have neither failed nor are slow, so many as there are <paramref name="places"/>, those
    /// that have answered, closest first: whoever else the search may still hear of, these lead by what is known now.
    /// </summary>
    /// <returns>How many were written.</returns>
    public int Leading(Span<Contact> answered, int places)
    {
        int written = 0;
        for (int rank = 0; rank < _shortlist.Count && places > 0 && written < answered.Length; rank++)
        {
            CandidateState state = _shortlist[rank].State;
            if (state == CandidateState.Answered)
            {
                answered[written++] = _shortlist[rank].Contact;
            }

            bool isOut = state is CandidateState.Failed or CandidateState.Slow
                || (state == CandidateState.Unasked && Requests >= _limits.MaxRequests);
            places -= isOut ? 0 : 1;
        }

        return written;
    }

    /// <summary>The closest nodes that answered, closest first.</summary>
    /// <returns>How many were written.</returns>
    public int Answered(Span<Contact> destination)
    {
        int written = 0;
        for (int rank = 0; rank < _shortlist.Count && written < destination.Length; rank++)
        {
            if (_shortlist[rank].State == CandidateState.Answered)
            {
                destination[written++] = _shortlist[rank].Contact;
            }
        }

        return written;
    }

    private void Consider(ReadOnlySpan<Contact> named, byte depth)
    {
        foreach (Contact contact in named[..Math.Min(named.Length, LookupLimits.MaxContactsPerReply)])
        {
            Consider(contact, isFirstHand: false, depth);
        }
    }

    private void Consider(Contact contact, bool isFirstHand, byte depth)
    {
        if (contact.Id != _self && contact.Endpoint.IsSendable && _families.Includes(contact.Endpoint))
        {
            _shortlist.Add(contact, isFirstHand, depth);
        }
    }

    private bool TryEnd(NodeId node, CandidateState end, out byte depth)
    {
        depth = 0;
        int rank = _shortlist.Find(node);
        if (rank < 0 || _shortlist[rank].State is not (CandidateState.Asked or CandidateState.Slow))
        {
            return false;
        }

        depth = _shortlist[rank].Depth;
        _slow -= _shortlist[rank].State == CandidateState.Slow ? 1 : 0;
        InFlight--;
        _shortlist.Mark(rank, end);
        return true;
    }

    /// <summary>One of those not asked yet, from the closest of them on, as far as the spread goes.</summary>
    private int Draw(int closest)
    {
        Span<int> unasked = stackalloc int[LookupLimits.SpreadMax];
        int count = 0;
        int places = _limits.Spread;
        for (int rank = 0; rank < _shortlist.Count && places > 0; rank++)
        {
            CandidateState state = _shortlist[rank].State;
            if (state == CandidateState.Unasked)
            {
                unasked[count++] = rank;
            }

            places -= state is CandidateState.Failed or CandidateState.Slow ? 0 : 1;
        }

        // A step of the golden ratio for each request: other bits for each.
        ulong draw = (_chance + (ulong)Requests * 0x9E37_79B9_7F4A_7C15) >> 32;
        return count == 0 ? closest : unasked[(int)(draw * (ulong)count >> 32)];
    }

    /// <summary>Walks the candidates from the closest on until it is clear what can be done.</summary>
    private Progress FindNext(out int rank, out bool hasArrived)
    {
        if (_limits.Spread > 1)
        {
            return FindAmongClosest(out rank, out hasArrived);
        }

        int answered = 0;
        int waiting = 0;
        hasArrived = false;
        for (rank = 0; rank < _shortlist.Count; rank++)
        {
            switch (_shortlist[rank].State)
            {
                case CandidateState.Answered:
                    hasArrived |= waiting == 0;

                    // One in flight that is closer may still answer and would count first, but nobody farther would.
                    if (++answered >= _required)
                    {
                        return waiting > 0 ? Progress.MustWait : Progress.Complete;
                    }

                    break;
                case CandidateState.Asked:
                    waiting++;
                    break;
                case CandidateState.Unasked when Requests < _limits.MaxRequests:
                    // When those in flight would be enough, one farther away is asked for nothing. A slow one is not
                    // counted on.
                    return answered + waiting >= _required ? Progress.MustWait : Progress.CanAsk;
            }
        }

        return InFlight == 0 ? Progress.Complete : Progress.MustWait;
    }

    /// <summary>The same where any of the closest will do: as many as are required have to answer, whichever they are.</summary>
    private Progress FindAmongClosest(out int rank, out bool hasArrived)
    {
        int answered = 0;
        int waiting = 0;
        int unasked = -1;
        int places = Math.Max(_limits.Spread, _required);
        for (int i = 0; i < _shortlist.Count && places > 0; i++)
        {
            CandidateState state = _shortlist[i].State;
            bool canAsk = state == CandidateState.Unasked && Requests < _limits.MaxRequests;
            answered += state == CandidateState.Answered ? 1 : 0;
            waiting += state == CandidateState.Asked ? 1 : 0;
            unasked = unasked < 0 && canAsk ? i : unasked;
            places -= canAsk || state is CandidateState.Answered or CandidateState.Asked ? 1 : 0;
        }

        rank = unasked;
        hasArrived = answered > 0;
        if (answered >= _required)
        {
            return Progress.Complete;
        }

        bool isEnough = answered + waiting >= _required;
        return unasked < 0 && InFlight == 0 ? Progress.Complete : unasked < 0 || isEnough ? Progress.MustWait : Progress.CanAsk;
    }

    private enum Progress
    {
        CanAsk,
        MustWait,
        Complete,
    }
}
