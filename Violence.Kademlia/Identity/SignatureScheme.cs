namespace Violence.Kademlia.Identity;

/// <summary>
/// The seam behind which signing stands, so that a simulation of ten thousands of nodes need not pay for the curve.
/// Stateless: one instance serves all nodes of a process, from any thread.
/// </summary>
internal abstract class SignatureScheme
{
    /// <summary>Length of a public key, in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Length of a signature, in bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>Length of the secret a key pair is made from, in bytes.</summary>
    public const int SeedSize = 32;

    /// <summary>The scheme of the protocol: Ed25519 (RFC 8032).</summary>
    public static SignatureScheme Ed25519 { get; } = new Ed25519Scheme();

    /// <summary>The key pair of a seed; the same seed always gives the same pair.</summary>
    /// <exception cref="ArgumentException">The seed is not <see cref="SeedSize"/> bytes long.</exception>
    public SigningKey ImportSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
        {
            throw new ArgumentException($"A seed takes {SeedSize} bytes; got {seed.Length}.", nameof(seed));
        }

        return Import(seed);
    }

    /// <summary>
    /// Whether the holder of the key signed exactly this message. All three may be garbage of any length: that is false,
    /// never an exception.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == PublicKeySize
        && signature.Length == SignatureSize
        && IsValid(publicKey, message, signature);

    /// <summary>Gets seeds of the right length only.</summary>
    protected abstract SigningKey Import(ReadOnlySpan<byte> seed);

    /// <summary>Gets keys and signatures of the right length only; their content is anybody's.</summary>
    protected abstract bool IsValid(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
