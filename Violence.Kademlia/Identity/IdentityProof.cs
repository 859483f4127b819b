using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Identity;

/// <summary>
/// The signed answer to a challenge: this node holds the key its id is made of, and is at this endpoint
/// (docs/protocol.md, "Identity proofs"). Everything the proof says is signed, so it can serve neither another asker nor
/// another transaction, address or network.
/// </summary>
internal static class IdentityProof
{
    private const int MaxSize = 19 + sizeof(uint) + NodeId.Size + NodeId.Size + sizeof(ulong) + NodeEndpoint.IPv6Size;

    private static ReadOnlySpan<byte> Context => "violence-kad proof\n"u8;

    /// <summary>
    /// Writes the proof, exactly <see cref="SignatureScheme.SignatureSize"/> bytes, that <paramref name="identity"/>
    /// answers at <paramref name="challenge"/>: the endpoint at which the asker addressed it.
    /// </summary>
    public static void Sign(
        NodeIdentity identity,
        uint network,
        NodeId asker,
        TransactionId transaction,
        NodeEndpoint challenge,
        Span<byte> signature)
    {
        Span<byte> message = stackalloc byte[MaxSize];
        int length = Write(message, network, identity.Id, asker, transaction, challenge);
        identity.Sign(message[..length], signature);
    }

    /// <summary>
    /// Whether the prover holds the key that its id is made of, and proved it for exactly this exchange. Key and signature
    /// may be garbage of any length.
    /// </summary>
    public static bool Verify(
        SignatureScheme scheme,
        ReadOnlySpan<byte> publicKey,
        uint network,
        NodeId prover,
        NodeId asker,
        TransactionId transaction,
        NodeEndpoint challenge,
        ReadOnlySpan<byte> signature)
    {
        // The hash first: it costs a hundredth of the signature.
        if (publicKey.Length != SignatureScheme.PublicKeySize || NodeIdentity.IdOf(publicKey) != prover)
        {
            return false;
        }

        Span<byte> message = stackalloc byte[MaxSize];
        int length = Write(message, network, prover, asker, transaction, challenge);
        return scheme.Verify(publicKey, message[..length], signature);
    }

    // Only the last field varies in length, so no two exchanges have the same bytes.
    private static int Write(
        Span<byte> message,
        uint network,
        NodeId prover,
        NodeId asker,
        TransactionId transaction,
        NodeEndpoint challenge)
    {
        Context.CopyTo(message);
        Span<byte> rest = message[Context.Length..];
        BinaryPrimitives.WriteUInt32BigEndian(rest, network);
        rest = rest[sizeof(uint)..];
        prover.CopyTo(rest);
        rest = rest[NodeId.Size..];
        asker.CopyTo(rest);
        rest = rest[NodeId.Size..];
        BinaryPrimitives.WriteUInt64BigEndian(rest, transaction.Value);
        rest = rest[sizeof(ulong)..];
        int endpointLength = challenge.CopyTo(rest);
        return message.Length - rest.Length + endpointLength;
    }
}
