using System.Security.Cryptography;

namespace Violence.Kademlia.Identity;

/// <summary>
/// HMAC-SHA512 keyed with the public key, for simulations only. NOT SECURE: whoever knows a public key can sign with it.
/// It keeps the shape of a real scheme, though: lengths, determinism, and a change of any bit is detected.
/// </summary>
internal sealed class KeyedHashScheme : SignatureScheme
{
    private KeyedHashScheme()
    {
    }

    public static KeyedHashScheme Instance { get; } = new();

    protected override SigningKey Import(ReadOnlySpan<byte> seed) => new KeyedHashKey(seed);

    protected override bool IsValid(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[SignatureSize];
        HMACSHA512.HashData(publicKey, message, expected);
        return signature.SequenceEqual(expected);
    }

    private sealed class KeyedHashKey : SigningKey
    {
        private readonly byte[] _seed;
        private readonly byte[] _publicKey;
        private bool _disposed;

        public KeyedHashKey(ReadOnlySpan<byte> seed)
        {
            _seed = seed.ToArray();
            _publicKey = SHA256.HashData(seed);
        }

        public override ReadOnlyMemory<byte> PublicKey => _publicKey;

        public override void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ThrowIfNotASignature(signature);
            HMACSHA512.HashData(_publicKey, message, signature);
        }

        public override void ExportSeed(Span<byte> destination)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ThrowIfNotASeed(destination);
            _seed.CopyTo(destination);
        }

        public override void Dispose() => _disposed = true;
    }
}
