using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Lookups;

/// <summary>How far the lookup has come with one candidate.</summary>
internal enum CandidateState : byte
{
    Unasked,

    /// <summary>In flight, within its soft time-out.</summary>
    Asked,

    /// <summary>In flight, past its soft time-out.</summary>
    Slow,
    Answered,
    Failed,
}

/// <summary>A node that a lookup heard of.</summary>
internal struct Candidate
{
    public Contact Contact;
    public CandidateState State;

    /// <summary>Whether our own routing table named it, rather than a reply.</summary>
    public bool IsFirstHand;

    /// <summary>Replies between our routing table and this candidate.</summary>
    public byte Depth;
}

/// <summary>
/// The candidates of a lookup, closest first. No two have the same id or the same endpoint. Those that were asked stay until
/// the end, so none is asked twice (the lookup's limit of requests bounds them); of the others only the closest
/// are kept. Ids that differ are at different distances, so the order is total and one id has one place.
/// </summary>
internal sealed class Shortlist(NodeId target, int maxUnasked)
{
    // Room for the seeds and as many that are new: neighbours know the same others.
    private const int InitialSize = 40;

    private Candidate[] _candidates = new Candidate[Math.Min(InitialSize, maxUnasked)];
    private int _unasked;

    public int Count { get; private set; }

    /// <summary>The candidate at a rank. States are set through <see cref="Mark"/>.</summary>
    public ref readonly Candidate this[int rank] => ref _candidates[rank];

    /// <summary>The rank of an id; negative when it is no candidate.</summary>
    public int Find(NodeId id)
    {
        int rank = RankOf(id.DistanceTo(target));
        return IsAt(rank, id) ? rank : -1;
    }

    public void Mark(int rank, CandidateState state)
    {
        ref Candidate candidate = ref _candidates[rank];
        _unasked += (state == CandidateState.Unasked ? 1 : 0) - (candidate.State == CandidateState.Unasked ? 1 : 0);
        candidate.State = state;
    }

    /// <summary>
    /// Adds a candidate to ask. What is known first-hand takes the place of hearsay about the same id or endpoint that was
    /// not asked yet; otherwise the first to name an id or endpoint is believed.
    /// </summary>
    /// <returns>False when it is known already or too far away to be kept.</returns>
    public bool Add(Contact contact, bool isFirstHand, byte depth)
    {
        int rank = RankOf(contact.Id.DistanceTo(target));
        int sameId = IsAt(rank, contact.Id) ? rank : -1;

        // Most of what replies name is known by now, or too far away: its rank tells so, without a look at everybody's endpoint.
        if (!isFirstHand && (sameId >= 0 || IsTooFar(rank)))
        {
            return false;
        }

        if (!TryClear(contact, sameId, isFirstHand))
        {
            return false;
        }

        if (isFirstHand)
        {
            rank = RankOf(contact.Id.DistanceTo(target));
            if (IsTooFar(rank))
            {
                return false;
            }
        }

        if (_unasked >= maxUnasked)
        {
            RemoveAt(FarthestUnasked());
        }

        if (Count == _candidates.Length)
        {
            Array.Resize(ref _candidates, Count * 2);
        }

        Array.Copy(_candidates, rank, _candidates, rank + 1, Count - rank);
        _candidates[rank] = new Candidate { Contact = contact, IsFirstHand = isFirstHand, Depth = depth };
        Count++;
        _unasked++;
        return true;
    }

    /// <summary>Makes sure that nobody else has the contact's id or endpoint; false when somebody rightly has.</summary>
    private bool TryClear(Contact contact, int sameId, bool isFirstHand)
    {
        int sameEndpoint = Count - 1;
        while (sameEndpoint >= 0 && _candidates[sameEndpoint].Contact.Endpoint != contact.Endpoint)
        {
            sameEndpoint--;
        }

        if (!GivesWay(sameId, isFirstHand) || !GivesWay(sameEndpoint, isFirstHand))
        {
            return false;
        }

        // From the back, so that the other rank stays true; it may be one candidate that has both.
        int front = Math.Min(sameId, sameEndpoint);
        int back = Math.Max(sameId, sameEndpoint);
        if (back >= 0)
        {
            RemoveAt(back);
        }

        if (front >= 0 && front != back)
        {
            RemoveAt(front);
        }

        return true;
    }

    private bool GivesWay(int rank, bool isFirstHand) =>
        rank < 0
        || (isFirstHand && !_candidates[rank].IsFirstHand && _candidates[rank].State == CandidateState.Unasked);

    private bool IsAt(int rank, NodeId id) => rank < Count && _candidates[rank].Contact.Id == id;

    private bool IsTooFar(int rank) => _unasked >= maxUnasked && FarthestUnasked() < rank;

    private int FarthestUnasked()
    {
        int rank = Count - 1;
        while (_candidates[rank].State != CandidateState.Unasked)
        {
            rank--;
        }

        return rank;
    }

    private void RemoveAt(int rank)
    {
        _unasked -= _candidates[rank].State == CandidateState.Unasked ? 1 : 0;
        Count--;
        Array.Copy(_candidates, rank + 1, _candidates, rank, Count - rank);
    }

    /// <summary>How many candidates are closer than <paramref name="distance"/>.</summary>
    private int RankOf(Distance distance)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_candidates[middle].Contact.Id.DistanceTo(target) < distance)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
