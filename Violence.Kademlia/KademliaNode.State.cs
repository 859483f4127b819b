using System.Net;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <content>What a node is and knows: immutable snapshots. And its end.</content>
public sealed partial class KademliaNode
{
    /// <summary>This node's id.</summary>
    public NodeId Id => _host.Identity.Id;

    /// <summary>The short form of <see cref="Id"/> that people compare: <c>xxxx-xxxx-xxxx</c>.</summary>
    public string Fingerprint => NodeIdentity.FingerprintOf(Id);

    /// <summary>Serve or only ask.</summary>
    public NodeMode Mode => _options.Mode;

    /// <summary>The network's name.</summary>
    public string Network => _options.Network;

    /// <summary>Where the socket is bound, with the real port.</summary>
    public IPEndPoint LocalEndPoint => _host.LocalEndpoint.ToIPEndPoint();

    /// <summary>What the node knows and has done. After its stop: as it was at the end.</summary>
    public NodeStatus GetStatus() => _host.Query((engine, now) => new NodeStatus
    {
        Id = Id,
        Mode = Mode,
        LocalEndPoint = LocalEndPoint,
        ExternalEndPoint = engine.ExternalEndpoint(now)?.ToIPEndPoint(),
        Peers = engine.Table.Count,
        Records = engine.Store.Count,
        RecordBytes = engine.Store.Bytes,
        OwnedRecords = engine.Owned.Count,
        DatagramsReceived = engine.Counters.DatagramsReceived,
        DatagramsSent = engine.Counters.DatagramsSent,
        BytesReceived = engine.Counters.BytesReceived,
        BytesSent = engine.Counters.BytesSent,
        Dropped = Enum.GetValues<DropReason>()
            .Where(reason => engine.Counters.Dropped(reason) > 0)
            .ToDictionary(static reason => reason.ToString(), engine.Counters.Dropped, StringComparer.Ordinal),
    });

    /// <summary>How many contacts <see cref="GetContacts"/> would give: for who asks often.</summary>
    internal int ContactCount => _host.Query(static (engine, _) => engine.Table.Count);

    /// <summary>The contacts in the routing table: each answered and proved its key.</summary>
    public IReadOnlyList<Contact> GetContacts() => _host.Query(static (engine, _) => engine.Contacts());

    /// <summary>The records this node holds for the network, own ones included when it is among their holders.</summary>
    public IReadOnlyList<HeldRecordInfo> GetHeldRecords() => _host.Query(static (engine, now) =>
        engine.Store.Snapshot(now)
            .ConvertAll(held => new HeldRecordInfo(held.Record, now - held.HeldSince, held.Expires - now)));

    /// <summary>
    /// The records this node keeps alive, in the order they were first put: those of this run, and with a data directory those
    /// of earlier ones as long as they live.
    /// </summary>
    public IReadOnlyList<OwnedRecordInfo> GetOwnedRecords() => _host.Query(static (engine, now) =>
        engine.Owned.Snapshot().ConvertAll(owned => new OwnedRecordInfo(
            owned.Record, OwnedRecordInfo.LifeOf(owned.Record, engine.UtcAt(now)), OwnedRecordInfo.Ahead(owned.Due - now), owned.Holders)));

    /// <summary>
    /// Stops: no operation starts any more, those under way end with an <see cref="ObjectDisposedException"/>, contacts are
    /// told goodbye so that they don't wait for answers from here and are saved if there is a data directory. Calling it again
    /// is fine: every call completes when the node has stopped.
    /// </summary>
    /// <param name="sayGoodbye">False leaves without a word, as a crash would: for tests.</param>
    /// <param name="cancellationToken">Has no effect on the stop, which takes milliseconds; it is there for symmetry.</param>
    public Task StopAsync(bool sayGoodbye = true, CancellationToken cancellationToken = default) => _host.StopAsync(sayGoodbye);

    /// <summary>The same as <see cref="StopAsync"/> with a goodbye.</summary>
    public async ValueTask DisposeAsync() => await _host.DisposeAsync().ConfigureAwait(false);
}
