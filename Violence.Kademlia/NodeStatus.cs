using System.Net;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>What a node knows and has done, at one moment.</summary>
public sealed record NodeStatus
{
    /// <summary>The node's id.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Serve or only ask.</summary>
    public required NodeMode Mode { get; init; }

    /// <summary>Where the socket is bound.</summary>
    public required IPEndPoint LocalEndPoint { get; init; }

    /// <summary>The address others see this node at, when at least 3 of different networks agree; else null.</summary>
    public required IPEndPoint? ExternalEndPoint { get; init; }

    /// <summary>Nodes in the routing table: all answered and proved their key.</summary>
    public required int Peers { get; init; }

    /// <summary>Records held, own ones included.</summary>
    public required int Records { get; init; }

    /// <summary>Bytes of those records.</summary>
    public required long RecordBytes { get; init; }

    /// <summary>Records this node owns and keeps alive.</summary>
    public required int OwnedRecords { get; init; }

    /// <summary>Datagrams received since the start.</summary>
    public required long DatagramsReceived { get; init; }

    /// <summary>Datagrams sent since the start.</summary>
    public required long DatagramsSent { get; init; }

    /// <summary>Bytes of payload received since the start.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Bytes of payload sent since the start.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Datagrams dropped since the start, by reason; reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }
}
