namespace Violence.Kademlia.Primitives;

/// <summary>What a holder says to a WATCH; the number is its form on the wire. Whatever is not granted is refused.</summary>
internal enum WatchStatus : byte
{
    Granted = 0,

    /// <summary>As many as it takes are watching already.</summary>
    Full = 1,

    /// <summary>It knows enough nodes closer to the key: others hold its records.</summary>
    NotHolder = 2,
}
