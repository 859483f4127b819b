using System.Buffers.Binary;
using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Identity;

/// <summary>
/// Who a node is: an Ed25519 key pair (RFC 8032) and the id that follows from it. The same seed is the same node, so a
/// node that keeps its seed keeps its id and goes on owning its records. Dispose of it to wipe the secret.
/// </summary>
public sealed class NodeIdentity : IDisposable
{
    /// <summary>Length of the secret seed, in bytes.</summary>
    public const int SeedSize = SignatureScheme.SeedSize;

    private const int FingerprintLetters = 12;
    private const int FingerprintGroup = 4;

    private readonly SigningKey _key;
    private string? _fingerprint;

    internal NodeIdentity(SignatureScheme scheme, ReadOnlySpan<byte> seed)
    {
        _key = scheme.ImportSeed(seed);
        Scheme = scheme;
        Id = IdOf(_key.PublicKey.Span);
    }

    /// <summary>The node's id: <see cref="IdOf"/> its public key.</summary>
    public NodeId Id { get; }

    /// <summary>The public key, 32 bytes. Stays readable after disposal.</summary>
    public ReadOnlyMemory<byte> PublicKey => _key.PublicKey;

    /// <summary>The short form of <see cref="Id"/> that people compare; see <see cref="FingerprintOf"/>.</summary>
    public string Fingerprint => _fingerprint ??= FingerprintOf(Id);

    internal SignatureScheme Scheme { get; }

    /// <summary>A new identity, drawn from the operating system's secure generator.</summary>
    public static NodeIdentity Create()
    {
        Span<byte> seed = stackalloc byte[SeedSize];
        EntropySource.FillSecret(seed);
        try
        {
            return FromSeed(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>The identity of a seed that <see cref="ExportSeed"/> gave out.</summary>
    /// <param name="seed">Exactly <see cref="SeedSize"/> secret bytes; they are copied.</param>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public static NodeIdentity FromSeed(ReadOnlySpan<byte> seed) => new(SignatureScheme.Ed25519, seed);

    /// <summary>Writes the secret seed. Whoever has it is this node: keep it where only the node can read it.</summary>
    /// <param name="destination">Exactly <see cref="SeedSize"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
    public void ExportSeed(Span<byte> destination) => _key.ExportSeed(destination);

    internal void Sign(ReadOnlySpan<byte> message, Span<byte> signature) => _key.Sign(message, signature);

    /// <summary>
    /// The id that belongs to a public key: the first 20 bytes of its SHA-256. Nobody can choose an id without finding a
    /// key that hashes to it.
    /// </summary>
    /// <param name="publicKey">Exactly 32 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="publicKey"/> has another length.</exception>
    public static NodeId IdOf(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != SignatureScheme.PublicKeySize)
        {
            throw new ArgumentException(
                $"A public key takes {SignatureScheme.PublicKeySize} bytes; got {publicKey.Length}.", nameof(publicKey));
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(publicKey, hash);
        return new NodeId(hash);
    }

    /// <summary>
    /// The first 60 bits of an id as twelve letters and digits (base32 of RFC 4648, section 6, in lower case), in three
    /// groups: <c>abcd-efgh-2345</c>. Short enough to read out; making another key with the same one takes about 2^60 trials.
    /// </summary>
    /// <param name="id">A node's or an owner's id.</param>
    public static string FingerprintOf(NodeId id)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        id.CopyTo(bytes);
        ulong bits = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        const int Groups = FingerprintLetters / FingerprintGroup;
        Span<char> text = stackalloc char[FingerprintLetters + Groups - 1];
        text.Fill('-');
        for (int letter = 0; letter < FingerprintLetters; letter++)
        {
            text[letter + letter / FingerprintGroup] = "abcdefghijklmnopqrstuvwxyz234567"[(int)(bits >> (59 - 5 * letter) & 31)];
        }

        return new string(text);
    }

    /// <summary>Wipes the secret. Id, public key and fingerprint stay readable; signing and exporting do not.</summary>
    public void Dispose() => _key.Dispose();
}
