using CsCheck;
using Violence.Kademlia.Identity;

namespace Violence.Kademlia.Tests.Identity;

[TestFixture]
public sealed class SignatureSchemeTests
{
    private static readonly object[] Schemes = [SignatureScheme.Ed25519, KeyedHashScheme.Instance];

    [TestCase(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [TestCase(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [TestCase(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Ed25519_gives_the_vectors_of_rfc_8032_section_7_1(string seed, string publicKey, string message, string signature)
    {
        using SigningKey key = SignatureScheme.Ed25519.ImportSeed(Convert.FromHexString(seed));
        byte[] signed = new byte[SignatureScheme.SignatureSize];
        key.Sign(Convert.FromHexString(message), signed);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Convert.ToHexStringLower(key.PublicKey.Span), Is.EqualTo(publicKey));
            Assert.That(Convert.ToHexStringLower(signed), Is.EqualTo(signature));
            Assert.That(SignatureScheme.Ed25519.Verify(key.PublicKey.Span, Convert.FromHexString(message), signed), Is.True);
        }
    }

    [TestCaseSource(nameof(Schemes))]
    public void A_change_of_any_byte_of_key_message_or_signature_is_detected(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        using SigningKey key = scheme.ImportSeed(Seed(1));
        byte[] publicKey = key.PublicKey.ToArray();
        byte[] message = "what the owner wrote"u8.ToArray();
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        key.Sign(message, signature);
        Assert.That(scheme.Verify(publicKey, message, signature), Is.True);

        foreach (byte[] part in new[] { publicKey, message, signature })
        {
            for (int i = 0; i < part.Length * 8; i++)
            {
                part[i / 8] ^= (byte)(1 << i % 8);
                Assert.That(scheme.Verify(publicKey, message, signature), Is.False, $"bit {i} of {part.Length} bytes");
                part[i / 8] ^= (byte)(1 << i % 8);
            }
        }

        Assert.That(scheme.Verify(publicKey, message, signature), Is.True, "every bit was turned back");
    }

    [TestCaseSource(nameof(Schemes))]
    public void A_shorter_or_longer_message_is_another_message(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        using SigningKey key = scheme.ImportSeed(Seed(1));
        byte[] message = new byte[40];
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        key.Sign(message.AsSpan(0, 20), signature);

        for (int length = 0; length <= message.Length; length++)
        {
            bool valid = scheme.Verify(key.PublicKey.Span, message.AsSpan(0, length), signature);
            Assert.That(valid, Is.EqualTo(length == 20), $"{length} bytes");
        }
    }

    [TestCaseSource(nameof(Schemes))]
    public void Garbage_of_any_length_is_invalid_and_never_throws(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        Gen<byte[]> key = Gen.OneOf(Gen.Byte.Array[SignatureScheme.PublicKeySize], Gen.Byte.Array[0, 70]);
        Gen<byte[]> signature = Gen.OneOf(Gen.Byte.Array[SignatureScheme.SignatureSize], Gen.Byte.Array[0, 130]);

        Gen.Select(key, Gen.Byte.Array[0, 100], signature)
            .Sample((k, m, s) => !scheme.Verify(k, m, s), iter: 3_000);
    }

    [TestCaseSource(nameof(Schemes))]
    public void A_valid_signature_with_bytes_added_or_missing_is_invalid(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        using SigningKey key = scheme.ImportSeed(Seed(1));
        byte[] signature = new byte[SignatureScheme.SignatureSize + 1];
        key.Sign("x"u8, signature.AsSpan(0, SignatureScheme.SignatureSize));
        byte[] publicKey = [.. key.PublicKey.Span, 0];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(scheme.Verify(publicKey.AsSpan(0, 32), "x"u8, signature.AsSpan(0, 64)), Is.True);
            Assert.That(scheme.Verify(publicKey.AsSpan(0, 32), "x"u8, signature.AsSpan(0, 63)), Is.False);
            Assert.That(scheme.Verify(publicKey.AsSpan(0, 32), "x"u8, signature), Is.False);
            Assert.That(scheme.Verify(publicKey.AsSpan(0, 31), "x"u8, signature.AsSpan(0, 64)), Is.False);
            Assert.That(scheme.Verify(publicKey, "x"u8, signature.AsSpan(0, 64)), Is.False);
            Assert.That(scheme.Verify([], "x"u8, []), Is.False);
        }
    }

    [Test]
    public void Nobody_makes_a_second_valid_signature_by_adding_the_order_of_the_group()
    {
        using SigningKey key = SignatureScheme.Ed25519.ImportSeed(Seed(1));
        byte[] signature = new byte[SignatureScheme.SignatureSize];
        key.Sign("x"u8, signature);

        // S + L with L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032, section 5.1), little-endian.
        byte[] order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        int carry = 0;
        for (int i = 0; i < order.Length; i++)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = (byte)carry;
            carry >>= 8;
        }

        Assert.That(SignatureScheme.Ed25519.Verify(key.PublicKey.Span, "x"u8, signature), Is.False);
    }

    [Test]
    public void A_key_of_small_order_that_would_accept_many_messages_is_refused()
    {
        // The neutral element as key and as R, with S = 0, satisfies the bare equation for every message.
        byte[] neutral = new byte[32];
        neutral[0] = 1;
        byte[] signature = [.. neutral, .. new byte[32]];

        Assert.That(SignatureScheme.Ed25519.Verify(neutral, "anything"u8, signature), Is.False);
    }

    [TestCaseSource(nameof(Schemes))]
    public void The_same_seed_gives_the_same_key_and_comes_back_out(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        using SigningKey one = scheme.ImportSeed(Seed(1));
        using SigningKey same = scheme.ImportSeed(Seed(1));
        using SigningKey other = scheme.ImportSeed(Seed(2));
        byte[] exported = new byte[SignatureScheme.SeedSize];
        one.ExportSeed(exported);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(same.PublicKey.ToArray(), Is.EqualTo(one.PublicKey.ToArray()));
            Assert.That(other.PublicKey.ToArray(), Is.Not.EqualTo(one.PublicKey.ToArray()));
            Assert.That(one.PublicKey.Length, Is.EqualTo(SignatureScheme.PublicKeySize));
            Assert.That(exported, Is.EqualTo(Seed(1)));
        }
    }

    [TestCaseSource(nameof(Schemes))]
    public void Wrong_lengths_from_our_own_code_are_misuse(object schemeUnderTest)
    {
        var scheme = (SignatureScheme)schemeUnderTest;
        using SigningKey key = scheme.ImportSeed(Seed(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => scheme.ImportSeed(new byte[31]), Throws.ArgumentException);
            Assert.That(() => scheme.ImportSeed(new byte[33]), Throws.ArgumentException);
            Assert.That(() => key.Sign("x"u8, new byte[63]), Throws.ArgumentException);
            Assert.That(() => key.Sign("x"u8, new byte[65]), Throws.ArgumentException);
            Assert.That(() => key.ExportSeed(new byte[31]), Throws.ArgumentException);
            Assert.That(() => key.ExportSeed(new byte[33]), Throws.ArgumentException);
        }
    }

    [TestCaseSource(nameof(Schemes))]
    public void A_disposed_key_neither_signs_nor_exports(object schemeUnderTest)
    {
        SigningKey key = ((SignatureScheme)schemeUnderTest).ImportSeed(Seed(1));
        key.Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => key.Sign("x"u8, new byte[64]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => key.ExportSeed(new byte[32]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(key.PublicKey.Length, Is.EqualTo(SignatureScheme.PublicKeySize));
            Assert.That(key.Dispose, Throws.Nothing);
        }
    }

    internal static byte[] Seed(byte value)
    {
        byte[] seed = new byte[SignatureScheme.SeedSize];
        Array.Fill(seed, value);
        return seed;
    }
}
