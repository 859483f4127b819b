using Microsoft.Data.Sqlite;

namespace Violence.Kademlia.Persistence;

/// <summary>The open state file: one connection that writes, with its statements, and one that checkpoints.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _checkpointer;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;

    private SqliteDatabase(string path, SqliteConnection writer)
    {
        _writer = writer;
        _checkpointer = StateFile.Connect(path);
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        Records = new SqliteTable(StateRows.Records, writer);
        Owned = new SqliteTable(StateRows.Owned, writer);
        Contacts = new SqliteTable(StateRows.Contacts, writer);
    }

    public SqliteTable Records { get; }

    public SqliteTable Owned { get; }

    public SqliteTable Contacts { get; }

    /// <exception cref="StateFileException">The file can't be used.</exception>
    public static SqliteDatabase Open(string path, long maxBytes, DateTimeOffset utc, out string? setAside)
    {
        SqliteConnection writer = StateFile.Open(path, maxBytes, utc, out setAside);
        try
        {
            return new SqliteDatabase(path, writer);
        }
        catch (SqliteException e)
        {
            writer.Dispose();
            throw new StateFileException($"The state file {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Does all of it or nothing.</summary>
    public SaveResult Write(Action<SqliteDatabase> write)
    {
        try
        {
            _begin.ExecuteNonQuery();
            write(this);
            _commit.ExecuteNonQuery();
            return SaveResult.Saved;
        }
        catch (SqliteException error)
        {
            RollBack();
            return SqliteErrors.ToResult(error);
        }
        catch
        {
            RollBack();
            throw;
        }
    }

    /// <summary>To be called inside <see cref="Write"/>.</summary>
    public void Apply(IReadOnlyList<StateChange> changes, StateLimits limits)
    {
        foreach (StateChange change in changes)
        {
            switch (change)
            {
                case StateChange.Kept kept:
                    Records.Put(StateRows.Write(kept.Saved));
                    break;
                case StateChange.Removed removed:
                    Records.Delete(removed.Place.ToBytes());
                    break;
                case StateChange.Owned owned:
                    Owned.Put(StateRows.Write(owned.Saved));
                    break;
                case StateChange.Disowned disowned:
                    Owned.Delete(disowned.Place.ToBytes());
                    break;
                case StateChange.Contacts contacts:
                    ReplaceContacts(contacts.Saved, limits);
                    break;
                default:
                    throw new ArgumentException($"Not a change that can be saved: {change}.", nameof(changes));
            }
        }
    }

    /// <summary>To be called inside <see cref="Write"/>.</summary>
    public void Replace(SavedState state, StateLimits limits)
    {
        Records.Clear();
        foreach (SavedRecord saved in state.Records)
        {
            Records.Put(StateRows.Write(saved));
        }

        Owned.Clear();
        foreach (SavedOwned saved in state.Owned)
        {
            Owned.Put(StateRows.Write(saved));
        }

        ReplaceContacts(state.Contacts, limits);
    }

    /// <summary>
    /// Writes the log of commits into the database and forces both to the disk, beside commits. Up to three rounds: each finds
    /// only what was committed during the one before, and a log that a round has emptied is begun anew from its start.
    /// </summary>
    public SaveResult Checkpoint()
    {
        const int FewPages = 64;
        try
        {
            using SqliteCommand checkpoint = _checkpointer.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
            for (int round = 0; round < 3; round++)
            {
                using SqliteDataReader reader = checkpoint.ExecuteReader();
                if (!reader.Read() || reader.GetInt64(0) != 0)
                {
                    return new SaveResult(SaveStatus.Busy, "Another program is checkpointing the database.");
                }

                if (reader.GetInt64(1) < FewPages)
                {
                    break;
                }
            }

            return SaveResult.Saved;
        }
        catch (SqliteException error)
        {
            return SqliteErrors.ToResult(error);
        }
    }

    public void Dispose()
    {
        _checkpointer.Dispose();
        foreach (IDisposable statements in (IDisposable[])[_begin, _commit, _rollback, Records, Owned, Contacts])
        {
            statements.Dispose();
        }

        // The last connection writes the log into the database and removes it.
        _writer.Dispose();
    }

    private void ReplaceContacts(IReadOnlyList<SavedContact> contacts, StateLimits limits)
    {
        Contacts.Clear();
        for (int rank = 0; rank < Math.Min(contacts.Count, limits.MaxContacts); rank++)
        {
            Contacts.Put(StateRows.Write(contacts[rank], rank));
        }
    }

    private void RollBack()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // Many errors have ended the transaction already, and then there is none to roll back.
        }
    }

    private SqliteCommand Prepare(string sql)
    {
        SqliteCommand command = _writer.CreateCommand();
        command.CommandText = sql;
        command.Prepare();
        return command;
    }
}
