using System.Security.Cryptography;
using CsCheck;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Identity;

[TestFixture]
public sealed class NodeIdentityTests
{
    [Test]
    public void The_id_is_the_first_20_bytes_of_the_sha256_of_the_public_key()
    {
        using var identity = NodeIdentity.FromSeed(SignatureSchemeTests.Seed(1));

        string hash = Convert.ToHexStringLower(SHA256.HashData(identity.PublicKey.Span));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(identity.Id.ToString(), Is.EqualTo(hash[..40]));
            Assert.That(NodeIdentity.IdOf(identity.PublicKey.Span), Is.EqualTo(identity.Id));
        }
    }

    [Test]
    public void An_exported_seed_brings_the_same_node_back()
    {
        using var created = NodeIdentity.Create();
        byte[] seed = new byte[NodeIdentity.SeedSize];
        created.ExportSeed(seed);
        using var restored = NodeIdentity.FromSeed(seed);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(restored.Id, Is.EqualTo(created.Id));
            Assert.That(restored.PublicKey.ToArray(), Is.EqualTo(created.PublicKey.ToArray()));
            Assert.That(restored.Scheme, Is.SameAs(SignatureScheme.Ed25519));
        }
    }

    [Test]
    public void Every_new_identity_is_another()
    {
        using var one = NodeIdentity.Create();
        using var other = NodeIdentity.Create();

        Assert.That(other.Id, Is.Not.EqualTo(one.Id));
    }

    [Test]
    public void What_it_signs_is_valid_under_its_public_key()
    {
        using var identity = NodeIdentity.FromSeed(SignatureSchemeTests.Seed(3));
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        identity.Sign("message"u8, signature);

        Assert.That(identity.Scheme.Verify(identity.PublicKey.Span, "message"u8, signature), Is.True);
    }

    [Test]
    public void A_simulation_can_use_another_scheme()
    {
        using var identity = new NodeIdentity(KeyedHashScheme.Instance, SignatureSchemeTests.Seed(3));
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        identity.Sign("message"u8, signature);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(identity.Scheme, Is.SameAs(KeyedHashScheme.Instance));
            Assert.That(KeyedHashScheme.Instance.Verify(identity.PublicKey.Span, "message"u8, signature), Is.True);
            Assert.That(SignatureScheme.Ed25519.Verify(identity.PublicKey.Span, "message"u8, signature), Is.False);
        }
    }

    [TestCase("0000000000000000000000000000000000000000", "aaaa-aaaa-aaaa")]
    [TestCase("ffffffffffffffffffffffffffffffffffffffff", "7777-7777-7777")]
    [TestCase("00443214c74254b635cf84653a56d7c675be77df", "abcd-efgh-ijkl")]
    public void A_fingerprint_is_base32_of_the_first_60_bits_in_groups_of_four(string id, string fingerprint)
    {
        Assert.That(NodeId.TryParse(id, out NodeId parsed), Is.True);
        Assert.That(NodeIdentity.FingerprintOf(parsed), Is.EqualTo(fingerprint));
    }

    [Test]
    public void Fingerprints_are_equal_exactly_when_the_first_60_bits_are()
    {
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt, Gen.Int[0, 159]).Sample((high, middle, low, bit) =>
        {
            var id = new NodeId(high, middle, low);
            NodeId changed = id.Sibling(bit, id);
            string fingerprint = NodeIdentity.FingerprintOf(id);
            Assert.That(fingerprint, Does.Match("^[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}$"));
            Assert.That(NodeIdentity.FingerprintOf(changed) == fingerprint, Is.EqualTo(bit >= 60));
        });
    }

    [Test]
    public void The_fingerprint_of_an_identity_is_that_of_its_id()
    {
        using var identity = NodeIdentity.FromSeed(SignatureSchemeTests.Seed(1));

        Assert.That(identity.Fingerprint, Is.EqualTo(NodeIdentity.FingerprintOf(identity.Id)));
    }

    [Test]
    public void Wrong_lengths_are_misuse()
    {
        using var identity = NodeIdentity.FromSeed(SignatureSchemeTests.Seed(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => NodeIdentity.FromSeed(new byte[31]), Throws.ArgumentException);
            Assert.That(() => NodeIdentity.IdOf(new byte[31]), Throws.ArgumentException);
            Assert.That(() => identity.ExportSeed(new byte[33]), Throws.ArgumentException);
        }
    }

    [Test]
    public void After_disposal_it_can_be_named_but_signs_no_more()
    {
        var identity = NodeIdentity.FromSeed(SignatureSchemeTests.Seed(1));
        NodeId id = identity.Id;
        identity.Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(NodeIdentity.IdOf(identity.PublicKey.Span), Is.EqualTo(id));
            Assert.That(() => identity.Sign("x"u8, new byte[64]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => identity.ExportSeed(new byte[32]), Throws.InstanceOf<ObjectDisposedException>());
        }
    }
}
