using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// State in a SQLite database in the data directory (docs/decisions/0021-state-in-sqlite.md). Whoever holds the
/// <see cref="DataDirectoryLock"/> has it alone.
/// </summary>
internal sealed class SqliteStateStore : IStateStore
{
    private readonly string _directory;
    private readonly string _path;
    private readonly StateLimits _limits;

    // Taken to open, to close and to checkpoint, which run on two threads; never by a commit, which must not wait for the disk.
    private readonly Lock _opening = new();
    private SqliteDatabase? _database;
    private SaveStatus _last = SaveStatus.Saved;
    private bool _isDisposed;
    private int _hasNews;

    public SqliteStateStore(string directory, StateLimits limits)
    {
        _directory = Path.GetFullPath(directory);
        _path = Path.Combine(_directory, StateFile.FileName);
        _limits = limits;
    }

    public LoadedState Load(DateTimeOffset utc)
    {
        string? setAside = Open(utc);
        try
        {
            LoadedState loaded = new StateReader(_database!, _limits, _directory).Read(utc);
            return loaded with { Report = loaded.Report with { SetAside = setAside } };
        }
        catch (SqliteException damage) when (SqliteErrors.IsDamage(damage))
        {
            setAside = BeginAnew($"it is damaged ({damage.Message})", utc);
            return new LoadedState(SavedState.Empty, new StateLoadReport { SetAside = setAside });
        }
        catch (SqliteException error)
        {
            throw new StateFileException($"The state file {_path} cannot be read: {error.Message}", error);
        }
    }

    public SaveResult Commit(IReadOnlyList<StateChange> changes)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (changes.Count == 0)
        {
            return SaveResult.Saved;
        }

        return Write(database => database.Apply(changes, _limits));
    }

    public SaveResult Rewrite(SavedState state, DateTimeOffset utc)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            if (_last is SaveStatus.Damaged)
            {
                // Not left to the check when it is opened, which need not see what the commit saw.
                BeginAnew("a commit found it damaged", utc);
            }
            else if (_database is null || _last is SaveStatus.Failed)
            {
                Open(utc);
            }
        }
        catch (StateFileException e)
        {
            _last = SaveStatus.Failed;
            return new SaveResult(SaveStatus.Failed, e.Message);
        }

        return Write(database => database.Replace(state, _limits));
    }

    public SaveResult Checkpoint()
    {
        lock (_opening)
        {
            if (_database is null || Interlocked.Exchange(ref _hasNews, 0) == 0)
            {
                return SaveResult.Saved;
            }

            SaveResult result = _database.Checkpoint();
            if (!result.IsSaved)
            {
                Volatile.Write(ref _hasNews, 1);
            }

            return result;
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        Close();
    }

    private SaveResult Write(Action<SqliteDatabase> write)
    {
        SaveResult result = _database?.Write(write) ?? new SaveResult(SaveStatus.Failed, "The state file is not open.");
        _last = result.Status;
        Volatile.Write(ref _hasNews, 1);
        return result;
    }

    /// <returns>Why a file was set aside; null when none was.</returns>
    private string? Open(DateTimeOffset utc)
    {
        lock (_opening)
        {
            Close();
            _database = SqliteDatabase.Open(_path, _limits.FileBytes, utc, out string? setAside);

            // What an earlier run committed last may not be on the disk yet.
            Volatile.Write(ref _hasNews, 1);
            return setAside;
        }
    }

    private string BeginAnew(string reason, DateTimeOffset utc)
    {
        Close();
        string setAside = StateFile.SetAside(_path, reason, utc);
        Open(utc);
        return setAside;
    }

    private void Close()
    {
        lock (_opening)
        {
            _database?.Dispose();
            _database = null;
        }
    }
}
