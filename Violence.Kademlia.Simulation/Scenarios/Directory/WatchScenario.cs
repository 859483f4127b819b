using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios.Directory;

/// <summary>Browsers that stay open: how soon those who watch a genre hear that a server changed, came or left, and what it costs.</summary>
internal sealed class WatchScenario : Scenario
{
    public override string Name => "watch";

    public override string Explanation =>
        "200 nodes watch a genre of --records (100) servers; every 4 s one changes, comes or leaves, for --hours (0.1); other nodes come and go (exponential, --median-minutes).";

    public override ScenarioOptions Usual { get; } = new() { Records = 100 };

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.9 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        new WatchStory(run).Play();
    }
}

/// <summary>One run of <see cref="WatchScenario"/>.</summary>
internal sealed class WatchStory
{
    private const string Genre = "horror";
    private const int WatchersMost = 200;
    private const double ComeShare = 0.15;
    private const double LeaveShare = 0.15;

    /// <summary>Stands for the number of players where a server leaves.</summary>
    private const int Gone = -1;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lease = new ServerDirectoryOptions().Lease;

    private readonly ScenarioRun _run;
    private readonly Simulator _simulator;
    private readonly Flows _flows;
    private readonly SimulatedNode[] _watchers;
    private readonly SimulatedNode[] _hosts;

    // Those that are up, whoever has not changed for longest first.
    private readonly LinkedList<ServerAnnouncement> _servers = new();
    private readonly Dictionary<(string Server, int Players), Change> _changes = [];
    private readonly Percentiles _hearMs = new();

    // What is sent in the half of a pause right after a change, less what is sent in the other half: upkeep and renewals are in both.
    private readonly Percentiles _datagrams = new();
    private int _announced;
    private int _players;
    private int _soon;
    private int _inLease;
    private bool _isCounting;

    public WatchStory(ScenarioRun run)
    {
        _run = run;
        _simulator = run.Simulator;
        _flows = new Flows(_simulator);
        SimulatedNode[] nodes = [.. run.Population.Up];

        // Apart where the network is large enough; the others come and go.
        _watchers = nodes[..Math.Min(WatchersMost, Math.Max(1, nodes.Length / 4))];
        _hosts = nodes[_watchers.Length..Math.Min(nodes.Length, _watchers.Length + Math.Min(run.Options.Records, Math.Max(1, nodes.Length / 4)))];
    }

    public void Play()
    {
        for (int i = 0; i < _run.Options.Records; i++)
        {
            _flows.Start(ComeAsync);
        }

        _flows.RunFor(TimeSpan.FromSeconds(30));
        for (int i = 0; i < _watchers.Length; i++)
        {
            int watcher = i;
            _simulator.After(Soon * _simulator.Entropy.NextDouble(), () => _flows.Start(() => WatchAsync(watcher)));
        }

        var stays = new HashSet<SimulatedNode>([.. _watchers, .. _hosts]);
        _run.Population.Churn(SessionLengths.Exponential(TimeSpan.FromMinutes(_run.Options.MedianMinutes)), stays.Contains);
        _flows.RunFor(2 * Lease);

        var span = TimeSpan.FromHours(_run.Options.Hours ?? 0.1);
        int changes = (int)(span / Pause);
        _isCounting = true;
        for (int i = 0; i < changes; i++)
        {
            ChangeSomething();
            long after = Sent(Pause / 2);
            _datagrams.Add(after - Sent(Pause / 2));
        }

        _flows.RunFor(Lease + Soon);
        double heard = Math.Max(1, _changes.Count * _watchers.Length);
        int made = _changes.Count;
        _run.Complete = report => report with
        {
            Servers = _servers.Count,
            Changes = made,
            HeardIn1sShare = Math.Round(_soon / heard, 4),
            HeardInLeaseShare = Math.Round(_inLease / heard, 4),
            HearMsP50 = _hearMs.At(0.5),
            HearMsP99 = _hearMs.At(0.99),
            DatagramsPerChange = Math.Round(_datagrams.Mean, 1),
        };
    }

    private long Sent(TimeSpan span)
    {
        long before = _simulator.DatagramsSent;
        _flows.RunFor(span);
        return _simulator.DatagramsSent - before;
    }

    private void ChangeSomething()
    {
        double chance = _simulator.Entropy.NextDouble();
        if (chance < ComeShare || _servers.First is not { } first)
        {
            _flows.Start(ComeAsync);
            return;
        }

        ServerAnnouncement server = first.Value;
        _servers.RemoveFirst();
        if (chance < ComeShare + LeaveShare)
        {
            Note(server.Server.Name, Gone);
            _flows.Start(() => server.WithdrawAsync());
            return;
        }

        _servers.AddLast(server);
        ServerInfo changed = server.Server with { Players = ++_players };
        Note(changed.Name, changed.Players);
        _flows.Start(() => server.UpdateAsync(changed));
    }

    private async Task ComeAsync()
    {
        SimulatedNode node = _hosts[_announced % _hosts.Length];
        var server = new ServerInfo
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"arena-{_announced++:d4}"),
            Address = node.Endpoint.ToString(),
            Genre = Genre,
            Players = ++_players,
        };
        Note(server.Name, server.Players);
        _servers.AddLast(await node.Host.OpenDirectory().AnnounceAsync(server).ConfigureAwait(false));
    }

    private async Task WatchAsync(int watcher)
    {
        ServerDirectory directory = _watchers[watcher].Host.OpenDirectory();
        await foreach (ServerEvent news in directory.WatchAsync(new ServerQuery { Genre = Genre, Limit = ServerQuery.MaxLimit }).ConfigureAwait(false))
        {
            ServerInfo server = news.Listing.Server;
            int players = news.Kind == ServerEventKind.Left ? Gone : server.Players;
            if (_changes.TryGetValue((server.Name, players), out Change? change) && change.Heard.Add(watcher))
            {
                TimeSpan since = _simulator.Now - change.At;
                _hearMs.Add(since.TotalMilliseconds);
                _soon += since <= Soon ? 1 : 0;
                _inLease += since <= Lease ? 1 : 0;
            }
        }
    }

    private void Note(string server, int players)
    {
        if (_isCounting)
        {
            _changes.Add((server, players), new Change(_simulator.Now));
        }
    }

    private sealed record Change(Instant At)
    {
        public HashSet<int> Heard { get; } = [];
    }
}
