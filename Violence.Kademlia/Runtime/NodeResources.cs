using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Runtime;

/// <summary>What a node holds from its start to its stop, and who is to let go of it.</summary>
/// <param name="Transport">The socket.</param>
/// <param name="Identity">The key pair.</param>
/// <param name="OwnsIdentity">Whether the identity ends with the node; one that the caller gave does not.</param>
/// <param name="Directory">Where contacts are saved; null when nothing is.</param>
/// <param name="Lock">Keeps other nodes out of <paramref name="Directory"/>.</param>
internal sealed record NodeResources(
    IDatagramTransport Transport, NodeIdentity Identity, bool OwnsIdentity, string? Directory, DataDirectoryLock? Lock) : IDisposable
{
    public void Dispose()
    {
        Transport.Dispose();
        if (OwnsIdentity)
        {
            Identity.Dispose();
        }

        Lock?.Dispose();
    }
}
