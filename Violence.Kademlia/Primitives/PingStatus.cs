namespace Violence.Kademlia.Primitives;

/// <summary>How a ping ended.</summary>
public enum PingStatus
{
    /// <summary>A node of this network answered from that address.</summary>
    Answered,

    /// <summary>Nobody answered in time.</summary>
    Silent,

    /// <summary>
    /// Nothing was sent: nobody can be there (no port, a multicast address, a family this node does not use), or it is a private
    /// address while this node is on a public network.
    /// </summary>
    Refused,

    /// <summary>Nothing was sent: too many pings of this node are under way.</summary>
    Busy,
}
