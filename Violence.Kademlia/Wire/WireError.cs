namespace Violence.Kademlia.Wire;

/// <summary>What is wrong with a datagram. Whatever it is, nothing is answered.</summary>
internal enum WireError : byte
{
    None,

    /// <summary>Not MessagePack, a known element missing or of the wrong type, or a length outside its limits.</summary>
    Malformed,

    /// <summary>A version other than <see cref="WireLimits.Version"/>; nothing behind it was looked at.</summary>
    OtherVersion,

    /// <summary>Another network's id; nothing behind it was looked at.</summary>
    OtherNetwork,

    /// <summary>Longer than <see cref="WireLimits.MaxDatagram"/>.</summary>
    TooLarge,
}
