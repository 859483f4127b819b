using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation;

/// <summary>A server as the directory lists it: what it says about itself, signed by its owner, and who that is.</summary>
public sealed record ServerListing
{
    /// <summary>What the server says about itself; it passed the same rules as an announcement.</summary>
    public required ServerInfo Server { get; init; }

    /// <summary>The id of the node that announced and signed it.</summary>
    public required NodeId Owner { get; init; }

    /// <summary>The short form of <see cref="Owner"/>, as <c>xxxx-xxxx-xxxx</c>: <c>name#fingerprint</c> means this server only.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Of two rows of one server the higher is the newer.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>When the owner says it signed this row, by the owner's clock.</summary>
    public required DateTimeOffset AnnouncedAt { get; init; }

    /// <summary>How many of the nodes asked had it. A streamed listing is handed out at the first of them: 1.</summary>
    public required int Holders { get; init; }

    /// <summary>How long after it was heard of the server promises to be heard of again. Null: it promises nothing.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>How long ago it was heard of: <see cref="FoundRecord.Age"/>. Null: not known.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>
    /// What follows from <see cref="Age"/> and <see cref="Lease"/>. A streamed listing is never <see cref="ServerLiveness.Stale"/>:
    /// a single holder may have missed the last renewals.
    /// </summary>
    public ServerLiveness Liveness { get; init; }

    /// <summary>The UDP port of the node that announced it, at the host of <see cref="ServerInfo.Address"/>. Null: not told.</summary>
    public int? NodePort { get; init; }

    /// <summary>
    /// The round trip to the announcing node, measured for this query or at most 30 s before. Null: not asked for
    /// (<see cref="ServerQuery.OrderBy"/>), not told where, or no answer.
    /// </summary>
    public TimeSpan? Ping { get; init; }
}
