using System.Numerics;
using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

/// <summary>The metric of Maymounkov and Mazières 2002, section 2.1.</summary>
[TestFixture]
public sealed class DistanceTests
{
    private static readonly Gen<NodeId> Id = PrimitiveGen.Id;

    [Test]
    public void Distance_is_the_xor_read_as_a_number() =>
        Gen.Select(Id, Id).Sample((x, y) =>
            NumberOf(x.DistanceTo(y)) == (NodeIdTests.NumberOf(x) ^ NodeIdTests.NumberOf(y)));

    [Test]
    public void Only_equal_positions_are_at_distance_zero() =>
        Gen.Select(Id, Id).Sample((x, y) => x.DistanceTo(x).IsZero && x.DistanceTo(y).IsZero == (x == y));

    [Test]
    public void Distance_is_symmetric() =>
        Gen.Select(Id, Id).Sample((x, y) => x.DistanceTo(y) == y.DistanceTo(x));

    [Test]
    public void Distance_obeys_the_triangle_inequality() =>
        Gen.Select(Id, Id, Id).Sample((x, y, z) =>
            NumberOf(x.DistanceTo(y)) + NumberOf(y.DistanceTo(z)) >= NumberOf(x.DistanceTo(z)));

    [Test]
    public void Only_one_position_is_at_a_given_distance() =>
        Gen.Select(Id, Id, Id).Sample((x, y, z) => x.DistanceTo(y) == x.DistanceTo(z) == (y == z));

    [Test]
    public void Distances_are_ordered_as_numbers() =>
        Gen.Select(Id, Id, Id).Sample((x, y, z) =>
        {
            Distance left = x.DistanceTo(y);
            Distance right = x.DistanceTo(z);
            int expected = NumberOf(left).CompareTo(NumberOf(right));
            return Math.Sign(left.CompareTo(right)) == expected
                && left < right == expected < 0
                && left <= right == expected <= 0
                && left > right == expected > 0
                && left >= right == expected >= 0
                && left == right == (expected == 0)
                && left != right == (expected != 0)
                && (expected != 0 || (left.GetHashCode() == right.GetHashCode() && left.Equals((object)right)));
        });

    [Test]
    public void Leading_zeros_are_those_of_the_number() =>
        Gen.Select(Id, Id).Sample((x, y) =>
            x.DistanceTo(y).LeadingZeroBits == NodeId.Bits - (int)NumberOf(x.DistanceTo(y)).GetBitLength());

    [Test]
    public void Nothing_is_farther_than_the_largest_distance()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Distance.Max.ToString(), Is.EqualTo(new string('f', 40)));
            Assert.That(Distance.Max.LeadingZeroBits, Is.Zero);
            Assert.That(NodeId.Zero.DistanceTo(NodeId.Zero).LeadingZeroBits, Is.EqualTo(NodeId.Bits));
            Assert.That(Distance.Max, Is.Not.EqualTo(new object()));
        }
    }

    private static BigInteger NumberOf(Distance distance) =>
        NodeId.TryParse(distance.ToString(), out NodeId id) ? NodeIdTests.NumberOf(id) : throw new FormatException();
}
