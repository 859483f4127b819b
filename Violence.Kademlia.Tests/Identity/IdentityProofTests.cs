using System.Net;
using CsCheck;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Identity;

[TestFixture]
public sealed class IdentityProofTests
{
    private const uint Network = 0x1234_5678;

    private static readonly NodeId Asker = new(1, 2, 3);
    private static readonly TransactionId Transaction = new(0x0102_0304_0506_0708);
    private static readonly NodeEndpoint V4 = NodeEndpoint.From(IPAddress.Parse("192.0.2.7"), 4001);
    private static readonly NodeEndpoint V6 = NodeEndpoint.From(IPAddress.Parse("2001:db8::7"), 4001);

    private static NodeEndpoint[] Endpoints => [V4, V6];

    [TestCaseSource(nameof(Endpoints))]
    public void A_proof_covers_exactly_the_bytes_of_the_protocol(NodeEndpoint challenge)
    {
        using NodeIdentity prover = Identity(1);
        byte[] proof = Prove(prover, challenge);

        byte[] endpoint = new byte[challenge.WireSize];
        challenge.CopyTo(endpoint);
        byte[] message =
        [
            .. "violence-kad proof\n"u8, .. Convert.FromHexString("12345678"), .. Bytes(prover.Id), .. Bytes(Asker),
            .. Convert.FromHexString("0102030405060708"), .. endpoint,
        ];
        Assert.That(prover.Scheme.Verify(prover.PublicKey.Span, message, proof), Is.True);
    }

    [TestCaseSource(nameof(Endpoints))]
    public void A_change_of_any_bound_field_makes_it_invalid(NodeEndpoint challenge)
    {
        using NodeIdentity prover = Identity(1);
        using NodeIdentity other = Identity(2);
        byte[] proof = Prove(prover, challenge);
        NodeEndpoint otherPort = NodeEndpoint.From(challenge.ToIPEndPoint().Address, 4002);
        NodeEndpoint otherAddress = challenge == V4 ? V6 : V4;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Verify(prover, Network, prover.Id, Asker, Transaction, challenge, proof), Is.True);
            Assert.That(Verify(prover, Network + 1, prover.Id, Asker, Transaction, challenge, proof), Is.False, "network");
            Assert.That(Verify(prover, Network, other.Id, Asker, Transaction, challenge, proof), Is.False, "prover");
            Assert.That(Verify(prover, Network, prover.Id, new NodeId(1, 2, 4), Transaction, challenge, proof), Is.False, "asker");
            Assert.That(Verify(prover, Network, prover.Id, Asker, new TransactionId(9), challenge, proof), Is.False, "transaction");
            Assert.That(Verify(prover, Network, prover.Id, Asker, Transaction, otherPort, proof), Is.False, "port");
            Assert.That(Verify(prover, Network, prover.Id, Asker, Transaction, otherAddress, proof), Is.False, "address");
            Assert.That(Verify(other, Network, other.Id, Asker, Transaction, challenge, proof), Is.False, "key");
        }
    }

    [Test]
    public void A_key_that_does_not_hash_to_the_provers_id_is_invalid_even_with_a_right_signature()
    {
        using NodeIdentity attacker = Identity(2);
        NodeId victim = new(7, 7, 7);

        // What an attacker would sign: the victim's id, with its own key.
        byte[] endpoint = new byte[V4.WireSize];
        V4.CopyTo(endpoint);
        byte[] message =
        [
            .. "violence-kad proof\n"u8, .. Convert.FromHexString("12345678"), .. Bytes(victim), .. Bytes(Asker),
            .. Convert.FromHexString("0102030405060708"), .. endpoint,
        ];
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        attacker.Sign(message, signature);
        Assert.That(attacker.Scheme.Verify(attacker.PublicKey.Span, message, signature), Is.True);

        Assert.That(Verify(attacker, Network, victim, Asker, Transaction, V4, signature), Is.False);
    }

    [Test]
    public void A_tampered_proof_is_invalid()
    {
        using NodeIdentity prover = Identity(1);
        byte[] proof = Prove(prover, V4);
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i] ^= 0x10;
            Assert.That(Verify(prover, Network, prover.Id, Asker, Transaction, V4, proof), Is.False, $"byte {i}");
            proof[i] ^= 0x10;
        }
    }

    [Test]
    public void Garbage_keys_and_signatures_are_invalid_and_never_throw()
    {
        Gen.Select(Gen.Byte.Array[0, 70], Gen.Byte.Array[0, 130], Gen.Bool).Sample((key, signature, own) =>
        {
            // With the id that belongs to the garbage key the check goes on to the signature.
            NodeId prover = own && key.Length == SignatureScheme.PublicKeySize ? NodeIdentity.IdOf(key) : Asker;
            return !IdentityProof.Verify(
                SignatureScheme.Ed25519, key, Network, prover, Asker, Transaction, V4, signature);
        });
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[64]).Sample((key, signature) =>
            !IdentityProof.Verify(
                SignatureScheme.Ed25519, key, Network, NodeIdentity.IdOf(key), Asker, Transaction, V4, signature));
    }

    private static NodeIdentity Identity(byte seed) => NodeIdentity.FromSeed(SignatureSchemeTests.Seed(seed));

    private static byte[] Prove(NodeIdentity prover, NodeEndpoint challenge)
    {
        byte[] proof = new byte[SignatureScheme.SignatureSize];
        IdentityProof.Sign(prover, Network, Asker, Transaction, challenge, proof);
        return proof;
    }

    private static bool Verify(
        NodeIdentity keyHolder,
        uint network,
        NodeId prover,
        NodeId asker,
        TransactionId transaction,
        NodeEndpoint challenge,
        byte[] proof) =>
        IdentityProof.Verify(
            SignatureScheme.Ed25519, keyHolder.PublicKey.Span, network, prover, asker, transaction, challenge, proof);

    private static byte[] Bytes(NodeId id)
    {
        byte[] bytes = new byte[NodeId.Size];
        id.CopyTo(bytes);
        return bytes;
    }
}
