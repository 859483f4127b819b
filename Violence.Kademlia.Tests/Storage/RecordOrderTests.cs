using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
public sealed class RecordOrderTests
{
    // Of one key, with and without an owner that was asked for.
    private static readonly Gen<Record> Records = Gen.Select(
        Gen.Int[0, 2], Gen.ULong[0, 2], Gen.Int[0, 4], (owner, sequence, salt) =>
            TestRecords.Create(owner: owner, sequence: sequence, salt: salt));

    private static readonly Gen<NodeId?> Wanted =
        Gen.Int[0, 3].Select(number => number == 3 ? (NodeId?)null : TestRecords.Owner(number));

    [Test]
    public void It_is_total_only_the_same_bytes_are_equal() =>
        Gen.Select(Records, Records, Wanted).Sample((left, right, wanted) =>
            (RecordOrder.Compare(left, right, wanted) == 0) == left.SameBytes(right), iter: 2_000);

    [Test]
    public void It_is_antisymmetric() =>
        Gen.Select(Records, Records, Wanted).Sample((left, right, wanted) =>
            Math.Sign(RecordOrder.Compare(left, right, wanted)) == -Math.Sign(RecordOrder.Compare(right, left, wanted)), iter: 2_000);

    [Test]
    public void It_is_transitive() =>
        Gen.Select(Records, Records, Records, Wanted).Sample((a, b, c, wanted) =>
            RecordOrder.Compare(a, b, wanted) > 0
            || RecordOrder.Compare(b, c, wanted) > 0
            || RecordOrder.Compare(a, c, wanted) <= 0, iter: 5_000);

    [Test]
    public void Wanted_owner_then_higher_sequence_then_smaller_hash_wins() =>
        Gen.Select(Records, Records, Wanted).Sample((left, right, wanted) =>
        {
            if (left.SameBytes(right))
            {
                return !RecordOrder.Wins(left, right);
            }

            bool expected = (left.Owner == wanted) != (right.Owner == wanted) ? left.Owner == wanted
                : left.Sequence != right.Sequence ? left.Sequence > right.Sequence
                : string.CompareOrdinal(Convert.ToHexString(left.Hash()), Convert.ToHexString(right.Hash())) < 0;
            return RecordOrder.Compare(left, right, wanted) < 0 == expected
                && (wanted is not null || RecordOrder.Wins(left, right) == expected);
        }, iter: 2_000);

    [Test]
    public void Sequences_are_compared_as_unsigned_numbers()
    {
        Record largest = TestRecords.Create(sequence: ulong.MaxValue);

        Assert.That(RecordOrder.Wins(largest, TestRecords.Create(sequence: 1)), Is.True);
    }

    [Test]
    public void Places_are_ordered_by_owner_and_then_by_the_labels_utf8_bytes()
    {
        Gen<string> label = Gen.OneOf(
            Gen.OneOf(TestRecords.Labels),
            Gen.OneOf("a", "b", "\u007f", "\u0080", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff")
                .Array[0, 4].Select(string.Concat));
        Gen.Select(Gen.Int[0, 3], label, Gen.Int[0, 3], label).Sample((owner, left, otherOwner, right) =>
        {
            Record one = TestRecords.Create(owner: owner, label: left);
            Record other = TestRecords.Create(owner: otherOwner, label: right);
            int order = RecordPlace.Compare(one.Owner, one.Label, other.Owner, other.Label);
            return Math.Sign(order) == Math.Sign(TestRecords.ComparePlaces(one, other));
        }, iter: 5_000);
    }
}
