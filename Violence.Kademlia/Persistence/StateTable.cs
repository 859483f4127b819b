using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Violence.Kademlia.Persistence;

/// <summary>A column of the state file: bytes or a number.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="IsBlob">Bytes; else a 64-bit number.</param>
/// <param name="MinSize">Fewest bytes.</param>
/// <param name="MaxSize">Most bytes: SQLite checks both, when it writes and when it checks the file.</param>
internal readonly record struct StateColumn(string Name, bool IsBlob, int MinSize = 0, int MaxSize = 0)
{
    public string Definition => IsBlob
        ? $"{Name} BLOB NOT NULL CHECK (length({Name}) BETWEEN {MinSize} AND {MaxSize})"
        : $"{Name} INTEGER NOT NULL";
}

/// <summary>
/// A table of the state file and its SQL. The first column is the primary key, and the last a checksum over all others, so that
/// a flipped bit costs its row and is never served. One tree a table (WITHOUT ROWID) and no index: there is nothing
/// that could disagree with the rows.
/// </summary>
internal sealed class StateTable
{
    private const string ChecksumColumn = "checksum";
    private const int MaxRowBytes = 2048;

    private readonly byte[] _tag;

    public StateTable(string name, params StateColumn[] columns)
    {
        Name = name;
        Columns = columns;
        _tag = Encoding.ASCII.GetBytes(name);
    }

    public string Name { get; }

    /// <summary>All columns but the checksum.</summary>
    public IReadOnlyList<StateColumn> Columns { get; }

    public string Create =>
        $"CREATE TABLE {Name} ({string.Join(", ", Columns.Select(static column => column.Definition))}, {ChecksumColumn} INTEGER NOT NULL, "
        + $"PRIMARY KEY ({Columns[0].Name})) STRICT, WITHOUT ROWID";

    public string Select => $"SELECT {ColumnNames} FROM {Name} ORDER BY {Columns[0].Name}";

    public string Upsert =>
        $"INSERT INTO {Name} ({ColumnNames}) VALUES ({string.Join(", ", Enumerable.Range(0, Columns.Count + 1).Select(Parameter))}) "
        + $"ON CONFLICT ({Columns[0].Name}) DO UPDATE SET "
        + string.Join(", ", Columns.Skip(1).Select(static column => column.Name).Append(ChecksumColumn).Select(static name => $"{name} = excluded.{name}"));

    public string Delete => $"DELETE FROM {Name} WHERE {Columns[0].Name} = {Parameter(0)}";

    public string Clear => $"DELETE FROM {Name}";

    private string ColumnNames => string.Join(", ", Columns.Select(static column => column.Name).Append(ChecksumColumn));

    public static string Parameter(int index) => $"$p{index}";

    /// <summary>The first 8 bytes of the SHA-256 of the table's name and a row's values.</summary>
    public long Checksum(ReadOnlySpan<object> row)
    {
        Span<byte> bytes = stackalloc byte[MaxRowBytes];
        _tag.CopyTo(bytes);
        int length = _tag.Length;
        foreach (object value in row)
        {
            if (value is byte[] blob)
            {
                // The length in front: bytes that move from one column to the next are noticed too.
                BinaryPrimitives.WriteInt32LittleEndian(bytes[length..], blob.Length);
                blob.CopyTo(bytes[(length + sizeof(int))..]);
                length += sizeof(int) + blob.Length;
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes[length..], (long)value);
                length += sizeof(long);
            }
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}
