namespace Violence.Kademlia.Persistence;

/// <summary>What <see cref="IdentityFile"/> found or made.</summary>
/// <param name="Seed">The 32 secret bytes that the key pair is made from. The receiver clears them after use.</param>
/// <param name="Created">Whether the identity is new.</param>
/// <param name="Access">Who could read the file.</param>
internal readonly record struct StoredIdentity(byte[] Seed, bool Created, IdentityFileAccess Access);

/// <summary>Who can read the identity file. Anybody who could may have copied the key: worth a warning.</summary>
internal enum IdentityFileAccess
{
    /// <summary>The owner alone, or the rights are Windows' to keep (the access list of the directory).</summary>
    OwnerOnly,

    /// <summary>Others could, until it was just put right.</summary>
    Tightened,

    /// <summary>Others can, and the rights could not be changed (a read-only or foreign file, as container secrets are).</summary>
    OpenToOthers,
}
