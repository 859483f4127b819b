using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
public sealed class RecordStoreTests
{
    [Test]
    public void Whatever_the_order_of_arrival_every_holder_ends_with_the_same_winners()
    {
        Gen<(Record[] Records, Record[] Arrivals)> histories =
            from records in Any.Array[1, 30]
            from replays in Gen.OneOf(records).Array[0, 30]
            from arrivals in Gen.Shuffle(records.Concat(replays).ToArray())
            select (records, arrivals);
        histories.Sample(history =>
        {
            RecordStore store = Store(StorageLimits.Default);
            for (int i = 0; i < history.Arrivals.Length; i++)
            {
                TimeSpan elapsed = TimeSpan.FromSeconds(i);
                store.Put(history.Arrivals[i], A, Now + elapsed, Utc + elapsed);
            }

            string[] expected =
            [
                .. history.Records.GroupBy(record => record.Place())
                    .Select(rivals => rivals.OrderByDescending(record => record.Sequence)
                        .ThenBy(record => Convert.ToHexString(record.Hash()), StringComparer.Ordinal).First())
                    .Select(winner => Convert.ToHexString(winner.Hash())).Order(StringComparer.Ordinal),
            ];
            string[] held =
            [
                .. store.Snapshot(Now + TimeSpan.FromMinutes(1)).Select(stored => Convert.ToHexString(stored.Record.Hash()))
                    .Order(StringComparer.Ordinal),
            ];
            Assert.That(held, Is.EqualTo(expected));
        }, iter: 1_000);
    }

    [Test]
    public void A_holder_answers_with_the_sequence_it_holds()
    {
        RecordStore store = Store(StorageLimits.Default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Put(store, Create(sequence: 5)), Is.EqualTo(new StoreResult(StoreStatus.Stored, 5)));
            Assert.That(Put(store, Create(sequence: 5)), Is.EqualTo(new StoreResult(StoreStatus.Refreshed, 5)));
            Assert.That(Put(store, Create(sequence: 4)), Is.EqualTo(new StoreResult(StoreStatus.Stale, 5)));
            Assert.That(Put(store, Create(sequence: 9)), Is.EqualTo(new StoreResult(StoreStatus.Stored, 9)));
            Assert.That(Put(store, Create(sequence: 5)), Is.EqualTo(new StoreResult(StoreStatus.Stale, 9)));
        }
    }

    [Test]
    public void Only_the_very_bytes_that_are_held_need_no_verification()
    {
        RecordStore store = Store(StorageLimits.Default);
        Put(store, Create(sequence: 5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(store.Holds(Create(sequence: 5)), Is.True);
            Assert.That(store.Holds(Create(sequence: 5, salt: 1)), Is.False, "the same place, other bytes");
            Assert.That(store.Holds(Create(sequence: 5, label: "a")), Is.False, "another label");
            Assert.That(store.Holds(Create(sequence: 5, key: 1)), Is.False, "another key");
        }
    }

    [Test]
    public void Keys_and_snapshots_come_in_ascending_order() =>
        Any.Array[0, 60].Sample(records =>
        {
            RecordStore store = Store(StorageLimits.Default);
            Array.ForEach(records, record => Put(store, record));

            Record[] held = [.. store.Snapshot(Now).Select(stored => stored.Record)];
            Record[] sorted =
            [
                .. held.OrderBy(record => record.Key.ToString(), StringComparer.Ordinal)
                    .ThenBy(record => record, Comparer<Record>.Create(ComparePlaces)),
            ];
            Assert.That(held, Is.EqualTo(sorted));
            Assert.That(store.Keys(Now), Is.EqualTo(held.Select(record => record.Key).Distinct()));
            Assert.That(store.KeyCount, Is.EqualTo(store.Keys(Now).Length));
        });

    [Test]
    public void A_replacement_must_fit_the_bytes_but_counts_towards_no_other_limit()
    {
        Record small = Create(sequence: 1);
        RecordStore store = Store(new StorageLimits
        {
            MaxRecords = 1,
            MaxRecordsPerKey = 1,
            MaxRecordsPerOwner = 1,
            MaxBytes = small.Size + 10,
        });
        Put(store, small);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Put(store, Create(sequence: 2, padding: 11)), Is.EqualTo(new StoreResult(StoreStatus.Full, 1)));
            Assert.That(Put(store, Create(sequence: 2, padding: 10)), Is.EqualTo(new StoreResult(StoreStatus.Stored, 2)));
            Assert.That(store.Bytes, Is.EqualTo(small.Size + 10));
        }
    }

    [Test]
    public void Each_limit_has_its_own_answer()
    {
        var limits = new StorageLimits { MaxRecords = 4, MaxRecordsPerKey = 2, MaxRecordsPerOwner = 3, MaxSourceShare = 0.75 };
        RecordStore store = Store(limits);
        Put(store, Create(key: 0, owner: 0));
        Put(store, Create(key: 0, owner: 1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Put(store, Create(key: 0, owner: 2)).Status, Is.EqualTo(StoreStatus.QuotaExceeded), "of the key");
            store.Put(Create(key: 1, owner: 0), B, Now, Utc);
            store.Put(Create(key: 2, owner: 0), B, Now, Utc);
            Assert.That(
                store.Put(Create(key: 1, owner: 0, label: "a"), B, Now, Utc).Status, Is.EqualTo(StoreStatus.QuotaExceeded), "of the owner");
            Assert.That(Put(store, Create(key: 1, owner: 1)), Is.EqualTo(new StoreResult(StoreStatus.Full, 0)), "of the store");
        }
    }

    [Test]
    public void What_has_expired_takes_no_room()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 1 });
        Put(store, Create(owner: 0, timeToLive: TimeSpan.FromSeconds(10)));
        Instant later = Now + TimeSpan.FromSeconds(10);

        Assert.That(store.Put(Create(owner: 1), A, later, Utc).Status, Is.EqualTo(StoreStatus.Stored));
    }

    [Test]
    public void The_hash_of_keys_is_secret_and_every_bit_of_a_key_counts()
    {
        var comparer = new SecretComparer(EntropySource.Seeded(1));
        var same = new SecretComparer(EntropySource.Seeded(1));
        var other = new SecretComparer(EntropySource.Seeded(2));
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt, Gen.Int[0, 159]).Sample((high, middle, low, bit) =>
        {
            var key = new RecordKey(new NodeId(high, middle, low));
            var changed = new RecordKey(key.Position.Sibling(bit, key.Position));
            return comparer.GetHashCode(key) == same.GetHashCode(key)
                && comparer.GetHashCode(key) != other.GetHashCode(key)
                && comparer.GetHashCode(key) != comparer.GetHashCode(changed)
                && comparer.Equals(key, key)
                && !comparer.Equals(key, changed);
        }, iter: 1_000);
    }

    private static RecordStore Store(StorageLimits limits) => new(limits, EntropySource.Seeded(1));

    private static StoreResult Put(RecordStore store, Record record) => store.Put(record, A, Now, Utc);
}
