using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>Announces the servers of a genre, each by another node as far as there are so many, and asks for them.</summary>
internal sealed class DirectoryPhases(LoopbackNetwork network, EntropySource random) : IAsyncDisposable
{
    public const int Servers = 50;

    private static readonly ServerQuery Everything = new() { Genre = "horror", Limit = Servers };

    private readonly List<ServerAnnouncement> _announcements = [];

    public async Task AnnounceAsync()
    {
        int first = random.NextInt32(network.Nodes.Count);
        for (int i = 0; i < Servers; i++)
        {
            var directory = new ServerDirectory(network.Nodes[(first + i) % network.Nodes.Count]);
            _announcements.Add(await directory.AnnounceAsync(new ServerInfo
            {
                Name = $"server-{i:D2}",
                Address = $"203.0.113.{i}:7777",
                Genre = Everything.Genre,
                Region = "eu-west",
                MaxPlayers = 16,
            }));
        }
    }

    /// <summary>A query until all is read.</summary>
    public Task<MetricLine> QueryAsync(string metric, int total) => Phase.MeasureAsync(metric, network, total, async (_, limit) =>
        Problem((await new ServerDirectory(network.Any()).QueryAllAsync(Everything, limit)).Count));

    /// <summary>A query until every server has come by.</summary>
    public Task<MetricLine> StreamAsync(string metric, int total) => Phase.MeasureAsync(metric, network, total, async (_, limit) =>
    {
        int servers = 0;
        await foreach (ServerListing listing in new ServerDirectory(network.Any()).QueryAsync(Everything, limit))
        {
            servers += listing.Server.MaxPlayers == 16 ? 1 : 0;
        }

        return Problem(servers);
    });

    public async ValueTask DisposeAsync()
    {
        foreach (ServerAnnouncement announcement in _announcements)
        {
            await announcement.DisposeAsync();
        }
    }

    private static string? Problem(int found) => found == Servers ? null : $"{found} of {Servers} servers";
}
