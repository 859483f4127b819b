using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Engine;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Who lives and who has crashed, told by how long ago rows were signed anew.</summary>
[TestFixture]
internal sealed class ServerLeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly ServerInfo Arena = DirectorySamples.Arena;
    private static readonly RecordKey Key = DirectoryKeys.Genre(Arena.Genre);
    private static readonly string Label = DirectoryText.NormalizeName(Arena.Name);

    [TestCase(0, ServerLiveness.Live)]
    [TestCase(160, ServerLiveness.Live)]
    [TestCase(161, ServerLiveness.Stale)]
    [TestCase(28_800, ServerLiveness.Stale)]
    public void A_server_lives_for_its_lease_and_a_third_of_it(int age, ServerLiveness expected)
    {
        Assert.That(ServerLease.Judge(Lease, TimeSpan.FromSeconds(age)), Is.EqualTo(expected));
    }

    [Test]
    public void Without_a_lease_or_an_age_nobody_can_tell()
    {
        Assert.That(ServerLease.Judge(null, TimeSpan.FromHours(7)), Is.EqualTo(ServerLiveness.Unknown));
        Assert.That(ServerLease.Judge(Lease, null), Is.EqualTo(ServerLiveness.Unknown));
    }

    [Test]
    public void A_listing_tells_age_lease_and_what_follows()
    {
        Record record = DirectorySamples.Record(Key, DirectorySamples.Owner(1), Label, 1, ServerRowCodec.Encode(Arena, TimeSpan.FromSeconds(30)));
        ServerListing listing = DirectoryReading.Query(
            new ServerQuery { Genre = Arena.Genre },
            DirectorySamples.Found(new FoundRecord(record, 3, TimeSpan.FromHours(1)) { Age = TimeSpan.FromSeconds(41) })).Single();

        Assert.That(
            (listing.Lease, listing.Age, listing.Liveness),
            Is.EqualTo(((TimeSpan?)TimeSpan.FromSeconds(30), (TimeSpan?)TimeSpan.FromSeconds(41), ServerLiveness.Stale)));
    }

    [Test]
    public void One_holder_alone_does_not_make_a_server_stale()
    {
        Record record = DirectorySamples.Record(Key, DirectorySamples.Owner(1), Label, 1, ServerRowCodec.Encode(Arena, Lease));
        Assert.That(Streamed(TimeSpan.FromSeconds(10)), Is.EqualTo(ServerLiveness.Live));
        Assert.That(Streamed(TimeSpan.FromHours(1)), Is.EqualTo(ServerLiveness.Unknown));

        ServerLiveness Streamed(TimeSpan age) =>
            new ServerStream(new ServerQuery { Genre = Arena.Genre }).TryAccept(record, out ServerListing? listing, age)
                ? listing.Liveness
                : throw new InvalidOperationException("The row was not listed.");
    }

    [TestCase(29.0)]
    [TestCase(3_601.0)]
    [TestCase(60.5)]
    public void A_lease_outside_its_limits_or_not_in_whole_seconds_is_refused(double seconds)
    {
        var options = new ServerDirectoryOptions { Lease = TimeSpan.FromSeconds(seconds) };

        Assert.That(() => options.Check("options"), Throws.ArgumentException.With.Message.Contains("00:00:30 to 01:00:00"));
    }

    [TestCase(41ul)]
    [TestCase(42ul)]
    [TestCase(43ul)]
    public void With_a_fifth_of_datagrams_lost_a_live_server_is_never_stale_and_a_crashed_one_soon_is(ulong seed)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed);
        network.Loss = 0.2;
        VirtualNode server = network.Nodes[7];
        EntropySource jitter = EntropySource.Seeded(seed);
        Announce(network, server);
        Instant next = network.Now + jitter.Jitter(Lease / 2, 0.1);
        List<ServerLiveness> seen = [];
        for (int i = 0; i < 90; i++)
        {
            network.RunFor(TimeSpan.FromSeconds(20));
            if (network.Now >= next)
            {
                Announce(network, server);
                next = network.Now + jitter.Jitter(Lease / 2, 0.1);
            }

            seen.AddRange(LivenessAt(network, network.Nodes[8 + i % 30]));
        }

        Assert.That(seen, Has.Count.GreaterThan(80));
        Assert.That(seen, Is.All.EqualTo(ServerLiveness.Live));

        server.Crash();
        network.RunFor(ServerLease.Patience(Lease) - TimeSpan.FromSeconds(30));
        network.RunFor(TimeSpan.FromSeconds(35));
        for (int i = 8; i < 38; i++)
        {
            Assert.That(LivenessAt(network, network.Nodes[i]), Is.EqualTo(new[] { ServerLiveness.Stale }), $"reader {i}");
        }

        network.RunFor(TimeSpan.FromHours(3));
        Assert.That(LivenessAt(network, network.Nodes[20]), Is.EqualTo(new[] { ServerLiveness.Stale }), "and is listed still");
    }

    /// <summary>As an announcement does: the row is put at first and renewed after that.</summary>
    private static void Announce(VirtualNetwork network, VirtualNode server)
    {
        byte[] row = ServerRowCodec.Encode(Arena, Lease);
        network.Run<PutOperation>(server, (engine, now) => engine.Renew(Key, Label, row, Record.MaxTimeToLive, now));
    }

    private static ServerLiveness[] LivenessAt(VirtualNetwork network, VirtualNode reader)
    {
        GetOperation get = PutGetTests.Get(network, reader, Key, GetMode.All);
        var result = new GetResult(get.Status, get.Found, get.Cost);
        return [.. DirectoryReading.Query(new ServerQuery { Genre = Arena.Genre }, result).Select(listing => listing.Liveness)];
    }
}
