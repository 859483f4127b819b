using Violence.Kademlia.Admission;
using Violence.Kademlia.Lookups;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Watching;

namespace Violence.Kademlia.Engine;

/// <summary>What the engine is built with. The facade makes it from validated options; the simulator makes its own.</summary>
internal sealed record EngineConfig
{
    /// <summary>The network id of the header.</summary>
    public required uint Network { get; init; }

    /// <summary>Only asks: never serves, never enters tables.</summary>
    public bool IsClient { get; init; }

    /// <summary>Which addresses the transport can send to.</summary>
    public AddressFamilies Families { get; init; } = AddressFamilies.Both;

    /// <summary>The paper's k: contacts in a reply, and how wide a lookup looks.</summary>
    public int K { get; init; } = 20;

    /// <summary>To how many of the closest nodes a record is sent.</summary>
    public int Holders { get; init; } = 8;

    /// <summary>How many acknowledgements a put promises.</summary>
    public int ReplicationFactor { get; init; } = 3;

    /// <summary>The paper's alpha.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>How many of the closest nodes have to answer before a find is done.</summary>
    public int ClosestAnswered { get; init; } = 3;

    /// <summary>How long an operation may run before it ends with what it has.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Operations that run at the same time; others wait their turn.</summary>
    public int OperationsMax { get; init; } = 256;

    /// <summary>Operations that wait their turn; more end at once with nobody asked.</summary>
    public int OperationsWaitingMax { get; init; } = 4_096;

    /// <summary>Rounds by which owned records are published again.</summary>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Longest time between two checks of a held record's copies; restless networks are checked more often.</summary>
    public TimeSpan RepairInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Shortest time between two checks of a held record's copies.</summary>
    public TimeSpan RepairIntervalMin { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a bucket goes without a lookup.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>When all buckets are refreshed for the first time after the start, half of it more or less.</summary>
    public TimeSpan FirstRefresh { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Uptime after which a node begins to believe that it will stay for long.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a contact may be silent before it is asked whether it still lives.</summary>
    public TimeSpan SilenceBeforeProbe { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>First pause between two tries to join; it doubles up to <see cref="JoinPauseMax"/>.</summary>
    public TimeSpan JoinPauseMin { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause between two tries to join.</summary>
    public TimeSpan JoinPauseMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Identity challenges under way at once.</summary>
    public int ChallengesInFlightMax { get; init; } = 16;

    /// <summary>Contacts that wait for their challenge; more are forgotten, they will be met again.</summary>
    public int ChallengesWaitingMax { get; init; } = 256;

    /// <summary>What one source address may send.</summary>
    public SourceLimits Sources { get; init; } = new();

    public RoutingLimits Routing { get; init; } = new();

    public StorageLimits Storage { get; init; } = new();

    /// <summary>Who may watch what this node holds.</summary>
    public WatchLimits Watching { get; init; } = new();

    /// <summary>Datagrams by which those who watch are told of changes, over all of them; more are left out.</summary>
    public TokenRate News { get; init; } = new(2_000, 1_000);

    /// <summary>Whether changes of what is held and owned are noted for somebody who saves them.</summary>
    public bool NotesChanges { get; init; }

    /// <summary>A lookup that is done when the closest <paramref name="closestAnswered"/> have answered.</summary>
    public LookupLimits Lookup(int closestAnswered) => new()
    {
        Parallelism = Parallelism,
        ArrivedParallelism = Holders,
        Width = K,
        ClosestAnswered = closestAnswered,
    };

    /// <summary>
    /// A lookup of a record's holders. All of them are needed, so they are asked together: a put among 300 nodes took 2.9
    /// round trips and 25 requests so, and 4.4 and 19 with three at a time; where all are known it takes two.
    /// </summary>
    public LookupLimits HolderLookup => Lookup(Holders) with { Parallelism = Math.Max(Parallelism, Holders) };
}
