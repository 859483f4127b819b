using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// Opens the database in a data directory, readable by its owner alone. What is damaged or not ours is set aside, never
/// deleted or written to, and an empty one takes its place.
/// </summary>
internal static class StateFile
{
    public const string FileName = "state.db";

    /// <summary>Damaged files kept; a disk that damages them again and again must not be filled with them too.</summary>
    public const int MaxDamagedFiles = 3;

    /// <summary>Pages of 8 KiB: four of the longest rows fit into one, so that no row needs a chain of its own.</summary>
    public const int PageSize = 8192;

    /// <summary>
    /// Pages in the log of commits after which a commit itself writes them into the database, which takes some 100 ms: 64 MiB,
    /// a bound for when <see cref="IStateStore.Checkpoint"/> does not come.
    /// </summary>
    private const int LongestLogPages = 64 * 1024 * 1024 / PageSize;

    /// <summary>To what length the log shrinks when it begins anew, in bytes.</summary>
    private const int RestingLogBytes = 4 * 1024 * 1024;

    private const string DamagedMark = ".damaged-";
    private const string ForeignMark = ".foreign-";

    /// <summary>What SQLite may put beside a database; part of it, and of no use without it.</summary>
    private static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    /// <summary>Opens the database, or makes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">How long it may become.</param>
    /// <param name="utc">Names what is set aside.</param>
    /// <param name="setAside">Why a file was set aside, and where it is; null when none was.</param>
    /// <exception cref="StateFileException">The file can't be read or written, or a later version wrote it.</exception>
    public static SqliteConnection Open(string path, long maxBytes, DateTimeOffset utc, out string? setAside)
    {
        setAside = null;
        try
        {
            switch (StateFileHeader.Read(path))
            {
                case StateFileKind.Newer:
                    throw new StateFileException(
                        $"The state file {path} was written by a later version of this program. "
                        + "Start that version; or, to begin with no records and contacts, move the file away and start again.");
                case StateFileKind.Foreign:
                    setAside = SetAside(path, ForeignMark, "it is the database of another program", utc);
                    break;
                case StateFileKind.Damaged:
                    setAside = SetAside(path, DamagedMark, "it is no database", utc);
                    break;
                default:
                    break;
            }

            try
            {
                return OpenAndCheck(path, maxBytes);
            }
            catch (SqliteException damage) when (SqliteErrors.IsDamage(damage))
            {
                setAside = SetAside(path, DamagedMark, $"it is damaged ({damage.Message})", utc);
                return OpenAndCheck(path, maxBytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StateFileException(
                $"The state file {path} cannot be used: {e.Message} "
                + "Give the program's user the right to read it and to write to its directory, make space on its disk, or choose another data directory.",
                e);
        }
    }

    /// <summary>A connection to a database that exists. It waits for no more than a second for other programs.</summary>
    public static SqliteConnection Connect(string path)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 1,
        };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();

            // NORMAL: a commit is written but not forced to the disk; a checkpoint is.
            Execute(connection, "PRAGMA synchronous = NORMAL; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Renames a database with all that belongs to it.</summary>
    /// <returns>What was wrong and where it is now, for a log.</returns>
    /// <exception cref="StateFileException">It can't be renamed.</exception>
    public static string SetAside(string path, string reason, DateTimeOffset utc)
    {
        try
        {
            return SetAside(path, DamagedMark, reason, utc);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException($"The state file {path} is to be set aside, for {reason}, and cannot be: {e.Message} Move it away.", e);
        }
    }

    private static SqliteConnection OpenAndCheck(string path, long maxBytes)
    {
        CreateOrTighten(path);
        SqliteConnection connection = Connect(path);
        try
        {
            Prepare(connection);
            Execute(
                connection,
                $"PRAGMA cache_size = -8192; PRAGMA max_page_count = {maxBytes / PageSize}; "
                + $"PRAGMA wal_autocheckpoint = {LongestLogPages}; PRAGMA journal_size_limit = {RestingLogBytes}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection)
    {
        if (Scalar(connection, "SELECT count(*) FROM sqlite_schema") is 0L)
        {
            // Before WAL: so that the header is in the file itself from the start, where StateFileHeader looks for it.
            Execute(connection, $"PRAGMA page_size = {PageSize}");
            Execute(
                connection,
                $"BEGIN; PRAGMA application_id = {StateFileHeader.ApplicationId}; PRAGMA user_version = {StateFileHeader.Version}; "
                + $"{string.Join("; ", StateRows.All.Select(static table => table.Create))}; COMMIT");
        }

        // Above all it says whether the file is whole; it reads all of it, about 2 ms a megabyte.
        if (Scalar(connection, "PRAGMA quick_check(1)") is not "ok"
            || Scalar(connection, "SELECT group_concat(sql, ';' ORDER BY name) FROM sqlite_schema WHERE sql IS NOT NULL") is not string schema
            || !schema.Equals(
                string.Join(';', StateRows.All.OrderBy(static table => table.Name, StringComparer.Ordinal).Select(static table => table.Create)),
                StringComparison.Ordinal))
        {
            throw SqliteErrors.Damage("its pages or tables are not as they should be");
        }

        if (Scalar(connection, "PRAGMA journal_mode = WAL") is not "wal")
        {
            throw new IOException("The file system does not allow a write-ahead log.");
        }
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>SQLite gives the files it makes beside a database the database's own rights.</summary>
    private static void CreateOrTighten(string path)
    {
        AtomicFile.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = AtomicFile.OwnerOnly;
        }

        using var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            foreach (string existing in Companions.Select(companion => path + companion).Where(File.Exists).Append(path))
            {
                File.SetUnixFileMode(existing, AtomicFile.OwnerOnly);
            }
        }
    }

    private static string SetAside(string path, string mark, string reason, DateTimeOffset utc)
    {
        string name = path + mark + utc.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string target = name;
        for (int copy = 2; File.Exists(target); copy++)
        {
            target = $"{name}-{copy}";
        }

        File.Move(path, target);
        foreach (string companion in Companions.Where(companion => File.Exists(path + companion)))
        {
            File.Move(path + companion, target + companion, overwrite: true);
        }

        DeleteOldestDamaged(path);
        return $"The state file {path} was set aside as {Path.GetFileName(target)}: {reason}.";
    }

    private static void DeleteOldestDamaged(string path)
    {
        // The names begin with their time, so they sort by age.
        string[] damaged = [.. Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + DamagedMark + "*")
            .Where(static file => !Companions.Any(file.EndsWith))
            .Order(StringComparer.Ordinal)];
        foreach (string old in damaged.SkipLast(MaxDamagedFiles).SelectMany(static file => Companions.Select(companion => file + companion).Append(file)))
        {
            File.Delete(old);
        }
    }
}
