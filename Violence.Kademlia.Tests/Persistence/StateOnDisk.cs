using Violence.Kademlia.Persistence;

namespace Violence.Kademlia.Tests.Persistence;

/// <summary>What another process finds in a data directory when the node in it dies at this moment.</summary>
internal static class StateOnDisk
{
    /// <summary>Reads a copy: the node's own file is left alone.</summary>
    public static LoadedState Read(string directory, StateLimits limits, DateTimeOffset utc)
    {
        using var copy = new TemporaryDirectory();
        foreach (string name in new[] { StateFile.FileName, $"{StateFile.FileName}-wal" })
        {
            if (File.Exists(Path.Combine(directory, name)))
            {
                File.Copy(Path.Combine(directory, name), copy.File(name));
            }
        }

        using var store = new SqliteStateStore(copy.Path, limits);
        return store.Load(utc);
    }
}
