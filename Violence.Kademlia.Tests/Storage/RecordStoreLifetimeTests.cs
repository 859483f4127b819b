using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>docs/protocol.md, "Lifetime".</summary>
[TestFixture]
public sealed class RecordStoreLifetimeTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Tick = new(1);
    private static readonly TimeSpan Tolerance = StorageLimits.Default.ClockTolerance;

    private RecordStore _store = null!;

    [SetUp]
    public void SetUp() => _store = new RecordStore(StorageLimits.Default, EntropySource.Seeded(1));

    [Test]
    public void A_fresh_record_lives_for_its_time_to_live()
    {
        StoreResult result = _store.Put(Create(timeToLive: Hour), A, Now, Utc);

        Assert.That(result, Is.EqualTo(new StoreResult(StoreStatus.Stored, 1)));
        AssertLivesUntil(Now + Hour);
    }

    [Test]
    public void A_record_that_arrives_late_lives_for_what_is_left_and_the_tolerance()
    {
        _store.Put(Create(issued: Utc - 30 * Minute, timeToLive: Hour), A, Now, Utc);

        AssertLivesUntil(Now + 30 * Minute + Tolerance);
    }

    [TestCase(1)]
    [TestCase(60 * 24 * 365 * 73)]
    public void A_date_in_the_future_counts_as_now(int minutes)
    {
        _store.Put(Create(issued: Utc + minutes * Minute, timeToLive: Hour), A, Now, Utc);

        AssertLivesUntil(Now + Hour);
    }

    [Test]
    public void The_first_and_the_last_date_there_are_do_no_harm()
    {
        StoreStatus first = _store.Put(Create(issued: DateTimeOffset.MinValue), A, Now, Utc).Status;
        StoreStatus last = _store.Put(Create(issued: DateTimeOffset.MaxValue), A, Now, Utc).Status;

        Assert.That((first, last), Is.EqualTo((StoreStatus.Expired, StoreStatus.Stored)));
        AssertLivesUntil(Now + Record.MaxTimeToLive);
    }

    [Test]
    public void A_publisher_whose_clock_is_ten_minutes_slow_is_served_in_full()
    {
        _store.Put(Create(issued: Utc - Tolerance, timeToLive: Minute), A, Now, Utc);

        AssertLivesUntil(Now + Minute);
    }

    [Test]
    public void A_record_older_than_its_time_to_live_and_the_tolerance_is_refused()
    {
        StoreResult refused = _store.Put(Create(issued: Utc - Hour - Tolerance, timeToLive: Hour), A, Now, Utc);
        StoreResult justInTime = _store.Put(Create(issued: Utc - Hour - Tolerance + Tick, timeToLive: Hour), A, Now, Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused, Is.EqualTo(new StoreResult(StoreStatus.Expired, 0)));
            Assert.That(justInTime, Is.EqualTo(new StoreResult(StoreStatus.Stored, 1)));
        }
    }

    [Test]
    public void A_winner_that_has_expired_does_not_replace_what_is_held()
    {
        _store.Put(Create(sequence: 1), A, Now, Utc);
        StoreResult result = _store.Put(Create(sequence: 2, issued: Utc - 9 * Hour), A, Now, Utc);

        Assert.That(result, Is.EqualTo(new StoreResult(StoreStatus.Expired, 1)));
    }

    [Test]
    public void A_replacement_brings_its_own_life_shorter_or_longer()
    {
        _store.Put(Create(sequence: 1, timeToLive: Hour), A, Now, Utc);
        _store.Put(Create(sequence: 2, timeToLive: Minute), A, Now, Utc);
        Assert.That(_store.NextExpiry, Is.EqualTo(Now + Minute));

        _store.Put(Create(sequence: 3, timeToLive: 2 * Hour), A, Now, Utc);
        AssertLivesUntil(Now + 2 * Hour);
    }

    [Test]
    public void An_expired_record_gives_way_to_an_older_one_that_still_lives()
    {
        _store.Put(Create(sequence: 2, timeToLive: Minute), A, Now, Utc);
        StoreResult result = _store.Put(Create(sequence: 1), A, Now + Minute, Utc + Minute);

        Assert.That(result, Is.EqualTo(new StoreResult(StoreStatus.Stored, 1)));
    }

    [Test]
    public void Replays_never_keep_a_record_beyond_issue_and_time_to_live_and_tolerance()
    {
        Gen<int> seconds = Gen.Int[0, 6 * 3600];
        Gen.Select(Gen.Int[1, 8 * 3600], Gen.Int[-600, 600], seconds.Array[0, 20]).Sample((timeToLive, issuedAgo, waits) =>
        {
            var store = new RecordStore(StorageLimits.Default, EntropySource.Seeded(1));
            Record record = Create(issued: Utc - TimeSpan.FromSeconds(issuedAgo), timeToLive: TimeSpan.FromSeconds(timeToLive));
            TimeSpan last = TimeSpan.FromSeconds(timeToLive - issuedAgo) + Tolerance;
            TimeSpan elapsed = TimeSpan.Zero;
            foreach (int wait in (int[])[0, .. waits])
            {
                elapsed += TimeSpan.FromSeconds(wait);
                StoreStatus status = store.Put(record, A, Now + elapsed, Utc + elapsed).Status;
                Assert.That(status == StoreStatus.Expired, Is.EqualTo(elapsed >= last));
                Assert.That(store.Count == 0 || store.NextExpiry <= Now + last, Is.True);
            }
        }, iter: 1_000);
    }

    [Test]
    public void The_same_bytes_are_refreshed_up_to_that_end()
    {
        Record record = Create(timeToLive: Hour);
        _store.Put(record, A, Now, Utc);
        StoreResult result = _store.Put(Create(timeToLive: Hour), A, Now + 30 * Minute, Utc + 30 * Minute);

        Assert.That(result, Is.EqualTo(new StoreResult(StoreStatus.Refreshed, 1)));
        AssertLivesUntil(Now + Hour + Tolerance);
    }

    [Test]
    public void A_wall_clock_that_jumps_forward_kills_nothing_that_is_held()
    {
        Record record = Create(timeToLive: Hour);
        _store.Put(record, A, Now, Utc);
        StoreStatus atJump = _store.Put(record, A, Now, Utc + TimeSpan.FromDays(400)).Status;

        Assert.That(atJump, Is.EqualTo(StoreStatus.Refreshed));
        AssertLivesUntil(Now + Hour);
    }

    [Test]
    public void A_wall_clock_that_jumps_backward_brings_nothing_back_and_extends_nothing_held()
    {
        _store.Put(Create(timeToLive: Hour), A, Now, Utc);
        _store.Put(Create(owner: 1, timeToLive: 2 * Hour), A, Now + Minute, Utc - TimeSpan.FromDays(400));

        Assert.That(_store.Snapshot(Now + Hour).Select(stored => stored.Record.Owner), Is.EqualTo(new[] { Owner(1) }));
    }

    [Test]
    public void A_tombstone_buries_the_older_record_and_keeps_it_out()
    {
        Record record = Create(sequence: 1);
        _store.Put(record, A, Now, Utc);
        StoreResult buried = _store.Put(Create(sequence: 2, tombstone: true), A, Now, Utc);
        StoreResult replayed = _store.Put(record, A, Now + Hour, Utc + Hour);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(buried, Is.EqualTo(new StoreResult(StoreStatus.Stored, 2)));
            Assert.That(replayed, Is.EqualTo(new StoreResult(StoreStatus.Stale, 2)));
            Assert.That(_store.Snapshot(Now + Hour).Single().Record.IsTombstone, Is.True);
        }
    }

    [Test]
    public void A_tombstone_that_comes_first_keeps_the_record_out()
    {
        _store.Put(Create(sequence: 2, tombstone: true), A, Now, Utc);

        Assert.That(_store.Put(Create(sequence: 1), A, Now, Utc), Is.EqualTo(new StoreResult(StoreStatus.Stale, 2)));
    }

    [Test]
    public void No_replay_ever_brings_back_what_was_withdrawn()
    {
        // Issued and withdrawn within minutes, at most one time to live before; replayed at any time after.
        Gen.Select(Gen.Int[0, 3600], Gen.Int[0, 9 * 3600], Gen.Bool).Sample((withdrawnAfter, replayedAfter, recordArrived) =>
        {
            var store = new RecordStore(StorageLimits.Default, EntropySource.Seeded(1));
            var life = TimeSpan.FromSeconds(withdrawnAfter);
            Record record = Create(sequence: 1);
            if (recordArrived)
            {
                store.Put(record, A, Now, Utc);
            }

            store.Put(Create(sequence: 2, tombstone: true, issued: Utc + life), A, Now + life, Utc + life);
            TimeSpan replay = life + TimeSpan.FromSeconds(replayedAfter);
            StoreStatus status = store.Put(record, A, Now + replay, Utc + replay).Status;
            Assert.That(status, Is.AnyOf(StoreStatus.Stale, StoreStatus.Expired));
        }, iter: 5_000);
    }

    [Test]
    public void Expiring_says_how_many_records_went()
    {
        _store.Put(Create(owner: 1, timeToLive: Minute), A, Now, Utc);
        _store.Put(Create(owner: 2, timeToLive: 2 * Minute), A, Now, Utc);
        _store.Put(Create(owner: 3, timeToLive: Hour), A, Now, Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_store.Expire(Now + Minute - Tick), Is.Zero);
            Assert.That(_store.Expire(Now + 2 * Minute), Is.EqualTo(2));
            Assert.That(_store.Count, Is.EqualTo(1));
            Assert.That(_store.Expire(Now + Hour), Is.EqualTo(1));
            Assert.That((_store.Count, _store.Bytes, _store.KeyCount), Is.EqualTo((0, 0L, 0)));
            Assert.That(_store.NextExpiry, Is.EqualTo(Instant.Never));
        }
    }

    // Reads without expiring first: a reader must not see what is overdue.
    private void AssertLivesUntil(Instant end)
    {
        var page = new HeldRecord[1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_store.NextExpiry, Is.EqualTo(end));
            Assert.That(_store.Read(Key(0), null, null, page, end - Tick, out int total, out _), Is.EqualTo(1));
            Assert.That(total, Is.EqualTo(1));
            Assert.That(_store.Read(Key(0), null, null, page, end, out total, out _), Is.Zero);
            Assert.That(total, Is.Zero);
        }
    }
}
