using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Identity;

/// <summary>
/// Signs and verifies records: the signature covers a context and then the record's body (docs/protocol.md, "Records").
/// The context keeps a record's signature from ever serving as an identity proof, or the other way round.
/// </summary>
internal static class RecordSigner
{
    /// <summary>Longest body there can be: a record without its signature.</summary>
    public const int MaxBodySize = Record.MaxSize - Record.SignatureSize;

    private const int MaxMessageSize = 20 + MaxBodySize;

    private static ReadOnlySpan<byte> Context => "violence-kad record\n"u8;

    /// <summary>Writes the owner's signature over a record's body.</summary>
    /// <exception cref="ArgumentException">The body is longer than <see cref="MaxBodySize"/>.</exception>
    public static void Sign(NodeIdentity owner, ReadOnlySpan<byte> body, Span<byte> signature)
    {
        if (body.Length > MaxBodySize)
        {
            throw new ArgumentException($"A record's body takes at most {MaxBodySize} bytes; got {body.Length}.", nameof(body));
        }

        Span<byte> message = stackalloc byte[MaxMessageSize];
        owner.Sign(Write(message, body), signature);
    }

    /// <summary>Whether the record's owner signed it. That the owner's id belongs to its key is the codec's promise.</summary>
    public static bool Verify(SignatureScheme scheme, Record record)
    {
        ReadOnlySpan<byte> body = record.Body;
        if (body.Length > MaxBodySize)
        {
            return false;
        }

        Span<byte> message = stackalloc byte[MaxMessageSize];
        return scheme.Verify(record.OwnerKey.Span, Write(message, body), record.Signature);
    }

    private static ReadOnlySpan<byte> Write(Span<byte> message, ReadOnlySpan<byte> body)
    {
        Context.CopyTo(message);
        body.CopyTo(message[Context.Length..]);
        return message[..(Context.Length + body.Length)];
    }
}
