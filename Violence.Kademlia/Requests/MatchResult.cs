namespace Violence.Kademlia.Requests;

/// <summary>What a reply turned out to be. Only the first two take the request out of flight.</summary>
internal enum MatchResult
{
    /// <summary>The answer that was waited for.</summary>
    Matched,

    /// <summary>RETRY from the node that was asked: the request is to be sent again with the cookie it carries.</summary>
    Retry,

    /// <summary>No request with this transaction is in flight: answered before, given up, or never sent.</summary>
    Unknown,

    /// <summary>The request went to another address.</summary>
    OtherEndpoint,

    /// <summary>The request is answered by another kind of message.</summary>
    OtherKind,

    /// <summary>The request was meant for another node id.</summary>
    OtherSender,
}
