using Violence.Kademlia.Engine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Tests.Scenarios.Directory;

/// <summary>A player who stays for long: what that costs, and that it lasts.</summary>
[TestFixture]
internal sealed class PlayerRenewalTests
{
    private static readonly ServerInfo Server = new() { Name = "arena", Address = "203.0.113.1:7777", Genre = "horror" };

    // A lease of an hour, so that what the server's own rows cost does not count.
    private static readonly ServerDirectoryOptions Options = new() { Lease = TimeSpan.FromHours(1) };

    private Simulator _simulator = null!;
    private Population _population = null!;
    private Func<string[], Task<PlayersResult>> _setPlayers = null!;
    private SimulatedNode _server = null!;

    [SetUp]
    public void Begin()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _simulator = new Simulator(seed: 21, LatencyModel.Constant(TimeSpan.FromMilliseconds(20)));
        _population = new Population(_simulator, new EngineConfig { Network = Simulator.Network });
        _population.Grow(60);
        _simulator.RunFor(TimeSpan.FromMinutes(2));
        _server = _population.Up[7];
        ServerAnnouncement announcement = Run(_server.Host.OpenDirectory(Options).AnnounceAsync(Server));
        _setPlayers = players => announcement.SetPlayersAsync(players);
        Run(_setPlayers(["p-123"]));
    }

    [Test]
    public void A_row_is_renewed_straight_at_its_holders_and_the_player_stays_found()
    {
        long before = _server.Host.Datagrams;
        var places = new List<string?>();
        for (int minute = 0; minute < 20; minute++)
        {
            _simulator.RunFor(TimeSpan.FromMinutes(1));
            places.Add(Find()?.ServerName);
        }

        // 13 renewals in 20 minutes, of which two or three search: 112 requests; 192 if all did.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(places, Is.All.EqualTo("arena"));
            Assert.That(_server.Host.Datagrams - before, Is.InRange(60, 150));
        }
    }

    [Test]
    public void Nobody_keeps_a_row_alive_but_the_list_of_players()
    {
        _simulator.RunFor(TimeSpan.FromMinutes(10));
        int owned = _server.Host.Facade.GetOwnedRecords().Count;
        _population.Crash(_server);
        _simulator.RunFor(TimeSpan.FromMinutes(4));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(owned, Is.EqualTo(2), "the server's own two");
            Assert.That(Find(), Is.Null);
        }
    }

    [Test]
    public void Who_leaves_after_many_renewals_is_not_found_any_more()
    {
        _simulator.RunFor(TimeSpan.FromMinutes(10));
        Run(_setPlayers([]));
        _simulator.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Find(), Is.Null);
    }

    private PlayerPlace? Find() => Run(_population.Up[33].Host.OpenDirectory().FindPlayerAsync("p-123")).Place;

    private T Run<T>(Task<T> task)
    {
        _simulator.RunUntil(() => task.IsCompleted, TimeSpan.FromSeconds(30));
        return task.GetAwaiter().GetResult();
    }
}
