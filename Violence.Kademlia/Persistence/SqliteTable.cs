using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>The prepared statements of one table on one connection.</summary>
internal sealed class SqliteTable : IDisposable
{
    private readonly StateTable _table;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _upsert;
    private readonly SqliteCommand _delete;

    public SqliteTable(StateTable table, SqliteConnection connection)
    {
        _table = table;
        _connection = connection;
        _upsert = Prepare(table.Upsert, table.Columns.Count + 1);
        _delete = Prepare(table.Delete, 1);
    }

    public void Put(object[] row)
    {
        for (int i = 0; i < row.Length; i++)
        {
            _upsert.Parameters[i].Value = row[i];
        }

        _upsert.Parameters[row.Length].Value = _table.Checksum(row);
        _upsert.ExecuteNonQuery();
    }

    public void Delete(object key)
    {
        _delete.Parameters[0].Value = key;
        _delete.ExecuteNonQuery();
    }

    public void Clear() => StateFile.Execute(_connection, _table.Clear);

    /// <summary>The rows in the order of their keys; null stands for one whose checksum is wrong. Write nothing meanwhile.</summary>
    public IEnumerable<object[]?> Read() => Read(_table, _connection);

    /// <summary>The same over a connection that may only read.</summary>
    public static IEnumerable<object[]?> Read(StateTable table, SqliteConnection connection)
    {
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText = table.Select;
        using SqliteDataReader reader = select.ExecuteReader();
        while (reader.Read())
        {
            object[] row = new object[table.Columns.Count];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = table.Columns[i].IsBlob ? reader.GetFieldValue<byte[]>(i) : reader.GetInt64(i);
            }

            yield return table.Checksum(row) == reader.GetInt64(row.Length) ? row : null;
        }
    }

    public void Dispose()
    {
        _upsert.Dispose();
        _delete.Dispose();
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < parameters; i++)
        {
            bool isBlob = i < _table.Columns.Count && _table.Columns[i].IsBlob;
            command.Parameters.Add(StateTable.Parameter(i), isBlob ? SqliteType.Blob : SqliteType.Integer);
        }

        command.Prepare();
        return command;
    }
}
