using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Signs records for somebody who runs no engine.</summary>
internal sealed class RecordAuthorOf(NodeIdentity owner, uint? network = null)
{
    private readonly RecordAuthor _author = new(owner, network ?? VirtualNetwork.NetworkId);

    public Record Write(RecordKey key, string label, int payload, DateTimeOffset issued, TimeSpan? timeToLive = null) =>
        _author.Write(key, label, new byte[payload], timeToLive ?? Record.MaxTimeToLive, issued);
}
