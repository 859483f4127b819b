using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Runtime;

/// <summary>What a node holds from its start to its stop, and who is to let go of it.</summary>
/// <param name="Transport">The socket.</param>
/// <param name="Identity">The key pair.</param>
/// <param name="OwnsIdentity">Whether the identity ends with the node; one that the caller gave does not.</param>
/// <param name="Directory">What keeps other nodes out of the data directory, and what is saved there; null when nothing is.</param>
internal sealed record NodeResources(
    IDatagramTransport Transport, NodeIdentity Identity, bool OwnsIdentity, DataDirectory? Directory) : IDisposable
{
    public void Dispose()
    {
        Transport.Dispose();
        if (OwnsIdentity)
        {
            Identity.Dispose();
        }

        Directory?.Dispose();
    }
}

/// <summary>A data directory in use: others are kept out of it, its state is open.</summary>
internal sealed record DataDirectory(DataDirectoryLock Lock, IStateStore Store, LoadedState Loaded) : IDisposable
{
    /// <exception cref="DataDirectoryException">It can't be used, or another node uses it.</exception>
    /// <exception cref="StateFileException">The saved state is not to be touched by this version.</exception>
    public static DataDirectory Open(string path, StateLimits limits, DateTimeOffset utc)
    {
        DataDirectoryLock directory = DataDirectoryLock.Acquire(path);
        var store = new SqliteStateStore(path, limits);
        try
        {
            return new DataDirectory(directory, store, store.Load(utc));
        }
        catch
        {
            store.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Store.Dispose();
        Lock.Dispose();
    }
}
