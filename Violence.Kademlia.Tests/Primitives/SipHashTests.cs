using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class SipHashTests
{
    // Key 00 01 ... 0f, message 00 01 ... of the length: the paper's appendix A has the one of 15 bytes, the authors'
    // reference implementation lists them all (its bytes are little-endian).
    [TestCase(0, 0x726F_DB47_DD0E_0E31UL)]
    [TestCase(1, 0x74F8_39C5_93DC_67FDUL)]
    [TestCase(7, 0xAB02_00F5_8B01_D137UL)]
    [TestCase(8, 0x93F5_F579_9A93_2462UL)]
    [TestCase(15, 0xA129_CA61_49BE_45E5UL)]
    [TestCase(63, 0x958A_324C_EB06_4572UL)]
    public void It_gives_the_published_values(int length, ulong expected)
    {
        byte[] key = [.. Enumerable.Range(0, SipHash.KeySize).Select(i => (byte)i)];
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];

        Assert.That(new SipHash(key).Hash(message), Is.EqualTo(expected));
    }

    [TestCase(15)]
    [TestCase(17)]
    public void A_key_has_sixteen_bytes(int length) =>
        Assert.That(() => new SipHash(new byte[length]), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
