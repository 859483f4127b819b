namespace Violence.Kademlia.Primitives;

/// <summary>Why a datagram was dropped. Every drop is counted under exactly one of these.</summary>
internal enum DropReason
{
    /// <summary>Longer than a datagram of this protocol may be.</summary>
    TooLarge,

    /// <summary>Not a well-formed message of this protocol.</summary>
    Malformed,

    /// <summary>Another protocol version.</summary>
    OtherVersion,

    /// <summary>Another network's id.</summary>
    OtherNetwork,

    /// <summary>The source sent more than its share.</summary>
    RateLimited,

    /// <summary>A reply to nothing that was asked: unknown transaction, other endpoint, other kind, or too late.</summary>
    Unsolicited,

    /// <summary>The sender uses our own id.</summary>
    OwnId,

    /// <summary>An id that differs from the one that was asked.</summary>
    WrongSender,

    /// <summary>The receive queue was full.</summary>
    QueueFull,

    /// <summary>The send queue was full.</summary>
    OutboxFull,

    /// <summary>The socket refused to send.</summary>
    SendFailed,

    /// <summary>Only a reply larger than the request could have answered, and the source has not proved its address.</summary>
    WouldAmplify,
}
