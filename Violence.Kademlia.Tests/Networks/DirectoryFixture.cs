using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>One network of real nodes for all tests of a class, and the directory over it.</summary>
[NonParallelizable]
public abstract class DirectoryFixture
{
    protected const int Size = 16;

    private readonly List<ServerAnnouncement> _announcements = [];
    private LoopbackNetwork? _network;

    private protected LoopbackNetwork Network => _network ?? throw new InvalidOperationException("The network did not start.");

    [OneTimeSetUp]
    public async Task StartNetwork() => _network = await LoopbackNetwork.StartAsync(Size, seed: 7, LoopbackAddresses.Own);

    [OneTimeTearDown]
    public async Task StopNetwork()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    [TearDown]
    public async Task Withdraw()
    {
        await Task.WhenAll(_announcements.Select(announcement => announcement.DisposeAsync().AsTask()));
        _announcements.Clear();
    }

    protected static ServerInfo Server(string name, string genre) => new() { Name = name, Address = "203.0.113.7:27015", Genre = genre };

    protected ServerDirectory Directory(int index) => new(Network[index]);

    /// <summary>Announces a server that is withdrawn when the test ends.</summary>
    protected async Task<ServerAnnouncement> AnnounceAsync(KademliaNode node, ServerInfo server)
    {
        ServerAnnouncement announcement = await new ServerDirectory(node).AnnounceAsync(server);
        lock (_announcements)
        {
            _announcements.Add(announcement);
        }

        return announcement;
    }

    protected static async Task<ServerListing> LookupFoundAsync(
        KademliaNode node, string name, CancellationToken cancellationToken = default)
    {
        ServerLookupResult result = await new ServerDirectory(node).LookupAsync(name, cancellationToken);
        Assert.That(result.Status, Is.EqualTo(ServerLookupStatus.Found));
        return result.Server!;
    }

    protected static Task LookupStatusHoldsAsync(KademliaNode node, string name, ServerLookupStatus expected) => Eventually.HoldsAsync(
        $"the lookup of {name} ends as {expected}",
        async token => (await new ServerDirectory(node).LookupAsync(name, token)).Status,
        status => status == expected);

    /// <summary>The complete query lists exactly these names, which are given in its order.</summary>
    protected static Task QueryHoldsAsync(KademliaNode node, ServerQuery query, IEnumerable<string> names)
    {
        string[] expected = [.. names];
        return Eventually.HoldsAsync(
            $"the query lists {string.Join(", ", expected)}",
            async token => (await new ServerDirectory(node).QueryAllAsync(query, token)).Select(listing => listing.Server.Name).ToArray(),
            listed => listed.SequenceEqual(expected),
            listed => string.Join(", ", listed));
    }

    protected static async Task<List<string>> StreamNamesAsync(KademliaNode node, ServerQuery query, CancellationToken cancellationToken)
    {
        List<string> names = [];
        await foreach (ServerListing listing in new ServerDirectory(node).QueryAsync(query, cancellationToken))
        {
            names.Add(listing.Server.Name);
        }

        return names;
    }
}
