using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Identity;

[TestFixture]
public sealed class RecordSignerTests
{
    [TestCase(1)]
    [TestCase(300)]
    [TestCase(RecordSigner.MaxBodySize)]
    public void A_signed_record_is_valid_and_covers_context_and_body(int bodySize)
    {
        using NodeIdentity owner = Owner(1);
        byte[] body = Body(bodySize);
        Record record = Signed(owner, body);

        byte[] message = [.. "violence-kad record\n"u8, .. body];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RecordSigner.Verify(owner.Scheme, record), Is.True);
            Assert.That(owner.Scheme.Verify(owner.PublicKey.Span, message, record.Signature), Is.True);
        }
    }

    [Test]
    public void A_change_of_any_byte_of_body_or_signature_is_detected()
    {
        using NodeIdentity owner = Owner(1);
        byte[] bytes = Signed(owner, Body(120)).Bytes.ToArray();
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] tampered = [.. bytes];
            tampered[i] ^= 0x01;
            Assert.That(RecordSigner.Verify(owner.Scheme, Of(owner, tampered)), Is.False, $"byte {i}");
        }
    }

    [Test]
    public void Another_owners_signature_is_invalid()
    {
        using NodeIdentity owner = Owner(1);
        using NodeIdentity thief = Owner(2);
        byte[] bytes = Signed(thief, Body(120)).Bytes.ToArray();

        Assert.That(RecordSigner.Verify(owner.Scheme, Of(owner, bytes)), Is.False);
    }

    [Test]
    public void An_owner_key_of_the_wrong_length_is_invalid()
    {
        using NodeIdentity owner = Owner(1);
        byte[] bytes = Signed(owner, Body(120)).Bytes.ToArray();

        Assert.That(RecordSigner.Verify(owner.Scheme, Of(owner.PublicKey[..31], owner.Id, bytes)), Is.False);
    }

    [Test]
    public void A_signature_without_the_context_is_invalid()
    {
        using NodeIdentity owner = Owner(1);
        byte[] body = Body(120);
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        owner.Sign(body, signature);

        Assert.That(RecordSigner.Verify(owner.Scheme, Of(owner, [.. body, .. signature])), Is.False);
    }

    [Test]
    public void A_body_that_is_too_long_is_misuse_to_sign_and_invalid_to_read()
    {
        using NodeIdentity owner = Owner(1);
        byte[] body = Body(RecordSigner.MaxBodySize + 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => RecordSigner.Sign(owner, body, new byte[64]), Throws.ArgumentException);
            Assert.That(RecordSigner.Verify(owner.Scheme, Of(owner, [.. body, .. new byte[64]])), Is.False);
        }
    }

    private static NodeIdentity Owner(byte seed) => NodeIdentity.FromSeed(SignatureSchemeTests.Seed(seed));

    private static byte[] Body(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)i)];

    private static Record Signed(NodeIdentity owner, byte[] body)
    {
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        RecordSigner.Sign(owner, body, signature);
        return Of(owner, [.. body, .. signature]);
    }

    private static Record Of(NodeIdentity owner, byte[] bytes) => Of(owner.PublicKey, owner.Id, bytes);

    private static Record Of(ReadOnlyMemory<byte> ownerKey, NodeId owner, byte[] bytes)
    {
        var fields = new RecordFields(
            1, new RecordKey(NodeId.Zero), ownerKey, owner, "", 1, DateTimeOffset.UnixEpoch, TimeSpan.FromHours(1), false);
        return new Record(bytes, fields, 0, 0);
    }
}
