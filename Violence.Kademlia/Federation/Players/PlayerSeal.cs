using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>
/// Closes a row for all who don't know the player's id and the secret: AES-256-GCM over the row, bound to the record's key
/// and owner, so that another owner can't pass it off as its own. As bytes: 1 (the form), nonce, row, tag. Opening is total.
/// </summary>
internal static class PlayerSeal
{
    public const int KeySize = 32;
    public const int NonceSize = 12;
    public const int Overhead = 1 + NonceSize + TagSize;

    /// <summary>Nothing longer is opened.</summary>
    public const int MaxSize = Overhead + PlayerRowCodec.MaxSize;

    private const byte Form = 1;
    private const int TagSize = 16;

    /// <param name="key">Where the record is to stand.</param>
    /// <param name="owner">Who is to sign it.</param>
    /// <param name="row">What it says.</param>
    /// <param name="nonce">Random, and never used with this key before.</param>
    public static byte[] Close(PlayerPlaceKey key, NodeId owner, ReadOnlySpan<byte> row, ReadOnlySpan<byte> nonce)
    {
        byte[] bytes = new byte[Overhead + row.Length];
        bytes[0] = Form;
        nonce.CopyTo(bytes.AsSpan(1, NonceSize));
        Span<byte> bound = stackalloc byte[2 * NodeId.Size];
        Bind(key, owner, bound);
        using AesGcm cipher = new(key.SealingKey.Span, TagSize);
        cipher.Encrypt(nonce, row, bytes.AsSpan(1 + NonceSize, row.Length), bytes.AsSpan(^TagSize..), bound);
        return bytes;
    }

    /// <summary>False for whatever was not closed with this key for a record of this owner.</summary>
    public static bool TryOpen(PlayerPlaceKey key, NodeId owner, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out byte[]? row)
    {
        row = null;
        if (bytes.Length is <= Overhead or > MaxSize || bytes[0] != Form)
        {
            return false;
        }

        byte[] opened = new byte[bytes.Length - Overhead];
        Span<byte> bound = stackalloc byte[2 * NodeId.Size];
        Bind(key, owner, bound);
        using AesGcm cipher = new(key.SealingKey.Span, TagSize);
        try
        {
            cipher.Decrypt(bytes.Slice(1, NonceSize), bytes[(1 + NonceSize)..^TagSize], bytes[^TagSize..], opened, bound);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        row = opened;
        return true;
    }

    private static void Bind(PlayerPlaceKey key, NodeId owner, Span<byte> bound)
    {
        key.Position.Position.CopyTo(bound);
        owner.CopyTo(bound[NodeId.Size..]);
    }
}
