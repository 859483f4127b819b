using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>Who gets room, and who gives way.</summary>
[TestFixture]
public sealed class RecordStoreRoomTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Test]
    public void The_heaviest_network_gives_way_with_what_expires_first_and_tombstones_last()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 4, MaxSourceShare = 1 });
        store.Put(Create(owner: 1, tombstone: true, timeToLive: Minute), A, Now, Utc);
        store.Put(Create(owner: 2, timeToLive: 3 * Minute), A, Now, Utc);
        store.Put(Create(owner: 3, timeToLive: 2 * Minute), A, Now, Utc);
        store.Put(Create(owner: 4, timeToLive: Minute), B, Now, Utc);

        StoreStatus status = store.Put(Create(owner: 5), C, Now, Utc).Status;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(status, Is.EqualTo(StoreStatus.Stored));
            Assert.That(Owners(store), Is.EquivalentTo(new[] { Owner(1), Owner(2), Owner(4), Owner(5) }));
            Assert.That(store.Evicted, Is.EqualTo(1));
        }
    }

    [Test]
    public void Two_sources_never_take_turns_in_evicting_each_other()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 4, MaxSourceShare = 1 });
        for (int i = 0; i < 100; i++)
        {
            store.Put(Create(owner: i), i % 2 == 0 ? A : B, Now, Utc);
        }

        Assert.That((store.Count, store.Evicted), Is.EqualTo((4, 0)));
    }

    [Test]
    public void Few_large_records_weigh_as_much_as_many_small_ones()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 100, MaxBytes = 10_000, MaxSourceShare = 1 });
        for (int i = 0; i < 9; i++)
        {
            store.Put(Create(owner: i, padding: 800), A, Now, Utc);
            store.Put(Create(owner: 100 + i), B, Now, Utc);
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.That(store.Put(Create(owner: 200 + i, padding: 300), C, Now, Utc).Status, Is.EqualTo(StoreStatus.Stored));
        }

        Assert.That(
            (store.TotalOf(A).Records < 9, store.TotalOf(B).Records, store.TotalOf(C).Records), Is.EqualTo((true, 9, 5)));
    }

    [Test]
    public void While_the_store_is_crowded_no_source_grows_beyond_its_share()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 100 });
        int fromA = Enumerable.Range(0, 100).Count(i => store.Put(Create(owner: i), A, Now, Utc).Status == StoreStatus.Stored);
        int fromB = Enumerable.Range(200, 100).Count(i => store.Put(Create(owner: i), B, Now, Utc).Status == StoreStatus.Stored);

        Assert.That((fromA, fromB, store.Evicted), Is.EqualTo((50, 25, 0)), "half of the store, as long as nobody else is there");
    }

    [Test]
    public void Under_a_full_key_the_heaviest_network_gives_way_to_others_and_not_to_itself()
    {
        RecordStore store = Store(new StorageLimits { MaxRecordsPerKey = 10 });
        for (int i = 0; i < 10; i++)
        {
            store.Put(Create(owner: i), i < 8 ? A : B, Now, Utc);
        }

        StoreStatus fromA = store.Put(Create(owner: 20), A, Now, Utc).Status;
        StoreStatus fromB = store.Put(Create(owner: 21), B, Now, Utc).Status;
        StoreStatus fromC = store.Put(Create(owner: 22), C, Now, Utc).Status;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(fromA, Is.EqualTo(StoreStatus.QuotaExceeded));
            Assert.That((fromB, fromC), Is.EqualTo((StoreStatus.Stored, StoreStatus.Stored)));
            Assert.That((store.TotalOf(A).Records, store.TotalOf(B).Records, store.TotalOf(C).Records), Is.EqualTo((6, 3, 1)));
        }
    }

    [Test]
    public void A_record_that_went_to_another_account_counts_under_its_key_for_that_one()
    {
        RecordStore store = Store(new StorageLimits { MaxRecordsPerKey = 4 });
        for (int i = 0; i < 4; i++)
        {
            store.Put(Create(owner: i), i < 3 ? A : B, Now, Utc);
        }

        StoreStatus whileAHadThree = store.Foresee(Create(owner: 9), C, Utc).Status;
        store.Put(Create(owner: 0), Source(4), Now, Utc);
        store.Put(Create(owner: 1), Source(5), Now, Utc);
        StoreStatus whenAllHaveOne = store.Put(Create(owner: 9), C, Now, Utc).Status;

        Assert.That((whileAHadThree, whenAllHaveOne), Is.EqualTo((StoreStatus.Stored, StoreStatus.QuotaExceeded)));
    }

    [Test]
    public void The_nodes_own_records_are_neither_evicted_nor_refused_below_their_own_limit()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 10, MaxRecordsPerOwner = 1, MaxOwnRecords = 5 });
        for (int i = 0; i < 100; i++)
        {
            store.Put(Create(owner: i), Source(i), Now, Utc);
        }

        StoreStatus[] own =
            [.. Enumerable.Range(0, 6).Select(i => store.Put(Create(owner: 999, label: $"{i}"), RecordSource.Self, Now, Utc).Status)];
        for (int i = 0; i < 100; i++)
        {
            store.Put(Create(owner: 200 + i), Source(100 + i), Now, Utc);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(own[..5], Is.All.EqualTo(StoreStatus.Stored));
            Assert.That(own[5], Is.EqualTo(StoreStatus.QuotaExceeded));
            Assert.That(Owners(store).Count(owner => owner == Owner(999)), Is.EqualTo(5));
            Assert.That(store.Count, Is.EqualTo(10));
        }
    }

    [Test]
    public void Passing_on_the_records_of_others_does_not_take_them_into_a_floods_account()
    {
        RecordStore store = Store(new StorageLimits { MaxRecords = 100 });
        for (int i = 0; i < 20; i++)
        {
            store.Put(Create(owner: i), A, Now, Utc);
        }

        store.Put(Create(owner: 50), B, Now, Utc);
        store.Put(Create(owner: 50), A, Now, Utc);
        store.Put(Create(owner: 50, sequence: 2), A, Now, Utc);
        store.Put(Create(owner: 51), A, Now, Utc);
        store.Put(Create(owner: 51), B, Now, Utc);

        Assert.That((store.TotalOf(A).Records, store.TotalOf(B).Records), Is.EqualTo((20, 2)));
    }

    [Test]
    public void A_winner_is_accounted_to_the_network_it_came_from()
    {
        RecordStore store = Store(StorageLimits.Default);
        store.Put(Create(sequence: 1), A, Now, Utc);
        store.Put(Create(sequence: 2, padding: 7), B, Now, Utc);

        Assert.That((store.TotalOf(A), store.TotalOf(B)), Is.EqualTo((default(Tally), Tally.Of(Create(sequence: 2, padding: 7)))));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void A_flood_keeps_nobody_else_out(int networks)
    {
        var limits = new StorageLimits { MaxRecords = 1_000, MaxBytes = 150_000, MaxRecordsPerKey = 100 };
        RecordStore store = Store(limits);
        int honest = 0;
        int accepted = 0;
        for (int i = 0; i < 50_000; i++)
        {
            store.Put(Create(key: i % 3, owner: i % 10_000, label: $"{i}"), Source(i % networks), Now, Utc);
            if (i % 100 == 0)
            {
                // Every fifth of them announces under one of the keys that are flooded.
                int key = honest % 5 == 0 ? 0 : 1_000 + honest;
                bool isStored = store.Put(Create(key, owner: 20_000 + honest), Source(10 + honest % 200), Now, Utc).Status == StoreStatus.Stored;
                accepted += isStored ? 1 : 0;
                honest++;
            }

            Assert.That(new Tally(store.Count, store.Bytes).Exceeds(limits.OfStore), Is.False);
        }

        int kept = store.Snapshot(Now).Count(IsHonest);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(accepted, Is.GreaterThanOrEqualTo(honest * 99 / 100));
            Assert.That(kept, Is.GreaterThanOrEqualTo(honest * 99 / 100), "and they stay");
        }

        bool IsHonest(StoredRecord stored) => Enumerable.Range(0, networks).All(network => stored.Source != Source(network));
    }

    [Test]
    public void Sources_are_networks_and_private_addresses_are_networks_of_their_own()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Of("198.51.100.7"), Is.EqualTo(Of("198.51.100.99")));
            Assert.That(Of("198.51.100.7"), Is.Not.EqualTo(Of("198.51.101.7")));
            Assert.That(Of("2001:db8:1:2::3"), Is.EqualTo(Of("2001:db8:1:ffff::")));
            Assert.That(Of("2001:db8:1::"), Is.Not.EqualTo(Of("2001:db8:2::")));
            string[] single = ["127.0.0.1", "127.0.0.2", "10.0.0.1", "192.168.1.1", "192.168.1.2", "::1", "fe80::1", "fd00::1", "fd00::2"];
            Assert.That(single.Select(Of), Is.Unique);
            Assert.That(single.Select(Of).Any(source => source.IsSelf), Is.False);
            Assert.That(RecordSource.FromSaved(Of("10.0.0.1").Network), Is.EqualTo(Of("10.0.0.1")));
        }

        static RecordSource Of(string address) => RecordSource.Of(NodeEndpoint.From(System.Net.IPAddress.Parse(address), 1));
    }

    private static NodeId[] Owners(RecordStore store) => [.. store.Snapshot(Now).Select(stored => stored.Record.Owner)];

    private static RecordStore Store(StorageLimits limits) => new(limits, EntropySource.Seeded(1));
}
