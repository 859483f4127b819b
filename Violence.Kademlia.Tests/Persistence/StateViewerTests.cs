using Microsoft.Data.Sqlite;
using Violence.Kademlia.Persistence;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

/// <summary>Looking into the state file of a node, whether it runs or not.</summary>
[TestFixture]
public sealed class StateViewerTests
{
    private TemporaryDirectory _temporary = null!;

    private string Database => _temporary.File(StateFile.FileName);

    [SetUp]
    public void SetUp() => _temporary = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _temporary.Dispose();

    [Test]
    public void It_sees_what_is_committed_at_once_while_the_node_runs_and_when_it_has_stopped()
    {
        var seen = new List<(int Records, int Owned)>();
        using (SqliteStateStore store = Open())
        {
            seen.Add(View());
            for (int i = 0; i < 4; i++)
            {
                Assert.That(store.Commit([Kept(i), new StateChange.Owned(Owned(i))]), Is.EqualTo(SaveResult.Saved));
                seen.Add(View());
                Assert.That(store.Checkpoint(), Is.EqualTo(SaveResult.Saved));
            }

            store.Commit([new StateChange.Removed(SavedPlace.Of(Record(0)))]);
            seen.Add(View());
        }

        seen.Add(View());

        Assert.That(seen, Is.EqualTo(new[] { (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (3, 4), (3, 4) }));
    }

    [Test]
    public void A_reader_in_the_midst_of_it_holds_up_neither_commits_nor_checkpoints()
    {
        using SqliteStateStore store = Open();
        store.Commit([Kept(1), Kept(2)]);
        using var reader = new SqliteConnection($"Data Source={Database};Mode=ReadOnly;Pooling=False");
        reader.Open();
        StateFile.Execute(reader, "BEGIN");
        using IEnumerator<object[]?> rows = SqliteTable.Read(StateRows.Records, reader).GetEnumerator();
        rows.MoveNext();

        SaveResult[] results = [store.Commit([Kept(3)]), store.Checkpoint(), store.Commit([Kept(4)]), store.Rewrite(SavedState.Empty, Utc)];
        int rest = 0;
        while (rows.MoveNext())
        {
            rest++;
        }

        Assert.That(results, Is.All.EqualTo(SaveResult.Saved));
        Assert.That(rest, Is.EqualTo(1), "its snapshot stays as it was");
    }

    [Test]
    public void The_file_of_a_node_that_has_stopped_is_the_same_after_a_look()
    {
        using (SqliteStateStore store = Open())
        {
            store.Commit([Kept(1), new StateChange.Contacts([Contact(1)])]);
        }

        byte[] before = File.ReadAllBytes(Database);
        View();

        Assert.That(File.ReadAllBytes(Database), Is.EqualTo(before));
    }

    [Test]
    public void Damaged_rows_are_left_out_and_counted_and_nothing_is_put_in_order()
    {
        using (SqliteStateStore store = Open())
        {
            store.Commit([Kept(1), Kept(2), Kept(3)]);
        }

        using (var connection = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            connection.Open();
            StateFile.Execute(
                connection, $"UPDATE records SET expires = expires + 1 WHERE place = x'{Convert.ToHexString(SavedPlace.Of(Record(2)).ToBytes())}'");
        }

        int[] damaged = [Damaged(), Damaged()];

        Assert.That((View().Records, damaged[0], damaged[1]), Is.EqualTo((2, 1, 1)));
    }

    [Test]
    public void The_database_of_another_program_is_refused_and_named()
    {
        using (var connection = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            connection.Open();
            StateFile.Execute(connection, "CREATE TABLE records (place BLOB)");
        }

        Assert.That(View, Throws.InstanceOf<StateFileException>().With.Message.Contains(Database).And.Message.Contains("another program"));
    }

    private SqliteStateStore Open()
    {
        var store = new SqliteStateStore(_temporary.Path, Limits);
        store.Load(Utc);
        return store;
    }

    private (int Records, int Owned) View()
    {
        SavedState state = StateViewer.Read(_temporary.Path, out _);
        return (state.Records.Count, state.Owned.Count);
    }

    private int Damaged()
    {
        StateViewer.Read(_temporary.Path, out int damaged);
        return damaged;
    }
}
