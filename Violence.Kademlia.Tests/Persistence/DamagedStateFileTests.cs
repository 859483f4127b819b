using Microsoft.Data.Sqlite;
using Violence.Kademlia.Persistence;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class DamagedStateFileTests
{
    private const int Rows = 60;

    private TemporaryDirectory _temporary = null!;

    private string Database => _temporary.File(StateFile.FileName);

    [SetUp]
    public void SetUp()
    {
        _temporary = new TemporaryDirectory();
        using var store = new SqliteStateStore(_temporary.Path, Limits);
        store.Load(Utc);
        store.Commit([.. Enumerable.Range(0, Rows).Select(i => Kept(i, payload: 300)), new StateChange.Owned(Owned(1)), new StateChange.Contacts([Contact(1)])]);
    }

    [TearDown]
    public void TearDown() => _temporary.Dispose();

    [Test]
    public void What_is_no_database_is_set_aside_and_the_node_starts_empty()
    {
        File.WriteAllText(Database, "Not a database, and longer than the header of one, which is a hundred bytes. " + new string('x', 100));

        ExpectSetAside(".damaged-", "no database");
    }

    [Test]
    public void A_file_shorter_than_a_header_is_set_aside()
    {
        File.WriteAllBytes(Database, File.ReadAllBytes(Database)[..50]);

        ExpectSetAside(".damaged-", "no database");
    }

    [TestCase(0.1)]
    [TestCase(0.5)]
    [TestCase(0.95)]
    public void A_truncated_file_is_set_aside(double share)
    {
        byte[] bytes = File.ReadAllBytes(Database);
        File.WriteAllBytes(Database, bytes[..(int)(bytes.Length * share)]);

        ExpectSetAside(".damaged-", "damaged");
    }

    [Test]
    public void An_empty_file_is_a_new_one()
    {
        File.WriteAllBytes(Database, []);
        File.WriteAllText(Database + "-wal", "the log of a database that is gone");

        LoadedState loaded = Load();

        Assert.That((loaded.State.Records.Count, loaded.Report), Is.EqualTo((0, new StateLoadReport())));
    }

    [TestCase(0)]
    [TestCase(0x1234_5678)]
    public void The_database_of_another_program_is_set_aside_untouched(int applicationId)
    {
        File.Delete(Database);
        using (var other = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            other.Open();
            StateFile.Execute(other, $"PRAGMA application_id = {applicationId}; CREATE TABLE records (place BLOB, record BLOB)");
        }

        byte[] before = File.ReadAllBytes(Database);
        string setAside = ExpectSetAside(".foreign-", "another program");

        Assert.That(File.ReadAllBytes(setAside), Is.EqualTo(before));
    }

    [Test]
    public void A_later_version_refuses_to_start_and_leaves_the_file_alone()
    {
        Change("PRAGMA user_version = 2");
        byte[] before = File.ReadAllBytes(Database);

        Assert.That(Load, Throws.TypeOf<StateFileException>().With.Message.Contain(Database).And.Message.Contain("later version"));
        Assert.That(File.ReadAllBytes(Database), Is.EqualTo(before));
    }

    [TestCase("PRAGMA user_version = 0")]
    [TestCase("PRAGMA user_version = 123456")]
    [TestCase("PRAGMA user_version = -1")]
    [TestCase("DROP TABLE owned")]
    [TestCase("ALTER TABLE records ADD COLUMN more INTEGER")]
    [TestCase("CREATE TRIGGER more AFTER INSERT ON records BEGIN DELETE FROM owned; END")]
    public void Versions_and_tables_that_never_were_are_damage(string change)
    {
        Change(change);

        ExpectSetAside(".damaged-", "");
    }

    [Test]
    public void The_log_is_set_aside_with_its_database()
    {
        File.WriteAllText(Database, "no database");
        File.WriteAllText(Database + "-wal", "log");
        File.WriteAllText(Database + "-shm", "index");

        string setAside = ExpectSetAside(".damaged-", "");

        Assert.That((File.ReadAllText(setAside + "-wal"), File.ReadAllText(setAside + "-shm")), Is.EqualTo(("log", "index")));
    }

    [Test]
    public void Only_the_last_damaged_files_are_kept_and_those_of_others_all()
    {
        File.WriteAllText(Database + ".foreign-19990101T000000Z", "");
        for (int i = 0; i < StateFile.MaxDamagedFiles + 3; i++)
        {
            File.WriteAllText(Database, $"damaged {i}");
            File.WriteAllText(Database + "-wal", "log");
            Load(Utc + TimeSpan.FromMinutes(i / 2));
        }

        string[] kept = [.. Directory.GetFiles(_temporary.Path, "*.damaged-*").Where(file => !file.EndsWith("-wal", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(kept.Select(File.ReadAllText), Is.EqualTo(new[] { "damaged 3", "damaged 4", "damaged 5" }));
            Assert.That(Directory.GetFiles(_temporary.Path, "*-wal"), Has.Length.EqualTo(StateFile.MaxDamagedFiles));
            Assert.That(File.Exists(Database + ".foreign-19990101T000000Z"));
        }
    }

    [TestCase("UPDATE records SET record = zeroblob(200) WHERE place = (SELECT min(place) FROM records)")]
    [TestCase("UPDATE records SET expires = expires + 1 WHERE place = (SELECT min(place) FROM records)")]
    [TestCase("UPDATE records SET source_network = 0, checksum = checksum + 1 WHERE place = (SELECT min(place) FROM records)")]
    [TestCase("UPDATE records SET place = zeroblob(50) WHERE place = (SELECT min(place) FROM records)")]
    public void A_damaged_row_costs_that_row_once(string change)
    {
        Change(change);

        LoadedState first = Load();
        LoadedState second = Load();

        using (Assert.EnterMultipleScope())
        {
            Assert.That((first.State.Records.Count, first.Report), Is.EqualTo((Rows - 1, new StateLoadReport { Damaged = 1 })));
            Assert.That(second.State.Describe(), Is.EqualTo(first.State.Describe()));
            Assert.That(second.Report, Is.EqualTo(new StateLoadReport()));
        }
    }

    [Test]
    public void Bytes_that_are_no_record_are_skipped_even_with_their_checksum()
    {
        object[] row = StateRows.Write(Kept(1000).Saved);
        row[4] = new byte[200];
        PutRow(StateRows.Records, row);
        object[] misplaced = StateRows.Write(Kept(1001).Saved);
        misplaced[0] = SavedPlace.Of(Record(1002)).ToBytes();
        PutRow(StateRows.Records, misplaced);
        object[] timeless = StateRows.Write(Kept(1003).Saved);
        timeless[2] = long.MaxValue;
        PutRow(StateRows.Records, timeless);
        object[] holders = StateRows.Write(Owned(1004));
        holders[2] = new byte[] { 6, 0, 0 };
        PutRow(StateRows.Owned, holders);

        LoadedState loaded = Load();

        Assert.That((loaded.State.Records.Count, loaded.State.Owned.Count, loaded.Report.Damaged), Is.EqualTo((Rows, 1, 4)));
    }

    [Test]
    public void Flipped_bytes_cost_rows_or_the_file_and_never_the_start_or_the_truth([Range(0, 7)] int group)
    {
        byte[] whole = File.ReadAllBytes(Database);
        HashSet<string> truth = [.. Load().State.Describe()];
        for (int seed = 25 * group; seed < 25 * group + 25; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. whole];
            for (int flips = random.Next(1, 6); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            ExpectNothingUntrue(seed, bytes, log: null, truth);
        }
    }

    [Test]
    public void Flipped_bytes_in_the_log_cost_its_last_commits_and_never_the_start_or_the_truth([Range(0, 1)] int group)
    {
        byte[] database;
        byte[] log;
        HashSet<string> truth;
        using (var store = new SqliteStateStore(_temporary.Path, Limits))
        {
            store.Load(Utc);
            for (int i = 100; i < 110; i++)
            {
                store.Commit([Kept(i)]);
            }

            database = File.ReadAllBytes(Database);
            log = File.ReadAllBytes(Database + "-wal");
        }

        truth = [.. Load().State.Describe()];
        for (int seed = 25 * group; seed < 25 * group + 25; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. log];
            bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            ExpectNothingUntrue(seed, database, bytes, truth);
        }
    }

    [Test]
    public void Damage_found_by_a_commit_is_set_aside_by_the_rewrite_that_follows()
    {
        using var store = new SqliteStateStore(_temporary.Path, Limits);
        store.Load(Utc);
        Overwrite(Database, from: StateFile.PageSize);

        // A change by another connection makes the store's forget the pages it has in memory.
        Change("PRAGMA user_version = 1");
        Assert.That(store.Commit([Kept(200)]).Status, Is.EqualTo(SaveStatus.Damaged));
        var state = new SavedState([Saved(Record(1))], [], []);

        Assert.That(store.Rewrite(state, Utc), Is.EqualTo(SaveResult.Saved));
        Assert.That(Directory.GetFiles(_temporary.Path, "*.damaged-*"), Is.Not.Empty);
        store.Dispose();
        Assert.That(Load().State.Describe(), Is.EqualTo(state.Describe()));
    }

    [Test]
    public void A_file_that_another_program_has_spoiled_is_set_aside_by_the_rewrite_that_follows()
    {
        using var store = new SqliteStateStore(_temporary.Path, Limits);
        store.Load(Utc);
        Change("DROP TABLE records");
        SaveResult failed = store.Commit([Kept(200)]);
        var state = new SavedState([Saved(Record(1))], [], []);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(failed.Status, Is.EqualTo(SaveStatus.Failed));
            Assert.That(store.Rewrite(state, Utc), Is.EqualTo(SaveResult.Saved));
        }

        store.Dispose();
        Assert.That(Load().State.Describe(), Is.EqualTo(state.Describe()));
    }

    [Test]
    public void A_rewrite_that_cannot_open_the_file_is_a_result_and_a_later_one_can()
    {
        using var store = new SqliteStateStore(_temporary.Path, Limits);
        store.Load(Utc);
        Change("DROP TABLE records");
        store.Commit([Kept(200)]);
        Change("PRAGMA user_version = 2");
        SaveResult refused = store.Rewrite(SavedState.Empty, Utc);
        SaveResult closed = store.Commit([Kept(200)]);
        File.Delete(Database);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((refused.Status, closed.Status), Is.EqualTo((SaveStatus.Failed, SaveStatus.Failed)));
            Assert.That(refused.Problem, Does.Contain("later version"));
            Assert.That(store.Rewrite(SavedState.Empty, Utc), Is.EqualTo(SaveResult.Saved));
            Assert.That(store.Commit([Kept(200)]), Is.EqualTo(SaveResult.Saved));
        }
    }

    private static void Overwrite(string path, int from)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = from;
        file.Write(new byte[(int)(file.Length - from)]);
    }

    private void ExpectNothingUntrue(int seed, byte[] database, byte[]? log, HashSet<string> truth)
    {
        string directory = _temporary.File($"seed-{seed}");
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, StateFile.FileName), database);
        if (log is not null)
        {
            File.WriteAllBytes(Path.Combine(directory, StateFile.FileName + "-wal"), log);
        }

        using var store = new SqliteStateStore(directory, Limits);
        try
        {
            LoadedState loaded = store.Load(Utc);
            Assert.That(loaded.State.Describe(), Is.SubsetOf(truth), $"seed {seed}");
            Assert.That(store.Commit([Kept(5000)]).IsSaved, $"seed {seed}: the store works after that");
        }
        catch (StateFileException later) when (later.Message.Contains("later version", StringComparison.Ordinal))
        {
            // The flip made it one; the message says what to do.
        }
    }

    private LoadedState Load(DateTimeOffset? utc = null)
    {
        using var store = new SqliteStateStore(_temporary.Path, Limits);
        return store.Load(utc ?? Utc);
    }

    private LoadedState Load() => Load(null);

    private void Change(string sql)
    {
        using SqliteConnection connection = StateFile.Connect(Database);
        StateFile.Execute(connection, sql);
    }

    private void PutRow(StateTable table, object[] row)
    {
        using SqliteConnection connection = StateFile.Connect(Database);
        using var statements = new SqliteTable(table, connection);
        statements.Put(row);
    }

    private string ExpectSetAside(string mark, string reason)
    {
        LoadedState loaded = Load();
        string setAside = Directory.GetFiles(_temporary.Path, StateFile.FileName + mark + "20261122T174309Z").Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(loaded.State.Describe(), Is.Empty);
            Assert.That(loaded.Report.SetAside, Does.Contain(Database).And.Contain(Path.GetFileName(setAside)).And.Contain(reason));
            Assert.That(Load().Report, Is.EqualTo(new StateLoadReport()), "The new file is a good one.");
        }

        return setAside;
    }
}
