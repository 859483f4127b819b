namespace Violence.Kademlia.Wire;

/// <summary>The sizes and counts of docs/protocol.md. Both sides rely on them, so changing one is a new version.</summary>
internal static class WireLimits
{
    /// <summary>The protocol version written and understood.</summary>
    public const int Version = 1;

    /// <summary>Longest datagram, in bytes of UDP payload.</summary>
    public const int MaxDatagram = 1200;

    /// <summary>
    /// Shortest request, in bytes: as long as any RETRY, and as a PONG without proof. One shorter could not be answered at all
    /// when its cookie no longer holds.
    /// </summary>
    public const int MinRequest = 72;

    /// <summary>Most contacts in one reply.</summary>
    public const int MaxContacts = 32;

    /// <summary>Most records in one reply.</summary>
    public const int MaxRecords = 32;

    /// <summary>Most fingerprints in one TOUCH.</summary>
    public const int MaxFingerprints = 128;

    /// <summary>Longest filter of a FIND_VALUE or a WATCH, in bytes.</summary>
    public const int MaxFilterSize = 128;

    /// <summary>How deep arrays and maps may nest in what a reader skips.</summary>
    public const int MaxNesting = 8;

    /// <summary>Length of an address cookie, in bytes.</summary>
    public const int CookieSize = 8;

    /// <summary>Contacts that records do not crowd out of a VALUES.</summary>
    public const int ReservedContacts = 8;

    /// <summary>Length of an Ed25519 public key, in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Length of an Ed25519 signature, in bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>Longest time to live of a record, in seconds.</summary>
    public const int MaxTimeToLiveSeconds = 28_800;
}
