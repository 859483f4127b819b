using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// Looks into the state file of a node that may be running, in this process or another: over a connection that cannot write, as
/// one snapshot. Never opens the file but through SQLite, which would lose its locks in a process that closes the file by itself.
/// </summary>
internal static class StateViewer
{
    /// <exception cref="StateFileException">There is no state file, or it can't be read; the message names it.</exception>
    public static SavedState Read(string directory, out int damaged)
    {
        string path = Path.Combine(Path.GetFullPath(directory), StateFile.FileName);
        if (!File.Exists(path))
        {
            throw new StateFileException($"There is no state file {path}: no node has been run with this data directory.");
        }

        try
        {
            return ReadExisting(path, out damaged);
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException or ArgumentException)
        {
            throw new StateFileException($"The state file {path} cannot be read: {e.Message}", e);
        }
    }

    private static SavedState ReadExisting(string path, out int damaged)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 1 };
        using var connection = new SqliteConnection(text.ToString());
        connection.Open();
        StateFile.Execute(connection, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; BEGIN");
        if (Number(connection, "PRAGMA application_id") != StateFileHeader.ApplicationId
            || Number(connection, "PRAGMA user_version") != StateFileHeader.Version)
        {
            throw new StateFileException($"The state file {path} is of another program, or of another version of this one.");
        }

        damaged = 0;
        return new SavedState(
            Sift(StateRows.Records, connection, StateRows.ReadRecord, ref damaged),
            Sift(StateRows.Owned, connection, StateRows.ReadOwned, ref damaged),
            Sift(StateRows.Contacts, connection, StateRows.ReadContact, ref damaged));
    }

    private static List<T> Sift<T>(StateTable table, SqliteConnection connection, Func<object[], T?> read, ref int damaged)
        where T : class
    {
        var good = new List<T>();
        foreach (object[]? row in SqliteTable.Read(table, connection))
        {
            if (row is not null && read(row) is { } saved)
            {
                good.Add(saved);
            }
            else
            {
                damaged++;
            }
        }

        return good;
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
