using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class EntropySourceTests
{
    [Test]
    public void One_seed_gives_one_sequence() =>
        Gen.ULong.Sample(seed =>
        {
            EntropySource first = EntropySource.Seeded(seed);
            EntropySource second = EntropySource.Seeded(seed);
            return Enumerable.Range(0, 20).All(_ => first.NextUInt64() == second.NextUInt64());
        });

    [Test]
    public void The_sequence_is_that_of_SplitMix64()
    {
        // Published outputs of SplitMix64 for the seed 1234567.
        EntropySource entropy = EntropySource.Seeded(1_234_567);
        ulong[] expected =
        [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];

        Assert.That(Enumerable.Range(0, 5).Select(_ => entropy.NextUInt64()), Is.EqualTo(expected));
    }

    [Test]
    public void Different_seeds_give_different_sequences() =>
        Assert.That(EntropySource.Seeded(1).NextUInt64(), Is.Not.EqualTo(EntropySource.Seeded(2).NextUInt64()));

    [Test]
    public void The_system_gives_no_two_equal_sequences()
    {
        EntropySource first = EntropySource.System();
        EntropySource second = EntropySource.System();

        // More than one block of the source.
        HashSet<ulong> drawn = [.. Enumerable.Range(0, 100).SelectMany(_ => new[] { first.NextUInt64(), second.NextUInt64() })];

        Assert.That(drawn, Has.Count.EqualTo(200));
    }

    [Test]
    public void Bytes_are_filled_to_the_last_and_no_further() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 40]).Sample((seed, length) =>
        {
            byte[] bytes = new byte[length + 1];
            EntropySource.Seeded(seed).Fill(bytes.AsSpan(0, length));

            EntropySource same = EntropySource.Seeded(seed);
            byte[] expected = Enumerable.Range(0, 5).SelectMany(_ => BitConverter.GetBytes(same.NextUInt64())).Take(length).ToArray();
            return bytes.AsSpan(0, length).SequenceEqual(expected) && bytes[length] == 0;
        });

    [Test]
    public void Numbers_stay_below_their_limit() =>
        Gen.Select(Gen.ULong, Gen.Int[1, int.MaxValue]).Sample((seed, limit) =>
        {
            EntropySource entropy = EntropySource.Seeded(seed);
            int number = entropy.NextInt32(limit);
            double share = entropy.NextDouble();
            return number >= 0 && number < limit && share is >= 0 and < 1;
        });

    [Test]
    public void The_extremes_of_the_source_stay_in_bounds()
    {
        EntropySource highest = new Fixed(ulong.MaxValue);
        EntropySource lowest = new Fixed(0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(highest.NextInt32(10), Is.EqualTo(9));
            Assert.That(highest.NextInt32(int.MaxValue), Is.EqualTo(int.MaxValue - 1));
            Assert.That(highest.NextDouble(), Is.LessThan(1));
            Assert.That(lowest.NextInt32(10), Is.Zero);
            Assert.That(lowest.NextDouble(), Is.Zero);
            Assert.That(lowest.Jitter(TimeSpan.FromSeconds(100), 0.2), Is.EqualTo(TimeSpan.FromSeconds(80)));
            Assert.That(
                highest.Jitter(TimeSpan.FromSeconds(100), 0.2),
                Is.EqualTo(TimeSpan.FromSeconds(120)).Within(TimeSpan.FromTicks(1)));
        }
    }

    [Test]
    public void Every_number_below_a_small_limit_comes_up_about_as_often()
    {
        EntropySource entropy = EntropySource.Seeded(7);
        int[] counts = new int[6];
        for (int i = 0; i < 60_000; i++)
        {
            counts[entropy.NextInt32(counts.Length)]++;
        }

        Assert.That(counts, Has.All.InRange(9_500, 10_500));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void A_limit_below_one_is_a_mistake_of_the_caller(int limit) =>
        Assert.That(() => EntropySource.Seeded(1).NextInt32(limit), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Ids_take_all_their_bits_from_the_source()
    {
        EntropySource entropy = EntropySource.Seeded(3);
        HashSet<TransactionId> transactions = [];
        HashSet<int> ones = [];
        for (int i = 0; i < 200; i++)
        {
            NodeId id = entropy.NextNodeId();
            transactions.Add(entropy.NextTransactionId());
            ones.UnionWith(Enumerable.Range(0, NodeId.Bits).Where(id.Bit));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ones, Has.Count.EqualTo(NodeId.Bits));
            Assert.That(transactions, Has.Count.EqualTo(200));
        }
    }

    private sealed class Fixed(ulong value) : EntropySource
    {
        public override ulong NextUInt64() => value;
    }
}
