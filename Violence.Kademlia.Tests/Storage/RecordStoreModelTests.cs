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
        MaxBytesPerKey = 1_400,
        MaxRecordsPerOwner = 6,
        MaxBytesPerOwner = 1_300,
        MaxOwnRecords = 3,
        MaxSourceShare = 0.5,
        CrowdedShare = 0.7,
    };

    private static readonly RecordSource[] Sources = [A, B, C, RecordSource.Self];

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

    /// <summary>One step: time passes, the wall clock jumps, something is done with a record of the pool by a source.</summary>
    private static readonly Gen<(int Elapsed, int Jump, int Action, int Record, int Source)> Steps = Gen.Select(
        Gen.OneOf(Gen.Const(0), Gen.Int[0, 900]),
        Gen.Frequency((20, Gen.Const(0)), (1, Gen.Int[-100_000, 100_000])),
        Gen.Int[0, 9],
        Gen.Int[0, 10_000],
        Gen.Frequency((4, Gen.Const(0)), (2, Gen.Const(1)), (2, Gen.Const(2)), (1, Gen.Const(3))));

    [Test]
    public void A_store_does_what_a_plain_list_does_and_never_exceeds_its_limits() =>
        Gen.Select(Records.Array[1, 40], Steps.Array[0, 150]).Sample((pool, steps) =>
        {
            var store = new RecordStore(Limits, EntropySource.Seeded(1), journals: true);
            var model = new StoreModel(Limits);
            var saved = new Dictionary<(RecordKey, NodeId, string), StoredRecord>();
            Instant now = Now;
            DateTimeOffset utc = Utc;
            foreach ((int elapsed, int jump, int action, int which, int from) in steps)
            {
                now += TimeSpan.FromSeconds(elapsed);
                utc += TimeSpan.FromSeconds(elapsed + jump);
                Record record = pool[which % pool.Length];
                Act(store, model, action, record, Sources[from], now, utc);
                AssertWithinLimits(store, now);
                AssertSame(store, model, now);
                AssertJournalTells(store, saved, now);
            }
        }, iter: 1_000);

    private static void Act(
        RecordStore store, StoreModel model, int action, Record record, RecordSource source, Instant now, DateTimeOffset utc)
    {
        ulong fingerprint = record.Fingerprint;
        switch (action)
        {
            case 0:
                Assert.That(store.Confirm(fingerprint, now), Is.EqualTo(model.Confirm(record, now)));
                break;
            case 1:
                bool isHeld = store.TryFind(fingerprint, now, out RecordEntry? entry);
                Assert.That(isHeld && store.Drop(entry!), Is.EqualTo(model.Drop(record, now)));
                Assert.That(isHeld && store.Drop(entry!), Is.False, "it has gone");
                break;
            default:
                store.Expire(now);
                StoreResult foreseen = store.Foresee(record, source, utc);
                StoreResult done = store.Put(record, source, now, utc);
                Assert.That(done, Is.EqualTo(model.Put(record, source, now, utc)));
                Assert.That(foreseen.Status, Is.EqualTo(done.Status), "foreseen");
                break;
        }
    }

    private static void AssertWithinLimits(RecordStore store, Instant now)
    {
        List<StoredRecord> held = store.Snapshot(now);
        Assert.That(new Tally(store.Count, store.Bytes), Is.EqualTo(Sum(held)));
        Assert.That(Sum(held).Exceeds(Limits.OfStore), Is.False);
        Assert.That(store.TotalOf(RecordSource.Self).Records, Is.LessThanOrEqualTo(Limits.MaxOwnRecords));
        foreach (RecordSource source in Sources)
        {
            Assert.That(store.TotalOf(source), Is.EqualTo(Sum(held.Where(stored => stored.Source == source))));
        }

        foreach (IGrouping<NodeId, StoredRecord> owner in held.GroupBy(stored => stored.Record.Owner))
        {
            Assert.That(store.TotalOf(owner.Key), Is.EqualTo(Sum(owner)));
        }

        Assert.That(held.GroupBy(stored => stored.Record.Key).Any(key => Sum(key).Exceeds(Limits.OfKey)), Is.False);
        Assert.That(held.Select(stored => stored.Record.Place()), Is.Unique);
        Assert.That(
            held.Where(stored => !store.TryFind(stored.Record.Fingerprint, now, out _)), Is.Empty, "fingerprints");
        Assert.That(
            store.SourceCount, Is.EqualTo(held.Select(stored => stored.Source).Where(source => !source.IsSelf).Distinct().Count()));
    }

    private static void AssertSame(RecordStore store, StoreModel model, Instant now)
    {
        List<StoredRecord> held = store.Snapshot(now);
        Assert.That(held, Is.EqualTo(model.Snapshot(now)));
        Assert.That(store.NextExpiry, Is.EqualTo(held.Select(stored => stored.Expires).Append(Instant.Never).Min()));
        Assert.That(store.Evicted, Is.EqualTo(model.Evicted));

        var unconfirmed = new List<RecordEntry>();
        store.Collect(Instant.Never, unconfirmed, int.MaxValue);
        Assert.That(unconfirmed.Select(entry => (entry.Record, entry.LastConfirmed)), Is.EqualTo(model.ByConfirmation()));
    }

    private static void AssertJournalTells(
        RecordStore store, Dictionary<(RecordKey, NodeId, string), StoredRecord> saved, Instant now)
    {
        while (store.TryTakeChange(out StoreChange change))
        {
            if (change.Kind == StoreChangeKind.Kept)
            {
                saved[change.Record.Place()] = change.Stored;
            }
            else
            {
                Assert.That(saved.Remove(change.Record.Place()), Is.True, "what was removed had been kept");
            }
        }

        // A life that grew by less than a second isn't noted.
        foreach (StoredRecord stored in store.Snapshot(now))
        {
            StoredRecord known = saved[stored.Record.Place()];
            Assert.That(known with { Expires = stored.Expires }, Is.EqualTo(stored));
            Assert.That(stored.Expires - known.Expires, Is.InRange(TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        }

        Assert.That(saved, Has.Count.EqualTo(store.Count));
    }

    private static Tally Sum(IEnumerable<StoredRecord> records) =>
        records.Aggregate(default(Tally), (sum, stored) => sum + Tally.Of(stored.Record));
}
