namespace Violence.Kademlia.Federation.Watching;

/// <summary>What happened to a server of a watched query.</summary>
public enum ServerEventKind
{
    /// <summary>It is among the servers that answer the query now. The first of these are those that were there already.</summary>
    Joined,

    /// <summary>It says something else about itself.</summary>
    Changed,

    /// <summary>It is not among them any more; <see cref="ServerEvent.Reason"/> says why.</summary>
    Left,
}

/// <summary>Why a server is not listed any more.</summary>
public enum ServerLeaveReason
{
    /// <summary>It said goodbye.</summary>
    Withdrawn,

    /// <summary>Its lease has passed, or its row has expired, and nothing was heard: it has crashed, or is cut off.</summary>
    Silent,

    /// <summary>What it says does not answer the query any more; or it was left out by holders who think so.</summary>
    NoLongerMatches,
}

/// <summary>A change of the servers that answer a query. Applied in order, the events give who is there.</summary>
public sealed record ServerEvent
{
    /// <summary>What happened.</summary>
    public required ServerEventKind Kind { get; init; }

    /// <summary>The server as it is now; of one that has left, as it was last listed. Owner and name tell which server it is.</summary>
    public required ServerListing Listing { get; init; }

    /// <summary>Why it has left; null unless it has.</summary>
    public ServerLeaveReason? Reason { get; init; }
}
