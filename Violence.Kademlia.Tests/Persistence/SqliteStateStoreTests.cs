using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class SqliteStateStoreTests
{
    private TemporaryDirectory _temporary = null!;

    private string Database => _temporary.File(StateFile.FileName);

    [SetUp]
    public void SetUp() => _temporary = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _temporary.Dispose();

    [Test]
    public void Every_commit_survives_the_process_whenever_it_is_killed([Values] bool checkpointed)
    {
        using SqliteStateStore store = Open();
        for (int i = 1; i <= 20; i++)
        {
            store.Commit([Kept(2 * i), Kept(2 * i + 1)]);
            if (checkpointed && i == 10)
            {
                Assert.That(store.Checkpoint(), Is.EqualTo(SaveResult.Saved));
            }

            // What another process finds on the disk when this one is gone without a word. Without the index of the
            // log (-shm), which SQLite makes anew.
            string copy = _temporary.File($"after-{i}");
            Directory.CreateDirectory(copy);
            File.Copy(Database, Path.Combine(copy, StateFile.FileName));
            File.Copy(Database + "-wal", Path.Combine(copy, StateFile.FileName + "-wal"));
            using var killed = new SqliteStateStore(copy, Limits);
            LoadedState found = killed.Load(Utc);
            Assert.That((found.State.Records.Count, found.Report), Is.EqualTo((2 * i, new StateLoadReport())));
        }
    }

    [Test]
    public void A_commit_that_was_torn_leaves_all_before_it_and_nothing_of_its_own()
    {
        using (SqliteStateStore store = Open())
        {
            store.Commit([Kept(1)]);
            store.Commit([Kept(2)]);
            long whole = new FileInfo(Database + "-wal").Length;
            store.Commit([Kept(3), Kept(4)]);
            byte[] log = File.ReadAllBytes(Database + "-wal");
            for (long length = whole; length < log.Length; length += 1000)
            {
                string copy = _temporary.File($"torn-{length}");
                Directory.CreateDirectory(copy);
                File.Copy(Database, Path.Combine(copy, StateFile.FileName));
                File.WriteAllBytes(Path.Combine(copy, StateFile.FileName + "-wal"), log[..(int)length]);
                using var torn = new SqliteStateStore(copy, Limits);
                Assert.That(torn.Load(Utc).State.Records.Select(saved => saved.Record.Key), Is.EqualTo(new[] { Record(1).Key, Record(2).Key }));
            }
        }
    }

    [Test]
    public void A_checkpoint_puts_all_commits_into_the_database_itself_and_the_log_begins_anew()
    {
        using SqliteStateStore store = Open();
        store.Commit([.. Enumerable.Range(0, 500).Select(i => Kept(i))]);
        long log = new FileInfo(Database + "-wal").Length;

        Assert.That(store.Checkpoint(), Is.EqualTo(SaveResult.Saved));
        store.Commit([Kept(500)]);

        string copy = _temporary.File("copy");
        Directory.CreateDirectory(copy);
        File.Copy(Database, Path.Combine(copy, StateFile.FileName));
        using var withoutLog = new SqliteStateStore(copy, Limits);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(withoutLog.Load(Utc).State.Records, Has.Count.EqualTo(500));
            Assert.That(new FileInfo(Database + "-wal").Length, Is.LessThanOrEqualTo(log));
        }
    }

    [Test]
    public void An_orderly_end_leaves_a_single_file()
    {
        Open().Dispose();

        Assert.That(Directory.GetFiles(_temporary.Path), Is.EqualTo(new[] { Database }));
    }

    [Test]
    public void A_second_store_on_the_directory_is_the_locks_to_refuse_and_damages_nothing()
    {
        using SqliteStateStore first = Open();
        first.Commit([Kept(1)]);
        using SqliteStateStore second = Open();
        second.Commit([Kept(2)]);
        first.Commit([Kept(3)]);

        using SqliteStateStore third = Open(out LoadedState loaded);

        Assert.That(loaded.State.Records, Has.Count.EqualTo(3));
    }

    [Test]
    public void Another_programs_lock_is_a_result_and_the_next_commit_goes_through()
    {
        using SqliteStateStore store = Open();
        SaveResult locked;
        using (SqliteConnection other = StateFile.Connect(Database))
        {
            StateFile.Execute(other, "BEGIN IMMEDIATE");
            locked = store.Commit([Kept(1)]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(locked.Status, Is.EqualTo(SaveStatus.Busy));
            Assert.That(locked.Problem, Is.Not.Empty);
            Assert.That(store.Commit([Kept(2)]), Is.EqualTo(SaveResult.Saved));
        }
    }

    [Test]
    public void A_full_disk_is_a_result_and_costs_nothing_that_was_saved()
    {
        using (var store = new SqliteStateStore(_temporary.Path, Limits with { MaxFileBytes = 30 * StateFile.PageSize }))
        {
            store.Load(Utc);
            SaveResult result = SaveResult.Saved;
            int saved = -1;
            while (result.IsSaved)
            {
                saved++;
                result = store.Commit([Kept(saved, payload: 700)]);
            }

            Assert.That(result.Status, Is.EqualTo(SaveStatus.DiskFull));
            Assert.That(saved, Is.GreaterThan(10));
            using SqliteStateStore beside = Open(out LoadedState whole);
            Assert.That(whole.State.Records, Has.Count.EqualTo(saved));
            Assert.That(store.Rewrite(new SavedState([Saved(Record(1000))], [], []), Utc), Is.EqualTo(SaveResult.Saved));
            Assert.That(store.Commit([Kept(1001)]), Is.EqualTo(SaveResult.Saved));
        }

        using SqliteStateStore again = Open(out LoadedState loaded);
        Assert.That(loaded.State.Records.Select(saved => saved.Record.Key), Is.EqualTo(new[] { Record(1000).Key, Record(1001).Key }));
    }

    [Test]
    [Platform(Exclude = "Win")]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_can_read_the_files()
    {
        string directory = _temporary.File("node");
        using (var store = new SqliteStateStore(directory, Limits))
        {
            store.Load(Utc);
            store.Commit([Kept(1)]);
            Assert.That(Directory.GetFiles(directory), Has.Length.EqualTo(3));
            Assert.That(
                Directory.GetFiles(directory).Append(directory).Select(path => (int)File.GetUnixFileMode(path) & 0b111_111),
                Is.All.Zero);
        }

        string database = Path.Combine(directory, StateFile.FileName);
        File.SetUnixFileMode(database, (UnixFileMode)0b110_100_100);
        using var tightened = new SqliteStateStore(directory, Limits);
        tightened.Load(Utc);
        Assert.That(File.GetUnixFileMode(database), Is.EqualTo(AtomicFile.OwnerOnly));
    }

    [Test]
    public void Contacts_of_the_earlier_file_are_taken_over_once()
    {
        Contact[] old = [Contact(1).Contact, Contact(2).Contact, Contact(3).Contact];
        using (SqliteStateStore store = Open())
        {
            store.Commit([new StateChange.Contacts([Contact(2)])]);
        }

        Assert.That(ContactsFile.TrySave(_temporary.Path, old, out _), Is.True);
        Open(out LoadedState first).Dispose();
        Open(out LoadedState second).Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Report.ImportedContacts, Is.EqualTo(2));
            Assert.That(first.State.Contacts.Select(saved => saved.Contact), Is.EqualTo(new[] { old[1], old[0], old[2] }));
            Assert.That(second.State.Contacts.Select(saved => saved.Contact), Is.EqualTo(new[] { old[1], old[0], old[2] }));
            Assert.That(second.Report, Is.EqualTo(new StateLoadReport()));
            Assert.That(File.Exists(_temporary.File(ContactsFile.FileName)), Is.False);
        }
    }

    [Test]
    public void More_than_one_batch_of_expired_rows_is_forgotten()
    {
        using (SqliteStateStore store = Open())
        {
            store.Commit([.. Enumerable.Range(0, 2500).Select(i => Kept(i, payload: 1))]);
        }

        Open(out LoadedState expired, Utc + TimeSpan.FromDays(1)).Dispose();
        Open(out LoadedState after).Dispose();

        Assert.That((expired.Report.Expired, after.Report), Is.EqualTo((2500, new StateLoadReport())));
    }

    [Test]
    public void A_directory_that_cannot_be_written_to_stops_the_start_with_a_word()
    {
        File.WriteAllText(_temporary.File("file"), "");
        using var store = new SqliteStateStore(_temporary.File("file", "node"), Limits);

        Assert.That(
            () => store.Load(Utc),
            Throws.TypeOf<StateFileException>().With.Message.Contain(_temporary.File("file", "node", StateFile.FileName)));
    }

    [Test]
    public void Nothing_can_be_saved_after_the_end()
    {
        SqliteStateStore store = Open();
        store.Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => store.Commit([Kept(1)]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(store.Checkpoint(), Is.EqualTo(SaveResult.Saved), "A checkpoint that comes late finds nothing to do.");
        }
    }

    private SqliteStateStore Open() => Open(out _);

    private SqliteStateStore Open(out LoadedState loaded, DateTimeOffset? utc = null)
    {
        var store = new SqliteStateStore(_temporary.Path, Limits);
        loaded = store.Load(utc ?? Utc);
        return store;
    }
}
