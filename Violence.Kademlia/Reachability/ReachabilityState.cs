using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Reachability;

/// <summary>
/// What the node knows about its own addresses: the one it is bound to, one that was mapped or configured, and those that
/// others vote for. Guards identity proofs: a proof made out for somebody else's address would let that one pose as this node.
/// </summary>
/// <param name="bound">The socket's local endpoint; its address may be the unspecified one.</param>
internal sealed class ReachabilityState(NodeEndpoint bound)
{
    public NodeEndpoint Bound => bound;

    /// <summary>The endpoint that a router maps to this node, or that its operator named; null when there is none.</summary>
    public NodeEndpoint? Mapped { get; set; }

    public AddressVotes Votes { get; } = new();

    /// <summary>Where others reach this node: the mapped endpoint, else the one voted for; null while unknown.</summary>
    public NodeEndpoint? External(Instant now) => Mapped ?? Votes.External(now);

    /// <summary>
    /// Whether an asker that addressed <paramref name="challenge"/> may have meant this node. False only when an address of the
    /// same family and scope (private or public) has been voted for, and the challenge is neither it nor another of our own.
    /// A mapped endpoint alone decides nothing: outgoing datagrams may well leave through another port.
    /// </summary>
    public bool CouldBeMe(NodeEndpoint challenge, Instant now)
    {
        if (challenge == bound || challenge == Mapped)
        {
            return true;
        }

        // Private observers may see the public address too, when the router sends their datagrams out and back in.
        NodeEndpoint? byInternet = Votes.Winner(challenge.IsIPv4, isPrivate: false, now);
        NodeEndpoint? byNeighbours = Votes.Winner(challenge.IsIPv4, isPrivate: true, now);
        if (challenge == byInternet || challenge == byNeighbours)
        {
            return true;
        }

        return !IsConfirmed(byInternet, challenge) && !IsConfirmed(byNeighbours, challenge);
    }

    private static bool IsConfirmed(NodeEndpoint? own, NodeEndpoint challenge) =>
        own is { } known && known.IsIPv4 == challenge.IsIPv4 && known.IsPrivate == challenge.IsPrivate;
}
