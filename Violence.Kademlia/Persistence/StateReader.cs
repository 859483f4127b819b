using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Persistence;

/// <summary>Reads the state file at a start, and puts it in order: what is of no use any more is taken out.</summary>
internal sealed class StateReader(SqliteDatabase database, StateLimits limits, string directory)
{
    /// <summary>Rows forgotten in one transaction.</summary>
    private const int DeleteBatch = 1000;

    private readonly List<(SqliteTable Table, object Key)> _useless = [];
    private int _damaged;

    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The file can't be read to its end.</exception>
    public LoadedState Read(DateTimeOffset utc)
    {
        var sieve = new StateSieve(limits, utc);
        Sift(database.Records, StateRows.ReadRecord, sieve.Add);
        Sift(database.Owned, StateRows.ReadOwned, sieve.Add);
        Sift(database.Contacts, StateRows.ReadContact, sieve.Add);
        var report = new StateLoadReport
        {
            Damaged = _damaged,
            Expired = sieve.Expired,
            OfOtherNetworks = sieve.OfOtherNetworks,
            BeyondLimits = sieve.BeyondLimits,
        };

        SaveResult tidied = Tidy(sieve.State);
        return ImportContacts(sieve, report with { Problem = tidied.IsSaved ? null : tidied.Problem }, utc);
    }

    private void Sift<T>(SqliteTable table, Func<object[], T?> read, Func<T, bool> add)
        where T : class
    {
        foreach (object[]? row in table.Read())
        {
            if (row is null || read(row) is not { } saved)
            {
                _damaged++;
            }
            else if (!add(saved))
            {
                _useless.Add((table, row[0]));
            }
        }
    }

    private SaveResult Tidy(SavedState good)
    {
        if (_damaged > 0)
        {
            // A damaged key may stand in the wrong place, where no deletion finds it: so all is written anew.
            return database.Write(file => file.Replace(good, limits));
        }

        foreach ((SqliteTable Table, object Key)[] batch in _useless.Chunk(DeleteBatch))
        {
            SaveResult result = database.Write(_ => Array.ForEach(batch, static row => row.Table.Delete(row.Key)));
            if (!result.IsSaved)
            {
                return result;
            }
        }

        return SaveResult.Saved;
    }

    /// <summary>Contacts were a file of their own once. It is read one last time, and goes when its contacts are safe.</summary>
    private LoadedState ImportContacts(StateSieve sieve, StateLoadReport report, DateTimeOffset utc)
    {
        string path = Path.Combine(directory, ContactsFile.FileName);
        if (!File.Exists(path))
        {
            return new LoadedState(sieve.State, report);
        }

        LoadedContacts old = ContactsFile.Load(directory);
        HashSet<NodeId> known = [.. sieve.State.Contacts.Select(static saved => saved.Contact.Id)];
        int imported = 0;
        foreach (Contact contact in old.Contacts.Where(contact => known.Add(contact.Id)).Take(limits.MaxContacts - sieve.State.Contacts.Count))
        {
            imported += sieve.Add(new SavedContact(contact, utc)) ? 1 : 0;
        }

        SaveResult saved = database.Write(file => file.Apply([new StateChange.Contacts(sieve.State.Contacts)], limits));
        string? problem = old.Problem ?? (saved.IsSaved ? null : saved.Problem);
        try
        {
            if (problem is null)
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }

        return new LoadedState(sieve.State, report with { ImportedContacts = imported, Problem = report.Problem ?? problem });
    }
}
