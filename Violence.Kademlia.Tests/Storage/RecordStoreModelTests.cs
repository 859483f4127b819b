using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>Random histories, compared with a model that keeps a plain list and looks through all of it every time.</summary>
[TestFixture]
public sealed class RecordStoreModelTests
{
    private static readonly StorageLimits Limits = new()
    {
        MaxRecords = 12,
        MaxBytes = 2_500,
        MaxRecordsPerKey = 6,
        MaxRecordsPerOwner = 5,
    };

    private static readonly Gen<Record> Records = Gen.Select(
        Gen.Int[0, 2], Gen.Int[0, 3], Gen.OneOf(Labels), Gen.ULong[0, 3],
        Gen.Select(Gen.Int[-3_600, 3_600], Gen.Int[1, 7_200], Gen.Bool, Gen.Int[0, 200]),
        (key, owner, label, sequence, rest) => Create(
            key,
            owner,
            label,
            sequence,
            Utc + TimeSpan.FromSeconds(rest.Item1),
            TimeSpan.FromSeconds(rest.Item2),
            rest.Item3,
            padding: rest.Item4));

    /// <summary>One step: time passes, the wall clock jumps, a record of the pool arrives.</summary>
    private static readonly Gen<(int Elapsed, int Jump, int Record)> Steps = Gen.Select(
        Gen.OneOf(Gen.Const(0), Gen.Int[0, 900]),
        Gen.Frequency((20, Gen.Const(0)), (1, Gen.Int[-100_000, 100_000])),
        Gen.Int[0, 10_000]);

    [Test]
    public void A_store_does_what_a_plain_list_does_and_never_exceeds_its_limits() =>
        Gen.Select(Records.Array[1, 40], Steps.Array[0, 150]).Sample((pool, steps) =>
        {
            var store = new RecordStore(Limits, EntropySource.Seeded(1));
            var model = new Model();
            Instant now = Now;
            DateTimeOffset utc = Utc;
            foreach ((int elapsed, int jump, int which) in steps)
            {
                now += TimeSpan.FromSeconds(elapsed);
                utc += TimeSpan.FromSeconds(elapsed + jump);
                Record record = pool[which % pool.Length];
                Assert.That(store.Put(record, now, utc), Is.EqualTo(model.Put(record, now, utc)));
                AssertWithinLimits(store, now);
                AssertSame(store, model, now);
            }
        }, iter: 300);

    private static void AssertWithinLimits(RecordStore store, Instant now)
    {
        Assert.That(store.Count, Is.LessThanOrEqualTo(Limits.MaxRecords));
        Assert.That(store.Bytes, Is.LessThanOrEqualTo(Limits.MaxBytes));
        List<StoredRecord> held = store.Snapshot(now);
        Assert.That(held, Has.Count.EqualTo(store.Count));
        Assert.That(held.Sum(stored => (long)stored.Record.Size), Is.EqualTo(store.Bytes));
        Assert.That(held.CountBy(stored => stored.Record.Key).All(key => key.Value <= Limits.MaxRecordsPerKey), Is.True);
        Assert.That(held.CountBy(stored => stored.Record.Owner).All(owner => owner.Value <= Limits.MaxRecordsPerOwner), Is.True);
        Assert.That(held.Select(stored => stored.Record.Place()), Is.Unique);
    }

    private static void AssertSame(RecordStore store, Model model, Instant now)
    {
        StoredRecord[] expected =
        [
            .. model.Held.OrderBy(stored => stored.Record.Key.ToString(), StringComparer.Ordinal)
                .ThenBy(stored => stored.Record, Comparer<Record>.Create(ComparePlaces)),
        ];
        Assert.That(store.Snapshot(now), Is.EqualTo(expected));
        Assert.That(store.NextExpiry, Is.EqualTo(expected.Select(stored => stored.Expires).Append(Instant.Never).Min()));
    }

    private sealed class Model
    {
        public List<StoredRecord> Held { get; private set; } = [];

        public StoreResult Put(Record record, Instant now, DateTimeOffset utc)
        {
            Held = [.. Held.Where(stored => stored.Expires > now)];
            int index = Held.FindIndex(stored => stored.Record.Place() == record.Place());
            StoredRecord? held = index >= 0 ? Held[index] : null;
            double left = (record.Issued + record.TimeToLive + TimeSpan.FromMinutes(10) - utc).TotalSeconds;
            double most = record.TimeToLive.TotalSeconds + (record.IsTombstone ? 600 : 0);
            Instant expires = now + TimeSpan.FromSeconds(Math.Min(left, most));
            if (held is { } same && same.Record.Bytes.Span.SequenceEqual(record.Bytes.Span))
            {
                Held[index] = same with { Expires = Instant.Max(same.Expires, expires) };
                return new StoreResult(StoreStatus.Refreshed, record.Sequence);
            }

            ulong sequence = held?.Record.Sequence ?? 0;
            if (left <= 0)
            {
                return new StoreResult(StoreStatus.Expired, sequence);
            }

            if (held is { } winner && !Beats(record, winner.Record))
            {
                return new StoreResult(StoreStatus.Stale, sequence);
            }

            List<StoredRecord> others = [.. Held.Where(stored => stored.Record.Place() != record.Place())];
            if (held is null && (others.Count(stored => stored.Record.Key == record.Key) >= Limits.MaxRecordsPerKey
                || others.Count(stored => stored.Record.Owner == record.Owner) >= Limits.MaxRecordsPerOwner))
            {
                return new StoreResult(StoreStatus.QuotaExceeded, 0);
            }

            if (others.Count >= Limits.MaxRecords || others.Sum(stored => stored.Record.Size) + record.Size > Limits.MaxBytes)
            {
                return new StoreResult(StoreStatus.Full, sequence);
            }

            Held = [.. others, new StoredRecord(record, held?.HeldSince ?? now, expires)];
            return new StoreResult(StoreStatus.Stored, record.Sequence);
        }

        private static bool Beats(Record challenger, Record holder) =>
            challenger.Sequence != holder.Sequence
                ? challenger.Sequence > holder.Sequence
                : string.CompareOrdinal(Convert.ToHexString(challenger.Hash()), Convert.ToHexString(holder.Hash())) < 0;
    }
}
