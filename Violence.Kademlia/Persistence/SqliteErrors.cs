using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>What an error of SQLite's means for the state file. The numbers are the primary result codes of its C interface.</summary>
internal static class SqliteErrors
{
    private const int Permission = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static SqliteException Damage(string problem) => new(problem, Corrupt);

    /// <summary>
    /// Whether the file is to blame, when it is opened. Damage can look like many errors (an unknown format, a database
    /// that may only be read): so all but those that are the system's.
    /// </summary>
    public static bool IsDamage(SqliteException error) =>
        error.SqliteErrorCode is not (Permission or Busy or Locked or NoMemory or InputOutput or Full or CannotOpen);

    public static SaveResult ToResult(SqliteException error) => new(
        error.SqliteErrorCode switch
        {
            Full => SaveStatus.DiskFull,
            Busy or Locked => SaveStatus.Busy,
            Corrupt or NotADatabase => SaveStatus.Damaged,
            _ => SaveStatus.Failed,
        },
        error.Message);
}
