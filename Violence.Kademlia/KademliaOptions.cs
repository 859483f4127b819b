using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>Whether a node serves others or only asks.</summary>
public enum NodeMode
{
    /// <summary>Answers requests, stands in other nodes' tables and holds records. The default.</summary>
    Server,

    /// <summary>
    /// Asks only: never answers and never enters anybody's table. For players' clients and for hosts that nobody can reach.
    /// </summary>
    Client,
}

/// <summary>
/// How a node starts. Immutable; every default suits a game server on the internet. Checked once by
/// <see cref="KademliaNode.StartAsync"/>, which names every option that is wrong, its value and what is allowed.
/// </summary>
public sealed record KademliaOptions
{
    /// <summary>The name of the network a node of the game Violence joins.</summary>
    public const string DefaultNetwork = "violence";

    /// <summary>
    /// Where to listen. Default: every address, IPv4 and IPv6 together where the system has both, and a port the
    /// system picks. A bootstrap node wants a fixed port.
    /// </summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>
    /// Nodes to join through: <c>host:port</c>, <c>192.0.2.1:port</c> or <c>[2001:db8::1]:port</c>. Several are better
    /// than one: all are tried together, again and again with growing pauses until the node knows others. Empty, and no
    /// contacts of an earlier run in <see cref="DataDirectory"/>: this node starts a network of its own. Host names are
    /// resolved anew at every try. At most 64.
    /// </summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>
    /// The network's name, 1 to 64 characters. Nodes of other names don't hear each other: their datagrams are dropped
    /// unread. Default <see cref="DefaultNetwork"/>.
    /// </summary>
    public string Network { get; init; } = DefaultNetwork;

    /// <summary>Serve or only ask. Default <see cref="NodeMode.Server"/>.</summary>
    public NodeMode Mode { get; init; } = NodeMode.Server;

    /// <summary>
    /// Where the identity and the last known contacts are kept, readable by the owner only; created when missing. One node
    /// at a time: a second one fails to start. Null (the default): a new identity at every start, and records of an earlier run can't be changed or withdrawn any more.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>An identity to use instead of the data directory's. The caller keeps and disposes it.</summary>
    public Identity.NodeIdentity? Identity { get; init; }

    /// <summary>
    /// How many nodes must have acknowledged a put before it counts as <see cref="PutStatus.Stored"/>: 1 to
    /// <see cref="Holders"/>, default 3. A smaller network succeeds with what there is, and the result says so.
    /// </summary>
    public int ReplicationFactor { get; init; } = 3;

    /// <summary>
    /// To how many of the closest nodes a record is sent: 1 to 20, default 8. Three copies alone survive 66 % of 8 hours
    /// when half of the nodes leave every 30 minutes; eight with repair survive it practically always.
    /// </summary>
    public int Holders { get; init; } = 8;

    /// <summary>
    /// How many requests of one lookup are under way at once (the paper's alpha, which is 3 there): 1 to 16, default 4. More finds around
    /// dead nodes faster and costs as many more datagrams.
    /// </summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>
    /// How often this node's own records are published again: 1 minute to 4 hours, default 15 minutes, spread by a fifth
    /// each way. It is also how long a record may be missing after all of its holders died at once.
    /// </summary>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a k-bucket may go without a lookup before one refreshes it: 1 minute to 24 hours, default 15 minutes.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long an operation may take once it runs: 100 ms to 5 minutes, default 10 s. What was found or acknowledged by
    /// then is the result. Lookups usually end within one or two round trips.
    /// </summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an operation that starts before the node has first known anybody waits for the bootstrap: zero to 5
    /// minutes, default 5 s. After that it runs with what there is and reports <c>NoPeers</c> when there is nobody.
    /// </summary>
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most records this node holds for others: 0 to 10,000,000, default 100,000. More are refused as full.</summary>
    public int MaxRecords { get; init; } = 100_000;

    /// <summary>Most bytes of records this node holds for others: default 64 MiB. More are refused as full.</summary>
    public long MaxRecordBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Datagrams per second that one source address may send before more are dropped unread: 10 to 1,000,000, default
    /// 1,000 with bursts of twice that. This host's own addresses (loopback) are not limited.
    /// </summary>
    public int DatagramsPerSecondPerSource { get; init; } = 1_000;

    /// <summary>Where the node's log goes. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The defaults: a game server on the internet.</summary>
    public static KademliaOptions Default { get; } = new();

    /// <summary>
    /// For networks on one host or one LAN, and tests: listens on 127.0.0.1, and everything that waits waits shorter.
    /// </summary>
    public static KademliaOptions LocalNetwork { get; } = new()
    {
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        OperationTimeout = TimeSpan.FromSeconds(5),
        JoinPatience = TimeSpan.FromSeconds(2),
    };
}
