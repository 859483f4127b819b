using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Primitives;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>Fingerprints, confirmations, hand-over, and what is taken back after a restart.</summary>
[TestFixture]
public sealed class RecordStoreRepairTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private RecordStore _store = null!;

    [SetUp]
    public void SetUp() => _store = new RecordStore(StorageLimits.Default, EntropySource.Seeded(1), journals: true);

    [Test]
    public void A_fingerprint_is_the_beginning_of_the_hash()
    {
        Record record = Create();

        Assert.That(Convert.ToHexString(record.Hash()), Does.StartWith($"{record.Fingerprint:X16}"));
    }

    [Test]
    public void Only_what_is_held_and_lives_is_confirmed()
    {
        Record old = Create(sequence: 1);
        Record current = Create(sequence: 2, timeToLive: Minute);
        _store.Put(old, A, Now, Utc);
        _store.Put(current, A, Now, Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_store.Confirm(old.Fingerprint, Now), Is.False, "replaced");
            Assert.That(_store.Confirm(current.Fingerprint, Now), Is.True);
            Assert.That(_store.Confirm(current.Fingerprint, Now + Minute), Is.False, "expired");
        }
    }

    [Test]
    public void Of_entries_with_one_fingerprint_the_first_is_known_and_goes_alone()
    {
        var index = new FingerprintIndex(new SecretComparer(EntropySource.Seeded(1)));
        var first = new RecordEntry(Create(), Now, Now);
        var second = new RecordEntry(Create(), Now, Now);
        index.Add(first);
        index.Add(second);

        index.Remove(second);
        Assert.That(index.TryFind(first.Fingerprint, out RecordEntry? known) && known == first, Is.True, "its namesake went");

        index.Remove(first);
        Assert.That(index.TryFind(first.Fingerprint, out _), Is.False);
        index.Add(second);
        Assert.That(index.TryFind(first.Fingerprint, out known) && known == second, Is.True, "added again");
    }

    [Test]
    public void What_was_confirmed_longest_ago_is_first_in_line_for_repair()
    {
        for (int i = 0; i < 5; i++)
        {
            _store.Put(Create(owner: i), A, Now + i * Minute, Utc);
        }

        _store.Confirm(Create(owner: 0).Fingerprint, Now + 5 * Minute);
        _store.Put(Create(owner: 1), B, Now + 6 * Minute, Utc);
        var due = new List<RecordEntry>();
        int count = _store.Collect(Now + 3 * Minute, due, max: 10);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(count, Is.EqualTo(2));
            Assert.That(due.Select(entry => entry.Record.Owner), Is.EqualTo(new[] { Owner(2), Owner(3) }));
            Assert.That(_store.NextConfirmationDue(Minute), Is.EqualTo(Now + 3 * Minute));
            Assert.That(_store.Collect(Now + 3 * Minute, [], max: 1), Is.EqualTo(1));
        }

        _store.MarkConfirmed(due[0], Now + 7 * Minute);
        Assert.That(_store.TryPeekLeastConfirmed(out RecordEntry? first) && first == due[1], Is.True);
    }

    [Test]
    public void An_entry_that_has_gone_is_neither_confirmed_nor_dropped()
    {
        _store.Put(Create(timeToLive: Minute), A, Now, Utc);
        _store.TryPeekLeastConfirmed(out RecordEntry? entry);
        _store.Expire(Now + Minute);

        _store.MarkConfirmed(entry!, Now + Minute);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_store.Drop(entry!), Is.False);
            Assert.That(_store.TryPeekLeastConfirmed(out _), Is.False);
            Assert.That(_store.NextConfirmationDue(Minute), Is.EqualTo(Instant.Never));
        }
    }

    [Test]
    public void A_visitor_sees_what_it_wants_by_ascending_key_and_may_drop_it()
    {
        for (int i = 0; i < 12; i++)
        {
            _store.Put(Create(key: i % 3, owner: i), A, Now, Utc);
        }

        var visited = new List<RecordKey>();
        _store.ForEach(Now, entry => visited.Add(entry.Record.Key), key => key == Key(1));
        Assert.That(visited, Is.EqualTo(Enumerable.Repeat(Key(1), 4)), "only what is wanted");
        visited.Clear();
        _store.ForEach(Now, entry =>
        {
            visited.Add(entry.Record.Key);
            Assert.That(entry.Record.Key == Key(2) || _store.Drop(entry), Is.True);
        });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(visited, Has.Count.EqualTo(12));
            Assert.That(visited.Select(key => key.ToString()), Is.Ordered);
            Assert.That(_store.Keys(Now), Is.EqualTo(new[] { Key(2) }));
        }
    }

    [Test]
    public void What_was_saved_comes_back_as_it_was_and_is_not_noted_again()
    {
        _store.Put(Create(owner: 1, sequence: 1), A, Now, Utc);
        _store.Put(Create(owner: 1, sequence: 2), B, Now + Minute, Utc);
        _store.Put(Create(owner: 2), RecordSource.Self, Now, Utc);
        List<StoredRecord> saved = _store.Snapshot(Now + Minute);
        var restored = new RecordStore(StorageLimits.Default, EntropySource.Seeded(2), journals: true);

        foreach (StoredRecord stored in saved)
        {
            var source = RecordSource.FromSaved(stored.Source.Network);
            Assert.That(
                restored.Restore(stored.Record, stored.HeldSince, stored.Expires, source, Now + Minute), Is.EqualTo(StoreStatus.Stored));
        }

        Assert.That(restored.Snapshot(Now + Minute), Is.EqualTo(saved));
        Assert.That(restored.TryTakeChange(out _), Is.False);
    }

    [Test]
    public void What_was_saved_wins_no_place_and_no_time_that_it_would_not_have()
    {
        _store.Put(Create(owner: 1, sequence: 2), A, Now, Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_store.Restore(Create(owner: 1), Now, Now + Minute, A, Now), Is.EqualTo(StoreStatus.Stale));
            Assert.That(_store.Restore(Create(owner: 2), Now - Minute, Now, A, Now), Is.EqualTo(StoreStatus.Expired));
            Assert.That(_store.Restore(Create(owner: 3, timeToLive: Minute), Now, Instant.Never, A, Now), Is.EqualTo(StoreStatus.Stored));
            Assert.That(_store.NextExpiry, Is.EqualTo(Now + Minute + StorageLimits.Default.ClockTolerance));
        }
    }

    [Test]
    public void Changes_tell_what_was_kept_and_what_was_removed_in_that_order()
    {
        Record small = Create(owner: 1, timeToLive: Minute);
        _store = new RecordStore(new StorageLimits { MaxRecords = 2, MaxSourceShare = 1 }, EntropySource.Seeded(1), journals: true);
        _store.Put(small, A, Now, Utc);
        _store.Put(small, A, Now, Utc);
        _store.Put(Create(owner: 2), A, Now, Utc);
        _store.Put(Create(owner: 3), B, Now, Utc);
        var changes = new List<(StoreChangeKind, NodeId)>();
        while (_store.TryTakeChange(out StoreChange change))
        {
            changes.Add((change.Kind, change.Record.Owner));
        }

        Assert.That(changes, Is.EqualTo(new[]
        {
            (StoreChangeKind.Kept, Owner(1)), (StoreChangeKind.Kept, Owner(2)),
            (StoreChangeKind.Removed, Owner(1)), (StoreChangeKind.Kept, Owner(3)),
        }));
        Assert.That(_store.PendingChanges, Is.Zero);
    }

    [Test]
    public void Reading_and_confirming_allocate_nothing()
    {
        for (int i = 0; i < 100; i++)
        {
            _store.Put(Create(key: i % 3, owner: i), A, Now, Utc);
        }

        ulong fingerprint = Create(owner: 0).Fingerprint;
        var page = new HeldRecord[16];

        Assert.That(Allocations.Of(Work), Is.Zero);

        void Work()
        {
            _store.Confirm(fingerprint, Now);
            _store.Read(Key(0), null, null, page, Now, out _, out _);
        }
    }
}
