using System.Numerics;
using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class NodeIdTests
{
    private static readonly Gen<NodeId> Id = PrimitiveGen.Id;

    [Test]
    public void Bytes_are_written_as_they_were_read() =>
        Gen.Byte.Array[NodeId.Size].Sample(bytes => BytesOf(new NodeId(bytes)).SequenceEqual(bytes));

    [Test]
    public void Too_few_bytes_are_a_mistake_of_the_caller() =>
        Assert.That(() => new NodeId(new byte[19]), Throws.ArgumentException);

    [Test]
    public void Text_is_forty_digits_in_the_order_of_the_bytes_and_is_read_back_in_either_case() =>
        Id.Sample(id =>
            id.ToString() == Convert.ToHexStringLower(BytesOf(id))
            && NodeId.TryParse(id.ToString(), out NodeId lower) && lower == id
            && NodeId.TryParse(id.ToString().ToUpperInvariant(), out NodeId upper) && upper == id);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("00112233445566778899aabbccddeeff0011223")]
    [TestCase("00112233445566778899aabbccddeeff001122334")]
    [TestCase("0x112233445566778899aabbccddeeff00112233")]
    [TestCase(" 0112233445566778899aabbccddeeff00112233")]
    [TestCase("g0112233445566778899aabbccddeeff00112233")]
    public void Text_that_is_not_forty_digits_is_refused(string? text)
    {
        Assert.That(NodeId.TryParse(text, out NodeId id), Is.False);
        Assert.That(id, Is.EqualTo(NodeId.Zero));
    }

    [Test]
    public void Ids_are_ordered_as_unsigned_big_endian_numbers() =>
        Gen.Select(Id, Id).Sample((left, right) =>
        {
            int expected = NumberOf(left).CompareTo(NumberOf(right));
            return Math.Sign(left.CompareTo(right)) == expected
                && left < right == expected < 0
                && left <= right == expected <= 0
                && left > right == expected > 0
                && left >= right == expected >= 0
                && left == right == (expected == 0)
                && left != right == (expected != 0);
        });

    [Test]
    public void Equal_ids_have_equal_hashes() =>
        Id.Sample(id =>
        {
            var same = new NodeId(BytesOf(id));
            return same.Equals((object)id) && same.GetHashCode() == id.GetHashCode() && !same.Equals(new object());
        });

    [Test]
    public void The_hash_does_not_change_from_process_to_process() =>
        Assert.That(new NodeId(1, 2, 4).GetHashCode(), Is.EqualTo((2 << 17) ^ 1 ^ 4));

    [Test]
    public void Bits_are_counted_from_the_most_significant() =>
        Gen.Select(Id, Gen.Int[0, 159]).Sample((id, index) =>
            id.Bit(index) == !((NumberOf(id) >> (159 - index)).IsEven));

    [Test]
    public void The_common_prefix_ends_at_the_first_bit_that_differs() =>
        Gen.Select(Id, Id).Sample((left, right) =>
        {
            int first = Enumerable.Range(0, NodeId.Bits).FirstOrDefault(i => left.Bit(i) != right.Bit(i), NodeId.Bits);
            return left.CommonPrefixLength(right) == first;
        });

    [Test]
    public void A_sibling_shares_exactly_the_bits_asked_for_and_ends_as_its_tail() =>
        Gen.Select(Id, Id, Gen.Int[0, 159]).Sample((id, tail, shared) =>
        {
            NodeId sibling = id.Sibling(shared, tail);
            return sibling.CommonPrefixLength(id) == shared
                && Enumerable.Range(shared + 1, 159 - shared).All(i => sibling.Bit(i) == tail.Bit(i));
        });

    [TestCase(0)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(127)]
    [TestCase(128)]
    [TestCase(159)]
    public void A_sibling_is_right_at_the_edges_of_words(int shared)
    {
        NodeId id = new(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, 0x5555_AAAA);

        Assert.That(id.Sibling(shared, id).DistanceTo(id), Is.EqualTo(SingleBit(shared)));
    }

    internal static BigInteger NumberOf(NodeId id) => new(BytesOf(id), isUnsigned: true, isBigEndian: true);

    private static Distance SingleBit(int index)
    {
        byte[] bytes = new byte[NodeId.Size];
        bytes[index / 8] = (byte)(0x80 >> (index % 8));
        return new NodeId(bytes).DistanceTo(NodeId.Zero);
    }

    private static byte[] BytesOf(NodeId id)
    {
        byte[] bytes = new byte[NodeId.Size];
        id.CopyTo(bytes);
        return bytes;
    }
}
