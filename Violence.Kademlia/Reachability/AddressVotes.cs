using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Reachability;

/// <summary>
/// At which address others see this node, decided by vote, since any single reply may lie about it. A network
/// (/24, /48) has one vote however many nodes it runs; inside private networks, where all share one, an address has.
/// An address wins with at least 3 votes that are more than half of those cast for its family by observers of the same
/// scope: neighbours behind the same NAT rightly see another address than the Internet does. Holds the latest 32 votes.
/// </summary>
internal sealed class AddressVotes
{
    /// <summary>The fewest votes that make an address.</summary>
    public const int Quorum = 3;

    /// <summary>The most votes kept; the oldest makes room. Few, so that a changed address is noticed within as many replies.</summary>
    public const int MaxVotes = 32;

    /// <summary>How long a vote counts.</summary>
    public static readonly TimeSpan VoteLifetime = TimeSpan.FromMinutes(30);

    private Vote[] _votes = [];

    // Who casts each vote, as a number: a glance at these spares a walk through the votes, for every reply brings one.
    private int[] _voters = [];

    // The places of the votes, the one cast first in front.
    private byte[] _byAge = [];
    private int _count;

    /// <summary>Notes what one observer saw. What cannot be true is ignored.</summary>
    /// <param name="observer">The node that replied to a request of ours.</param>
    /// <param name="observed">The address that it saw the request come from.</param>
    /// <param name="now">When its reply came.</param>
    public void Add(NodeEndpoint observer, NodeEndpoint observed, Instant now)
    {
        // Nobody on the Internet can receive from a private address, and families don't mix on one path.
        if (!observed.IsSendable
            || observer.IsIPv4 != observed.IsIPv4
            || (observed.IsPrivate && !observer.IsPrivate))
        {
            return;
        }

        int voter = VoterOf(observer);
        int index = TakePlaceFor(observer, voter);
        _votes[index] = new Vote(observer, observed, now);
        _voters[index] = voter;
    }

    /// <summary>The address that the Internet sees, else the one that the private network sees; null while too few agree.</summary>
    public NodeEndpoint? External(Instant now) =>
        Winner(isIPv4: true, isPrivate: false, now)
        ?? Winner(isIPv4: false, isPrivate: false, now)
        ?? Winner(isIPv4: true, isPrivate: true, now)
        ?? Winner(isIPv4: false, isPrivate: true, now);

    /// <summary>The address that observers of one family and scope agree on; null while too few do.</summary>
    /// <param name="isIPv4">Whether IPv4 or IPv6 observers vote.</param>
    /// <param name="isPrivate">Whether observers in private networks vote, or those on the Internet.</param>
    /// <param name="now">Older votes than <see cref="VoteLifetime"/> no longer count.</param>
    public NodeEndpoint? Winner(bool isIPv4, bool isPrivate, Instant now)
    {
        // Boyer and Moore's majority vote: only the candidate that is left can have more than half.
        NodeEndpoint candidate = default;
        int lead = 0;
        for (int i = 0; i < _count; i++)
        {
            if (!Counts(i, isIPv4, isPrivate, now))
            {
                continue;
            }

            if (lead == 0)
            {
                candidate = _votes[i].Observed;
            }

            lead += _votes[i].Observed == candidate ? 1 : -1;
        }

        int cast = 0;
        int agreeing = 0;
        for (int i = 0; i < _count; i++)
        {
            if (Counts(i, isIPv4, isPrivate, now))
            {
                cast++;
                agreeing += _votes[i].Observed == candidate ? 1 : 0;
            }
        }

        return agreeing >= Quorum && agreeing * 2 > cast ? candidate : null;
    }

    /// <summary>The place of the observer's group's vote, else a free one, else that of the oldest vote; it becomes that of the latest.</summary>
    private int TakePlaceFor(NodeEndpoint observer, int voter)
    {
        int known = FindVoteOf(observer, voter);
        if (known < 0 && _count < MaxVotes)
        {
            return NextFree();
        }

        Span<byte> byAge = _byAge.AsSpan(0, _count);
        int age = known < 0 ? 0 : byAge.IndexOf((byte)known);
        byte place = byAge[age];
        byAge[(age + 1)..].CopyTo(byAge[age..]);
        byAge[^1] = place;
        return place;
    }

    /// <summary>Where the vote is that this observer's group has cast, or -1.</summary>
    private int FindVoteOf(NodeEndpoint observer, int voter)
    {
        ReadOnlySpan<int> voters = _voters.AsSpan(0, _count);
        int seen = 0;
        while (voters[seen..].IndexOf(voter) is >= 0 and int next)
        {
            if (IsSameVoter(_votes[seen + next].Observer, observer))
            {
                return seen + next;
            }

            seen += next + 1;
        }

        return -1;
    }

    private int NextFree()
    {
        if (_count == _votes.Length)
        {
            Array.Resize(ref _votes, Math.Min(MaxVotes, Math.Max(4, _count * 2)));
            Array.Resize(ref _voters, _votes.Length);
            Array.Resize(ref _byAge, _votes.Length);
        }

        _byAge[_count] = (byte)_count;
        return _count++;
    }

    /// <summary>Equal for the same voter; of two others equal only by chance.</summary>
    private static int VoterOf(NodeEndpoint observer)
    {
        if (!observer.IsPrivate)
        {
            return observer.NetworkPrefix.GetHashCode();
        }

        Span<byte> address = stackalloc byte[16];
        observer.WriteIPv6Address(address);
        return (BinaryPrimitives.ReadUInt64BigEndian(address) ^ BinaryPrimitives.ReadUInt64BigEndian(address[8..])).GetHashCode();
    }

    private static bool IsSameVoter(NodeEndpoint left, NodeEndpoint right)
    {
        if (left.IsPrivate != right.IsPrivate || left.IsIPv4 != right.IsIPv4)
        {
            return false;
        }

        if (!left.IsPrivate)
        {
            return left.NetworkPrefix == right.NetworkPrefix;
        }

        Span<byte> leftAddress = stackalloc byte[16];
        Span<byte> rightAddress = stackalloc byte[16];
        left.WriteIPv6Address(leftAddress);
        right.WriteIPv6Address(rightAddress);
        return leftAddress.SequenceEqual(rightAddress);
    }

    private bool Counts(int vote, bool isIPv4, bool isPrivate, Instant now)
    {
        NodeEndpoint observer = _votes[vote].Observer;
        return observer.IsIPv4 == isIPv4 && observer.IsPrivate == isPrivate && now - _votes[vote].CastAt < VoteLifetime;
    }

    private readonly record struct Vote(NodeEndpoint Observer, NodeEndpoint Observed, Instant CastAt);
}
