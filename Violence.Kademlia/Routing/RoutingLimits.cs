using System.Collections.Immutable;

namespace Violence.Kademlia.Routing;

/// <summary>
/// How much a routing table may hold. Nothing is reserved in advance: a limit costs memory only as far as it is used.
/// </summary>
internal sealed record RoutingLimits
{
    private const int WholeNetworkNodes = 20_000;

    /// <summary>A far half of 512 contacts, then 256, 128, 64, 32 and K: fewer hops for up to 900 contacts more than the paper's table (decision 23).</summary>
    public static RoutingLimits Default { get; } = new();

    /// <summary>Every node of a network of up to 20,000, so that a find is one round trip; about 100 bytes per contact.</summary>
    public static RoutingLimits WholeNetwork { get; } = new()
    {
        FarCapacities = [.. Enumerable.Range(0, 10).Select(depth => WholeNetworkNodes >> depth)],
    };

    /// <summary>The paper's k: the size of the bucket that covers the own id, and the least size of every other.</summary>
    public int K { get; init; } = 20;

    /// <summary>Capacity of the buckets by depth, the farthest half first; deeper ones hold <see cref="K"/>.</summary>
    public ImmutableArray<int> FarCapacities { get; init; } = [512, 256, 128, 64, 32];

    /// <summary>How many candidates wait behind each bucket.</summary>
    public int ReplacementsPerBucket { get; init; } = 16;

    /// <summary>
    /// How many contacts of one bucket may stand in one public network (/24 or /48) where others want the places; what is free
    /// anybody may have. Of the candidates behind a bucket never more.
    /// </summary>
    public int SubnetContactsPerBucket { get; init; } = 3;

    /// <summary>How many contacts of the table may stand in one public network, likewise in buckets that are full.</summary>
    public int SubnetContactsPerTable { get; init; } = 10;

    /// <summary>After so many failures in a row a contact gives way to any candidate or newcomer whose network is under its quota.</summary>
    public int FailuresToRemove { get; init; } = 2;

    /// <summary>
    /// After so many failures in a row a contact is dropped although nobody waits for its place (the paper's section 4.1
    /// keeps it for ever; 5 is its number of unanswered requests that make a contact stale).
    /// </summary>
    public int FailuresToForget { get; init; } = 5;

    /// <summary>
    /// How many contacts a bucket holds that shares exactly <paramref name="depth"/> leading bits with the own id, without
    /// those that only the rule of the K closest lets in.
    /// </summary>
    public int CapacityAt(int depth) => depth < FarCapacities.Length ? Math.Max(K, FarCapacities[depth]) : K;
}
