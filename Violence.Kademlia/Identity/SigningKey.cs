namespace Violence.Kademlia.Identity;

/// <summary>A key pair of a <see cref="SignatureScheme"/>. Holds the secret until it is disposed of.</summary>
internal abstract class SigningKey : IDisposable
{
    /// <summary>The public half, <see cref="SignatureScheme.PublicKeySize"/> bytes; stays readable after disposal.</summary>
    public abstract ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Writes the message's signature into a span of exactly <see cref="SignatureScheme.SignatureSize"/> bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="signature"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed of.</exception>
    public abstract void Sign(ReadOnlySpan<byte> message, Span<byte> signature);

    /// <summary>Writes the secret seed into a span of exactly <see cref="SignatureScheme.SeedSize"/> bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed of.</exception>
    public abstract void ExportSeed(Span<byte> destination);

    public abstract void Dispose();

    protected static void ThrowIfNotASignature(ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureScheme.SignatureSize)
        {
            throw new ArgumentException(
                $"A signature takes {SignatureScheme.SignatureSize} bytes; got {signature.Length}.", nameof(signature));
        }
    }

    protected static void ThrowIfNotASeed(ReadOnlySpan<byte> destination)
    {
        if (destination.Length != SignatureScheme.SeedSize)
        {
            throw new ArgumentException(
                $"A seed takes {SignatureScheme.SeedSize} bytes; got {destination.Length}.", nameof(destination));
        }
    }
}
