using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>How a bootstrap ended.</summary>
public enum BootstrapStatus
{
    /// <summary>The node knows at least one other node.</summary>
    Joined,

    /// <summary>No seeds and no saved contacts: this node is the first of its network.</summary>
    NoSeeds,
}

/// <summary>The result of a bootstrap.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Peers">How many nodes are in the routing table: they answered and proved their key.</param>
/// <param name="Elapsed">Time since the node began to join.</param>
public sealed record BootstrapResult(BootstrapStatus Status, int Peers, TimeSpan Elapsed);

/// <summary>The nodes closest to a position.</summary>
/// <param name="Closest">Nodes that answered, closest first; at most k = 20. Empty when nobody is known.</param>
/// <param name="Cost">What it took.</param>
public sealed record FindNodeResult(IReadOnlyList<Contact> Closest, OperationCost Cost);

/// <summary>The result of a ping.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="RoundTrip">From sending to the answer; null when nobody answered.</param>
public sealed record PingResult(PingStatus Status, TimeSpan? RoundTrip);

/// <summary>How to get.</summary>
public sealed record GetOptions
{
    /// <summary>How far to go. Default <see cref="GetMode.Closest"/>.</summary>
    public GetMode Mode { get; init; } = GetMode.Closest;

    /// <summary>Only records of this owner. Null: of any.</summary>
    public NodeId? Owner { get; init; }

    /// <summary>
    /// Stop when so many live records are in hand: 1 to 10,000, default 1,000. Counts in <see cref="GetMode.All"/> only, where what one
    /// datagram brought counts whole. Where there are more, the records in hand are a fair sample of them: each get begins at random
    /// places, and no owner is preferred. <see cref="GetResult.HeldCount"/> tells how many there are.
    /// </summary>
    public int Limit { get; init; } = 1_000;
}

/// <summary>The result of a get.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Records">
/// The winning record of every owner and label, tombstones left out, in order of owner and label. Empty unless
/// <see cref="GetStatus.Found"/>.
/// </param>
/// <param name="Cost">What it took.</param>
public sealed record GetResult(GetStatus Status, IReadOnlyList<FoundRecord> Records, OperationCost Cost)
{
    /// <summary>
    /// How many records holders have under the key (of <see cref="GetOptions.Owner"/>, if told), withdrawn ones whose tombstones
    /// still stand included: the upper median of what those say that have any. 0 when none has. With <see cref="GetMode.First"/> it is one
    /// holder's word, or this node's own.
    /// </summary>
    public int HeldCount { get; init; }

    /// <summary>Whether it went to its end: what is not among the records is not there, as far as the holders know.</summary>
    internal bool IsWhole { get; init; } = true;
}

/// <summary>How to put.</summary>
public sealed record PutOptions
{
    /// <summary>Tells apart several records of this node under one key: at most 64 bytes of UTF-8. Default empty.</summary>
    public string Label { get; init; } = "";

    /// <summary>How long the record lives when it isn't published again: 1 s to 8 hours, default 8 hours.</summary>
    public TimeSpan TimeToLive { get; init; } = Record.MaxTimeToLive;

    /// <summary>
    /// Whether the node keeps the record alive: publishes it again before it could vanish, until it is withdrawn or the
    /// node stops. Default true.
    /// </summary>
    public bool KeepAlive { get; init; } = true;
}

/// <summary>The result of a put, a publication or a withdrawal.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Record">The record that was sent.</param>
/// <param name="Holders">
/// The nodes that had acknowledged when the put was reported, in the order they did: the replication factor, or fewer in a smaller
/// network. The remaining holders are seen to after that.
/// </param>
/// <param name="Wanted">How many were wanted: the replication factor.</param>
/// <param name="Refusals">What the others said, and how many said it.</param>
/// <param name="Cost">What it took.</param>
public sealed record PutResult(
    PutStatus Status,
    Record Record,
    IReadOnlyList<Contact> Holders,
    int Wanted,
    IReadOnlyDictionary<StoreStatus, int> Refusals,
    OperationCost Cost)
{
    /// <summary>Acknowledgements by distinct nodes other than this one.</summary>
    public int Acknowledgements => Holders.Count;

    /// <summary>How many replicas are missing to the replication factor; 0 when there are enough.</summary>
    public int Shortfall => Math.Max(0, Wanted - Holders.Count);

    /// <summary>
    /// In how many different networks the holders stand: /24 for IPv4, /48 for IPv6. Copies in one network can vanish together.
    /// </summary>
    public int Networks => Holders.Select(static holder => holder.Endpoint.NetworkPrefix).Distinct().Count();

    /// <summary>Whether <see cref="Status"/> is <see cref="PutStatus.Stored"/>.</summary>
    public bool IsStored => Status == PutStatus.Stored;
}
