using System.Buffers.Binary;
using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Identity;

/// <summary>
/// SipHash keyed with the public key, for simulations only. NOT SECURE: whoever knows a public key can sign with it.
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
        Write(publicKey, message, expected);
        return signature.SequenceEqual(expected);
    }

    private static void Write(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        // Half of the key for the message, and half to make one word of it as long as a signature is.
        ulong word = new SipHash(publicKey[..SipHash.KeySize]).Hash(message);
        var other = new SipHash(publicKey[SipHash.KeySize..]);
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < SignatureSize; i += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64BigEndian(last, word);
            word = other.Hash(last);
            BinaryPrimitives.WriteUInt64BigEndian(signature[i..], word);
        }
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
            Write(_publicKey, message, signature);
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
