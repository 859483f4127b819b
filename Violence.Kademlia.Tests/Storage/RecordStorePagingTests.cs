using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Primitives;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

[TestFixture]
public sealed class RecordStorePagingTests
{
    [Test]
    public void Pages_of_any_size_give_exactly_the_sorted_set_and_then_begin_anew()
    {
        Gen<NodeId?> wantedOwner = Gen.Int[0, 9].Select(number => number > 4 ? (NodeId?)null : Owner(number));
        Gen.Select(Any.Array[0, 60], wantedOwner, Gen.Int[0, 6].Array[1, 5]).Sample((records, wanted, pageSizes) =>
        {
            RecordStore store = Store(records);
            Record[] expected =
            [
                .. store.Snapshot(Now).Select(stored => stored.Record)
                    .Where(record => record.Key == Key(0) && (wanted is null || record.Owner == wanted))
                    .Order(Comparer<Record>.Create(ComparePlaces)),
            ];
            Assert.That(ReadAll(store, wanted, pageSizes, expected.Length), Is.EqualTo(expected));
        }, iter: 1_000);
    }

    [Test]
    public void A_walk_goes_on_after_a_place_that_is_not_held_any_more_and_once_around() =>
        Gen.Select(Any.Array[0, 60], Gen.Int[0, 4], Gen.OneOf(Labels)).Sample((records, owner, label) =>
        {
            RecordStore store = Store(records);
            Record missing = Create(owner: owner, label: label);
            Record[] sorted =
            [
                .. store.Snapshot(Now).Select(stored => stored.Record)
                    .Where(static record => record.Key == Key(0)).Order(Comparer<Record>.Create(ComparePlaces)),
            ];
            Record[] expected =
            [
                .. sorted.Where(record => ComparePlaces(record, missing) > 0), .. sorted.Where(record => ComparePlaces(record, missing) <= 0),
            ];
            var page = new HeldRecord[100];
            int count = store.Read(Key(0), null, new RecordCursor(Owner(owner), label), page, Now, out _, out bool more);

            Assert.That(page.Take(count).Select(held => held.Record), Is.EqualTo(expected));
            Assert.That(more, Is.False);
        }, iter: 500);

    [Test]
    public void A_cursor_outside_the_wanted_owners_records_gives_all_of_them()
    {
        RecordStore store = Store(
            [Create(owner: 2, label: "a"), Create(owner: 4, label: "a"), Create(owner: 4, label: "b"), Create(owner: 6)]);
        var page = new HeldRecord[10];

        using (Assert.EnterMultipleScope())
        {
            int before = store.Read(Key(0), Owner(4), new RecordCursor(Owner(2), "a"), page, Now, out int total, out bool more);
            Assert.That((before, total, more), Is.EqualTo((2, 2, false)));
            int after = store.Read(Key(0), Owner(4), new RecordCursor(Owner(6), ""), page, Now, out total, out more);
            Assert.That((after, total, more), Is.EqualTo((2, 2, false)));
        }
    }

    [Test]
    public void A_key_without_records_gives_an_empty_page()
    {
        var page = new HeldRecord[3];
        int count = Store([Create(key: 1)]).Read(Key(0), null, null, page, Now, out int total, out bool more);

        Assert.That((count, total, more), Is.EqualTo((0, 0, false)));
    }

    [Test]
    public void Held_seconds_are_whole_and_of_the_place_not_of_the_record()
    {
        RecordStore store = Store([Create(sequence: 1)]);
        Assert.That(HeldSeconds(store, Now), Is.Zero);
        store.Put(Create(sequence: 2), A, Now + TimeSpan.FromSeconds(40), Utc);

        Assert.That(HeldSeconds(store, Now + TimeSpan.FromSeconds(99.9)), Is.EqualTo(99));
    }

    [Test]
    public void Held_seconds_begin_anew_after_a_gap()
    {
        RecordStore store = Store([Create(sequence: 1, timeToLive: TimeSpan.FromSeconds(60))]);
        Instant later = Now + TimeSpan.FromSeconds(60);
        store.Put(Create(sequence: 2), A, later, Utc);

        Assert.That(HeldSeconds(store, later + TimeSpan.FromSeconds(5)), Is.EqualTo(5));
    }

    [Test]
    public void Held_seconds_survive_a_tombstone_and_a_record_after_it()
    {
        RecordStore store = Store([Create(sequence: 1), Create(sequence: 2, tombstone: true), Create(sequence: 3)]);

        Assert.That(HeldSeconds(store, Now + TimeSpan.FromSeconds(7)), Is.EqualTo(7));
    }

    [Test]
    public void The_age_is_of_the_version_and_begins_anew_with_the_next_one()
    {
        RecordStore store = Store([Create(sequence: 1)]);
        store.Put(Create(sequence: 2), A, Now + TimeSpan.FromSeconds(40), Utc);

        Assert.That(Page(store, Now + TimeSpan.FromSeconds(99.9)), Is.EqualTo((99u, 59u)));
    }

    [Test]
    public void The_same_bytes_again_and_an_older_version_leave_the_age_as_it_is()
    {
        RecordStore store = Store([Create(sequence: 2)]);
        Assert.That(store.Put(Create(sequence: 2), A, Now + TimeSpan.FromSeconds(10), Utc).Status, Is.EqualTo(StoreStatus.Refreshed));
        Assert.That(store.Put(Create(sequence: 1), A, Now + TimeSpan.FromSeconds(20), Utc).Status, Is.EqualTo(StoreStatus.Stale));

        Assert.That(Page(store, Now + TimeSpan.FromSeconds(30)), Is.EqualTo((30u, 30u)));
    }

    [TestCase(-30, 40u)]
    [TestCase(30, 10u)]
    public void A_copy_that_another_brings_is_as_old_as_the_date_in_it(int issued, uint age)
    {
        RecordStore store = Store([Create(sequence: 1)]);
        store.Put(Create(sequence: 2, issued: Utc + TimeSpan.FromSeconds(issued)), A, Now, Utc, isFirstHand: false);

        Assert.That(Page(store, Now + TimeSpan.FromSeconds(10)), Is.EqualTo((10u, age)));
    }

    [Test]
    public void Of_a_record_that_was_saved_the_age_is_no_less_than_the_time_it_was_held()
    {
        RecordStore store = Store([]);
        store.Restore(Create(), Now - TimeSpan.FromMinutes(2), Now + TimeSpan.FromHours(1), A, Now);

        Assert.That(Page(store, Now), Is.EqualTo((120u, 120u)));
    }

    [Test]
    public void Reading_allocates_nothing()
    {
        RecordStore store = Store([.. Enumerable.Range(0, 100).Select(i => Create(owner: i % 10, label: $"label {i}"))]);
        var page = new HeldRecord[32];
        var cursor = new RecordCursor(Owner(3), "label 5");
        int time = 0;

        Assert.That(Allocations.Of(Read), Is.Zero);

        void Read()
        {
            store.Read(Key(0), null, cursor, page, Now, out _, out _);
            store.Read(Key(0), Owner(time++ % 10), cursor, page, Now, out _, out _);
            store.Read(Key(1), null, null, page, Now, out _, out _);
        }
    }

    private static RecordStore Store(Record[] records)
    {
        var store = new RecordStore(StorageLimits.Default, EntropySource.Seeded(1));
        foreach (Record record in records)
        {
            store.Put(record, A, Now, Utc);
        }

        return store;
    }

    private static List<Record> ReadAll(RecordStore store, NodeId? wanted, int[] pageSizes, int expectedTotal)
    {
        var read = new List<Record>();
        RecordCursor? cursor = null;
        bool more = true;
        for (int turn = 0; more; turn++)
        {
            // A page of no records gives no cursor to go on with, but must still tell the total and that more follow.
            var page = new HeldRecord[turn < pageSizes.Length ? pageSizes[turn] : 1];
            int count = store.Read(Key(0), wanted, cursor, page, Now, out int total, out more);
            read.AddRange(page.Take(count).Select(held => held.Record));
            Assert.That(total, Is.EqualTo(expectedTotal));
            Assert.That(more, Is.EqualTo(count < expectedTotal));
            if (read.Count >= expectedTotal)
            {
                Assert.That(read.Skip(expectedTotal), Is.EqualTo(read.Take(read.Count - expectedTotal)), "around");
                return read[..expectedTotal];
            }

            cursor = count > 0 ? new RecordCursor(page[count - 1].Record.Owner, page[count - 1].Record.Label) : cursor;
        }

        return read;
    }

    private static (uint Held, uint? Age) Page(RecordStore store, Instant now)
    {
        var page = new HeldRecord[1];
        store.Read(Key(0), null, null, page, now, out _, out _);
        return (page[0].HeldSeconds, page[0].AgeSeconds);
    }

    private static uint HeldSeconds(RecordStore store, Instant now)
    {
        var page = new HeldRecord[1];
        Assert.That(store.Read(Key(0), null, null, page, now, out _, out _), Is.EqualTo(1));
        return page[0].HeldSeconds;
    }
}
