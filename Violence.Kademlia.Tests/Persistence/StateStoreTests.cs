using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

/// <summary>What every store has to do, in memory or in a file.</summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class StateStoreTests(bool isFile)
{
    private readonly List<IStateStore> _opened = [];
    private TemporaryDirectory _temporary = null!;
    private MemoryStateStore? _memory;

    [SetUp]
    public void SetUp()
    {
        _temporary = new TemporaryDirectory();
        _memory = null;
    }

    [TearDown]
    public void TearDown()
    {
        _opened.ForEach(store => store.Dispose());
        _opened.Clear();
        _temporary.Dispose();
    }

    [Test]
    public void A_new_store_is_empty()
    {
        LoadedState loaded = Open().Load(Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.State.Describe(), Is.Empty);
            Assert.That(loaded.Report, Is.EqualTo(new StateLoadReport()));
        }
    }

    [Test]
    public void What_was_committed_comes_back_as_it_was()
    {
        var state = new SavedState(
            [Saved(Record(1)), Saved(Record(2, payload: 0)), Saved(Record(3, "\U0001f600\0", payload: 700)), Saved(Record(4, tombstone: true))],
            [Owned(5, holders: 0), Owned(6, holders: 8)],
            [Contact(3), Contact(1), Contact(2)]);
        Save(
            [.. state.Records.Select(saved => new StateChange.Kept(saved))],
            [.. state.Owned.Select(saved => new StateChange.Owned(saved)), new StateChange.Contacts(state.Contacts)]);

        LoadedState loaded = Reopen().Load(Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.State.Describe(), Is.EqualTo(state.Describe()));
            Assert.That(loaded.Report, Is.EqualTo(new StateLoadReport()));
        }
    }

    [Test]
    public void A_later_record_takes_the_place_of_an_earlier_one_and_others_stay()
    {
        SavedRecord later = Saved(Record(1, "a", sequence: 2));
        Save([Kept(1, "a"), Kept(1, "b"), Kept(2, "a")], [new StateChange.Kept(later)]);

        SavedState state = Reopen().Load(Utc).State;

        Assert.That(
            state.Describe(),
            Is.EqualTo(new SavedState([later, Kept(1, "b").Saved, Kept(2, "a").Saved], [], []).Describe()));
    }

    [Test]
    public void What_was_removed_is_gone_and_nothing_else()
    {
        SavedPlace place = SavedPlace.Of(Record(1, "own"));
        Save(
            [Kept(1, "own"), Kept(2), new StateChange.Owned(Owned(1)), new StateChange.Owned(Owned(2))],
            [new StateChange.Removed(place), new StateChange.Disowned(SavedPlace.Of(Owned(2).Record)), new StateChange.Removed(SavedPlace.Of(Record(9)))]);

        Assert.That(
            Reopen().Load(Utc).State.Describe(), Is.EqualTo(new SavedState([Kept(2).Saved], [Owned(1)], []).Describe()));
    }

    [Test]
    public void Changes_of_one_commit_apply_in_their_order()
    {
        Save([Kept(1), new StateChange.Removed(SavedPlace.Of(Record(1))), new StateChange.Removed(SavedPlace.Of(Record(2))), Kept(2)]);

        Assert.That(Reopen().Load(Utc).State.Records.Select(saved => saved.Record.Key), Is.EqualTo(new[] { Record(2).Key }));
    }

    [Test]
    public void Contacts_replace_those_before_them_up_to_the_limit()
    {
        Save([new StateChange.Contacts([Contact(1), Contact(2), Contact(3)])]);
        Save([new StateChange.Contacts([.. Enumerable.Range(10, Limits.MaxContacts + 5).Select(Contact)])]);

        IReadOnlyList<SavedContact> contacts = Reopen().Load(Utc).State.Contacts;

        Assert.That(contacts.Select(saved => saved.Contact), Is.EqualTo(Enumerable.Range(10, Limits.MaxContacts).Select(i => Contact(i).Contact)));
    }

    [Test]
    public void A_rewrite_replaces_everything()
    {
        Save([Kept(1), new StateChange.Owned(Owned(2)), new StateChange.Contacts([Contact(3)])]);
        var state = new SavedState([Saved(Record(4))], [Owned(5)], [Contact(6)]);

        SaveResult result = _opened[^1].Rewrite(state, Utc);

        Assert.That(result, Is.EqualTo(SaveResult.Saved));
        Assert.That(Reopen().Load(Utc).State.Describe(), Is.EqualTo(state.Describe()));
    }

    [Test]
    public void Records_live_no_longer_than_they_had_left()
    {
        Save([new StateChange.Kept(Saved(Record(1, timeToLive: TimeSpan.FromHours(2))) with { Expires = Utc + TimeSpan.FromHours(1) })]);

        SavedRecord later = Reopen().Load(Utc + TimeSpan.FromMinutes(59)).State.Records.Single();
        LoadedState tooLate = Reopen().Load(Utc + TimeSpan.FromHours(1));
        LoadedState afterThat = Reopen().Load(Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(later.Expires, Is.EqualTo(Utc + TimeSpan.FromHours(1)));
            Assert.That(tooLate.State.Records, Is.Empty);
            Assert.That(tooLate.Report.Expired, Is.EqualTo(1));
            Assert.That(afterThat.State.Records, Is.Empty, "What has expired is forgotten and does not come back with the clock.");
            Assert.That(afterThat.Report.Expired, Is.Zero);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_clock_set_back_prolongs_nothing_beyond_its_time_to_live(bool tombstone)
    {
        Record record = Record(1, timeToLive: TimeSpan.FromHours(2), tombstone: tombstone);
        Save([new StateChange.Kept(Saved(record))]);
        DateTimeOffset back = Utc - TimeSpan.FromDays(30);

        SavedRecord loaded = Reopen().Load(back).State.Records.Single();

        TimeSpan longest = TimeSpan.FromHours(2) + (tombstone ? Limits.ClockTolerance : TimeSpan.Zero);
        Assert.That((loaded.Expires - back, loaded.HeldSince), Is.EqualTo((longest, back)));
    }

    [Test]
    public void What_the_node_would_refuse_from_the_network_does_not_come_back_from_the_file()
    {
        Record old = Record(1, issued: Utc - TimeSpan.FromHours(3), timeToLive: TimeSpan.FromHours(2));
        Save([new StateChange.Kept(Saved(old) with { Expires = Utc + TimeSpan.FromHours(5) })]);

        Assert.That(Reopen().Load(Utc).Report.Expired, Is.EqualTo(1));
    }

    [Test]
    public void Own_records_are_due_within_half_their_life_and_gone_after_all_of_it()
    {
        SavedOwned owned = Owned(1) with { Due = Utc + TimeSpan.FromDays(3) };
        Save([new StateChange.Owned(owned)]);

        SavedOwned loaded = Reopen().Load(Utc).State.Owned.Single();
        LoadedState tooLate = Reopen().Load(Utc + owned.Record.TimeToLive + Limits.ClockTolerance);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.Due, Is.EqualTo(Utc + TimeSpan.FromHours(4)));
            Assert.That((tooLate.State.Owned.Count, tooLate.Report.Expired), Is.EqualTo((0, 1)));
        }
    }

    [Test]
    public void Records_of_another_network_are_dropped()
    {
        Save([Kept(1), new StateChange.Kept(Saved(Record(2, network: 8)))]);

        LoadedState loaded = Reopen().Load(Utc);

        Assert.That((loaded.State.Records.Count, loaded.Report.OfOtherNetworks), Is.EqualTo((1, 1)));
    }

    [Test]
    public void No_more_is_loaded_than_the_limits_allow()
    {
        Save([.. Enumerable.Range(0, 30).Select(i => Kept(i)), .. Enumerable.Range(0, 7).Select(i => new StateChange.Owned(Owned(i)))]);
        int size = Record(0).Size;

        LoadedState byCount = Reopen(Limits with { MaxRecords = 20, MaxOwned = 5 }).Load(Utc);
        LoadedState byBytes = Reopen(Limits with { MaxBytes = 10 * size + size / 2 }).Load(Utc);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((byCount.State.Records.Count, byCount.State.Owned.Count, byCount.Report.BeyondLimits), Is.EqualTo((20, 5, 12)));
            Assert.That((byBytes.State.Records.Count, byBytes.Report.BeyondLimits), Is.EqualTo((10, 10)), "What was left out is forgotten.");
        }
    }

    private IStateStore Open(StateLimits? limits = null)
    {
        IStateStore store = isFile
            ? new SqliteStateStore(_temporary.Path, limits ?? Limits)
            : _memory ??= new MemoryStateStore(limits ?? Limits);
        _opened.Add(store);
        return store;
    }

    private IStateStore Reopen(StateLimits? limits = null)
    {
        _opened[^1].Dispose();
        _memory?.Limits = limits ?? Limits;
        return Open(limits);
    }

    private void Save(params StateChange[][] commits)
    {
        IStateStore store = _opened.Count > 0 ? _opened[^1] : Open();
        if (_opened.Count == 1 && commits.Length > 0)
        {
            store.Load(Utc);
        }

        foreach (StateChange[] changes in commits)
        {
            Assert.That(store.Commit(changes), Is.EqualTo(SaveResult.Saved));
        }
    }
}
