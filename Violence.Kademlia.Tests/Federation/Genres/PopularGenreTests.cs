using Violence.Kademlia.Engine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Tests.Federation.Genres;

/// <summary>A genre of several shards in a small network, on virtual time.</summary>
[TestFixture]
internal sealed class PopularGenreTests
{
    private const string Genre = "arena";
    private const int Nodes = 40;
    private const int Servers = 150;
    private const int Gone = 20;

    private static readonly ServerQuery Whole = new() { Genre = Genre, Limit = ServerQuery.MaxLimit };

    private readonly Dictionary<string, ServerAnnouncement> _announcements = [];
    private readonly Dictionary<string, string> _watched = [];
    private Simulator _simulator = null!;
    private Population _population = null!;

    [SetUp]
    public void Begin()
    {
        // The runner's own would continue what this test awaits somewhere else.
        SynchronizationContext.SetSynchronizationContext(null);
        _announcements.Clear();
        _watched.Clear();
        _simulator = new Simulator(seed: 23, LatencyModel.Constant(TimeSpan.FromMilliseconds(20)));
        _population = new Population(_simulator, new EngineConfig { Network = Simulator.Network });
        _population.Grow(Nodes);
        _simulator.RunFor(TimeSpan.FromMinutes(1));
    }

    [Test]
    public void Servers_in_several_shards_are_listed_streamed_looked_up_and_watched_as_they_change_and_leave()
    {
        for (int i = 0; i < Servers; i += 10)
        {
            Run(Task.WhenAll(Enumerable.Range(i, 10).Select(AnnounceAsync)));
        }

        string[] all = [.. _announcements.Keys.Order(StringComparer.Ordinal)];
        string below = InChildren()[0];
        Assert.That(InChildren(), Has.Count.InRange(Servers - (2 * GenreShard.Full), Servers - GenreShard.Full));
        Assert.That(Listed(_population.Up[7]), Is.EqualTo(all));
        Assert.That(Streamed(_population.Up[8]), Is.EquivalentTo(all));
        Assert.That(Run(_population.Up[9].Host.OpenDirectory().LookupAsync(below)).Server?.Server.Name, Is.EqualTo(below));

        using var enough = new CancellationTokenSource();
        Task watch = WatchAsync(_population.Up[10], enough.Token);
        Await(() => _watched.Count == Servers, TimeSpan.FromSeconds(30));

        // So that nothing but what holders tell is heard in time.
        _simulator.RunFor(TimeSpan.FromSeconds(5));
        ServerAnnouncement changing = _announcements[below];
        Run(changing.UpdateAsync(changing.Server with { Players = 5 }));
        Await(() => _watched[below] == "Changed 5", TimeSpan.FromSeconds(2));

        string[] leaving = [.. InChildren().Take(Gone / 2).Concat(all.Except(InChildren())).Take(Gone)];
        Run(Task.WhenAll(leaving.Select(name => _announcements[name].WithdrawAsync())));
        Await(() => leaving.All(name => _watched[name].StartsWith("Left", StringComparison.Ordinal)), TimeSpan.FromSeconds(2));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(leaving, Has.Length.EqualTo(Gone));
            Assert.That(Listed(_population.Up[11]), Is.EqualTo(all.Except(leaving)));
            Assert.That(watch.IsCompleted, Is.False);
        }

        enough.Cancel();
        Assert.That(watch.IsCanceled, Is.True);
        _simulator.RunFor(TimeSpan.FromSeconds(20));
        Assert.That(_population.Up[10].Engine.HasCallers, Is.False);
    }

    private async Task AnnounceAsync(int number)
    {
        string name = $"server {number:d3}";
        _announcements[name] = await _population.Up[number % Nodes].Host.OpenDirectory().AnnounceAsync(
            new ServerInfo { Name = name, Address = "203.0.113.1:7777", Genre = Genre });
    }

    private async Task WatchAsync(SimulatedNode node, CancellationToken cancellationToken)
    {
        await foreach (ServerEvent change in node.Host.OpenDirectory().WatchAsync(Whole, cancellationToken))
        {
            _watched[change.Listing.Server.Name] = $"{change.Kind} {change.Listing.Server.Players}";
        }
    }

    private string[] Listed(SimulatedNode node) =>
        [.. Run(node.Host.OpenDirectory().QueryAllAsync(Whole)).Select(static listing => listing.Server.Name)];

    private List<string> Streamed(SimulatedNode node)
    {
        List<string> names = [];
        async Task ReadAsync()
        {
            await foreach (ServerListing listing in node.Host.OpenDirectory().QueryAsync(Whole))
            {
                names.Add(listing.Server.Name);
            }
        }

        Run(ReadAsync());
        return names;
    }

    /// <summary>Names of those whose rows stand below the root.</summary>
    private List<string> InChildren()
    {
        HashSet<RecordKey> keys = [.. GenreShard.Root(Genre).Children.Select(static child => child.Key)];
        return [.. _population.Up
            .SelectMany(node => node.Engine.Store.Snapshot(_simulator.Now))
            .Where(held => !held.Record.IsTombstone && keys.Contains(held.Record.Key))
            .Select(static held => held.Record.Label)
            .Distinct()
            .Order(StringComparer.Ordinal)];
    }

    private void Await(Func<bool> condition, TimeSpan atMost)
    {
        _simulator.RunUntil(condition, atMost);
        Assert.That(condition(), Is.True);
    }

    private void Run(Task task)
    {
        _simulator.RunUntil(() => task.IsCompleted, TimeSpan.FromSeconds(30));
        task.GetAwaiter().GetResult();
    }

    private T Run<T>(Task<T> task)
    {
        Run((Task)task);
        return task.GetAwaiter().GetResult();
    }
}
