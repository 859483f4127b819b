using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>
/// Several holders, each with its own error of the wall clock, get the same writes in any order, some of them several times and
/// some not at all, then exchange what they hold. All end with the same winners, which are those of the one order.
/// </summary>
[TestFixture]
public sealed class ConvergenceTests
{
    private const int Holders = 3;

    // Times around now: lives that end before, within and after the run, dates of next week and of 2099.
    private static readonly Gen<TimeSpan> Issued = Gen.Frequency(
        (6, Gen.Int[-60, 60].Select(minutes => TimeSpan.FromMinutes(minutes))),
        (2, Gen.Int[-10 * 60, -8 * 60].Select(minutes => TimeSpan.FromMinutes(minutes))),
        (1, Gen.OneOf(TimeSpan.FromDays(7), TimeSpan.FromDays(365 * 73))));

    private static readonly Gen<Record> Records = Gen.Select(
        Gen.Int[0, 1], Gen.Int[0, 2], Gen.OneOf("", "a", "\uff5e"), Gen.ULong[0, 2],
        Gen.Select(Gen.Int[0, 2], Gen.Bool, Issued, Gen.Int[0, 8]),
        (key, owner, label, sequence, rest) => Create(
            key,
            owner,
            label,
            sequence,
            Utc + rest.Item3,
            rest.Item4 == 0 ? TimeSpan.FromMinutes(30) : TimeSpan.FromHours(rest.Item4),
            rest.Item2,
            salt: rest.Item1));

    /// <summary>A write that arrives: which, at whom, from where.</summary>
    private static readonly Gen<(int Record, int Holder, int Source)[]> Arrivals =
        Gen.Select(Gen.Int[0, 1_000], Gen.Int[0, Holders - 1], Gen.Int[0, 5]).Array[0, 80];

    private static readonly Gen<TimeSpan[]> ClockErrors =
        Gen.Int[-600, 600].Select(seconds => TimeSpan.FromSeconds(seconds)).Array[Holders];

    private long _histories;

    [Test]
    public void Every_history_ends_with_the_same_winners_and_nothing_stale_or_expired_is_taken()
    {
        Gen.Select(Records.Array[1, 25], Arrivals, ClockErrors).Sample((pool, arrivals, errors) =>
        {
            RecordStore[] stores = [.. errors.Select((_, i) => new RecordStore(StorageLimits.Default, EntropySource.Seeded((ulong)i)))];
            Instant now = Now;
            DateTimeOffset utc = Utc;
            var offered = new List<Record>();
            foreach ((int which, int holder, int source) in arrivals)
            {
                now += TimeSpan.FromSeconds(1);
                utc += TimeSpan.FromSeconds(1);
                Record record = pool[which % pool.Length];
                offered.Add(record);
                PutAndJudge(stores[holder], record, Source(source), now, utc + errors[holder]);
            }

            Exchange(stores, errors, now, utc);
            AssertWinners(stores, errors, offered, now, utc);
            Interlocked.Increment(ref _histories);
        }, iter: 10_000);

        Assert.That(_histories, Is.GreaterThanOrEqualTo(10_000));
    }

    private static void PutAndJudge(RecordStore store, Record record, RecordSource source, Instant now, DateTimeOffset utc)
    {
        Record? held = store.Snapshot(now).Find(stored => stored.Record.Place() == record.Place()).Record;
        StoreStatus status = store.Put(record, source, now, utc).Status;
        bool isExpired = utc - record.Issued >= record.TimeToLive + StorageLimits.Default.ClockTolerance;
        if (status == StoreStatus.Stored)
        {
            Assert.That(isExpired, Is.False);
            Assert.That(held is null || RecordOrder.Compare(record, held) < 0, Is.True, "not stale");
        }

        Assert.That(
            store.Snapshot(now).All(stored => stored.Expires <= now + stored.Record.TimeToLive + StorageLimits.Default.ClockTolerance),
            Is.True,
            "no date makes a record live longer than it may");
    }

    private static void Exchange(RecordStore[] stores, TimeSpan[] errors, Instant now, DateTimeOffset utc)
    {
        // Twice around a ring, so that what the last one had reaches the one before it.
        for (int i = 0; i < 2 * Holders; i++)
        {
            int to = (i + 1) % Holders;
            foreach (StoredRecord stored in stores[i % Holders].Snapshot(now))
            {
                PutAndJudge(stores[to], stored.Record, Source(100 + i), now, utc + errors[to]);
            }
        }
    }

    private static void AssertWinners(
        RecordStore[] stores, TimeSpan[] errors, List<Record> offered, Instant now, DateTimeOffset utc)
    {
        // Holders whose clocks differ may differ about a record at the very end of its life, and all of them may change their
        // minds in the course of the run: such places are left out.
        Record[] disputed = [.. offered.Where(record => errors.Select(error => IsAlive(record, utc + error)).Distinct().Count() > 1
            || (IsAlive(record, Utc + errors.Min()) && !IsAlive(record, utc + errors.Max())))];
        HashSet<(RecordKey, NodeId, string)> disputedPlaces = [.. disputed.Select(record => record.Place())];
        string[] expected =
        [
            .. offered.Where(record => IsAlive(record, utc + errors[0])).GroupBy(record => record.Place())
                .Where(rivals => !disputedPlaces.Contains(rivals.Key))
                .Select(rivals => rivals.OrderByDescending(record => record.Sequence)
                    .ThenBy(record => Convert.ToHexString(record.Hash()), StringComparer.Ordinal).First())
                .Select(winner => Convert.ToHexString(winner.Hash())).Order(StringComparer.Ordinal),
        ];
        foreach (RecordStore store in stores)
        {
            string[] held =
            [
                .. store.Snapshot(now).Where(stored => !disputedPlaces.Contains(stored.Record.Place()))
                    .Select(stored => Convert.ToHexString(stored.Record.Hash())).Order(StringComparer.Ordinal),
            ];
            Assert.That(held, Is.EqualTo(expected));
        }
    }

    private static bool IsAlive(Record record, DateTimeOffset utc) =>
        utc - record.Issued < record.TimeToLive + StorageLimits.Default.ClockTolerance;
}
