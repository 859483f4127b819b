using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Demo;

/// <summary>One game server of the demo: what its owner last said, and so what everybody has to find.</summary>
internal sealed class DemoServer(ServerInfo info)
{
    private DemoNode? _announcer;
    private ServerAnnouncement? _announcement;

    public ServerInfo Info { get; private set; } = info;

    public bool IsWithdrawn { get; private set; }

    public DemoNode Announcer => _announcer ?? throw new InvalidOperationException($"{Info.Name} has no announcer yet.");

    /// <summary>The name's record as it was last signed by its owner.</summary>
    public Record NameRecord => Announcement.LastResult.NameRecord.Record;

    /// <summary>Whether a node holds the record of the name; nodes that do can answer a lookup without the network.</summary>
    public bool IsHeldBy(DemoNode node) => _announcement is not null && node.HoldsAny(NameRecord.Key);

    private ServerAnnouncement Announcement =>
        _announcement ?? throw new InvalidOperationException($"{Info.Name} is not announced.");

    public void GiveTo(DemoNode announcer) => _announcer = announcer;

    public async Task<AnnounceResult> AnnounceAsync(CancellationToken stop)
    {
        _announcement = await Announcer.Directory.AnnounceAsync(Info, stop);
        return _announcement.LastResult;
    }

    public async Task<AnnounceResult> UpdateAsync(ServerInfo changed, CancellationToken stop)
    {
        var result = await Announcement.UpdateAsync(changed, stop);
        Info = changed;
        return result;
    }

    public Task SetPlayersAsync(IReadOnlyCollection<string> ids, CancellationToken stop) => Announcement.SetPlayersAsync(ids, stop);

    public async Task WithdrawAsync(CancellationToken stop)
    {
        await Announcement.WithdrawAsync(stop);
        IsWithdrawn = true;
    }
}
