using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Directory;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios.Directory;

/// <summary>A directory of thousands of servers whose nodes come and go: whether lists have those that live, and few that don't.</summary>
internal sealed class DirectoryScenario : Scenario
{
    public override string Name => "directory";

    public override string Explanation =>
        "--records (5,000) servers in 6 genres and 6 regions live and die with their nodes (exponential sessions, --median-minutes) for --hours (1); queries every minute.";

    public override ScenarioOptions Usual { get; } = new() { Nodes = 200, Records = 5_000 };

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.9 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Population.Churn(SessionLengths.Exponential(TimeSpan.FromMinutes(run.Options.MedianMinutes)), static _ => false);
        run.MeasureUpkeep(TimeSpan.FromMinutes(15));
        new DirectoryStory(run).Play();
    }
}

/// <summary>One run of <see cref="DirectoryScenario"/>.</summary>
internal sealed class DirectoryStory
{
    private const int QueriesPerRound = 4;

    private static readonly string[] Genres = ["fantasy", "scifi", "horror", "cyberpunk", "postapoc", "western"];
    private static readonly string[] Regions = ["us-east", "us-west", "eu-west", "eu-east", "asia", "oceania"];

    /// <summary>Servers younger than that need not be listed yet.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);

    /// <summary>Queries are over by then: what is sent in the rest of a round is announcing, and what nodes do anyway.</summary>
    private static readonly TimeSpan Asking = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan WarmUp = TimeSpan.FromMinutes(5);

    private readonly ScenarioRun _run;
    private readonly Simulator _simulator;
    private readonly Flows _flows;

    // By name, in the order they were started.
    private readonly SortedDictionary<string, GameServer> _servers = new(StringComparer.Ordinal);
    private readonly Percentiles _recall = new();
    private readonly Percentiles _rows = new();
    private readonly Percentiles _queryMs = new();
    private readonly Percentiles _datagrams = new();
    private readonly Percentiles _bytes = new();
    private readonly Percentiles _announceMs = new();
    private readonly Percentiles _announceBytes = new();
    private readonly Percentiles _announceDatagrams = new();
    private double _leastRecall = 1;
    private long _shown;
    private long _shownLive;
    private long _shownLiveButDead;
    private long _shownDead;
    private int _started;

    public DirectoryStory(ScenarioRun run)
    {
        _run = run;
        _simulator = run.Simulator;
        _flows = new Flows(_simulator);
    }

    public void Play()
    {
        _run.Population.CameUp = StartServers;
        foreach (SimulatedNode node in _run.Population.Up.ToArray())
        {
            _simulator.After(Round * _simulator.Entropy.NextDouble(), () => StartServers(node));
        }

        _flows.RunFor(WarmUp);
        Instant end = _simulator.Now + TimeSpan.FromHours(_run.Options.Hours ?? 1);
        while (_simulator.Now < end)
        {
            for (int i = 0; i < QueriesPerRound; i++)
            {
                SimulatedNode asker = _run.Population.Random();
                string genre = Genres[_simulator.Entropy.NextInt32(Genres.Length)];
                string? region = i % 2 == 0 ? null : Regions[_simulator.Entropy.NextInt32(Regions.Length)];
                _flows.Start(() => QueryAsync(asker, new ServerQuery { Genre = genre, Region = region, Limit = ServerQuery.MaxLimit }));
            }

            _flows.RunFor(Asking);
            MeasureAnnouncing(Round - Asking);
            Forget();
        }

        _run.Population.CameUp = null;
        _run.Complete = Report;
    }

    private void MeasureAnnouncing(TimeSpan span)
    {
        long bytes = _simulator.BytesSent;
        long datagrams = _simulator.DatagramsSent;
        _flows.RunFor(span);
        int live = Math.Max(1, Live().Count());
        _announceBytes.Add(Beyond(_simulator.BytesSent - bytes, _run.UpkeepBytesPerNodeS));
        _announceDatagrams.Add(Beyond(_simulator.DatagramsSent - datagrams, _run.UpkeepDatagramsPerNodeS));

        double Beyond(long sent, double usual) => ((sent / span.TotalSeconds) - (usual * _run.Population.Up.Count)) / live;
    }

    private IEnumerable<GameServer> Live() => _servers.Values.Where(static server => !server.Host.IsOver);

    /// <summary>Servers that are gone for longer than any record lives can't be listed any more.</summary>
    private void Forget()
    {
        Instant now = _simulator.Now;
        foreach (GameServer server in _servers.Values.Where(server => server.Host.IsOver && now - server.Host.EndedAt > Record.MaxTimeToLive + Round).ToArray())
        {
            _servers.Remove(server.Name);
        }
    }

    private void StartServers(SimulatedNode node)
    {
        if (!node.IsRunning)
        {
            return;
        }

        int nodes = _run.Options.Nodes;
        int servers = _run.Options.Records / nodes + (node.Number % nodes < _run.Options.Records % nodes ? 1 : 0);
        for (int i = 0; i < servers; i++)
        {
            var server = new GameServer(
                string.Create(CultureInfo.InvariantCulture, $"server-{_started:d6}"),
                Genres[_started % Genres.Length],
                Regions[_started / Genres.Length % Regions.Length],
                node.Host);
            _started++;
            _servers.Add(server.Name, server);
            _flows.Start(() => AnnounceAsync(server));
        }
    }

    private async Task AnnounceAsync(GameServer server)
    {
        Instant start = _simulator.Now;
        await server.Host.OpenDirectory().AnnounceAsync(new ServerInfo
        {
            Name = server.Name,
            Address = server.Host.LocalEndpoint.ToString(),
            Genre = server.Genre,
            Region = server.Region,
            Players = _started % 17,
            MaxPlayers = 16,
            Version = "1.4.2",
            Mode = "survival",
            Tags = ["modded", "english"],
        }).ConfigureAwait(false);
        server.AnnouncedAt = _simulator.Now;
        _announceMs.Add((_simulator.Now - start).TotalMilliseconds);
    }

    private async Task QueryAsync(SimulatedNode asker, ServerQuery query)
    {
        Instant start = _simulator.Now;
        SimulatedHost host = asker.Host;
        long datagrams = host.Datagrams;
        long bytes = asker.BytesSent + asker.BytesReceived;
        IReadOnlyList<ServerListing> rows = await host.OpenDirectory().QueryAllAsync(query).ConfigureAwait(false);
        _queryMs.Add((_simulator.Now - start).TotalMilliseconds);
        _datagrams.Add(host.Datagrams - datagrams);
        _bytes.Add(asker.BytesSent + asker.BytesReceived - bytes);
        _rows.Add(rows.Count);
        Judge(query, rows, start);
    }

    private void Judge(ServerQuery query, IReadOnlyList<ServerListing> rows, Instant start)
    {
        var listed = new HashSet<string>(rows.Select(static row => row.Server.Name), StringComparer.Ordinal);
        GameServer[] expected =
        [
            .. Live().Where(server => server.AnnouncedAt + Grace <= start
                && server.Genre == query.Genre && (query.Region is null || server.Region == query.Region)),
        ];
        if (expected.Length > 0)
        {
            double recall = (double)expected.Count(server => listed.Contains(server.Name)) / expected.Length;
            _recall.Add(recall);
            _leastRecall = Math.Min(_leastRecall, recall);
        }

        foreach (ServerListing row in rows)
        {
            bool isDead = !_servers.TryGetValue(row.Server.Name, out GameServer? server) || server.Host.IsOver;
            bool isOld = row.Lease is { } lease && _simulator.Utc - row.AnnouncedAt > ServerLease.Patience(lease);
            bool isShownLive = row.Liveness == ServerLiveness.Live;
            _shown++;
            _shownDead += isDead ? 1 : 0;
            _shownLive += isShownLive ? 1 : 0;
            _shownLiveButDead += isShownLive && isDead && isOld ? 1 : 0;
        }
    }

    private SimulationReport Report(SimulationReport report) => report with
    {
        Servers = Live().Count(),
        RecallMean = Math.Round(_recall.Mean, 4),
        RecallMin = Math.Round(_leastRecall, 4),
        LiveButDeadShare = Share(_shownLiveButDead, _shownLive),
        DeadRowsShare = Share(_shownDead, _shown),
        RowsMean = Math.Round(_rows.Mean, 1),
        QueryMsP50 = _queryMs.At(0.5),
        QueryMsP99 = _queryMs.At(0.99),
        DatagramsPerQuery = Math.Round(_datagrams.Mean, 1),
        BytesPerQuery = Math.Round(_bytes.Mean),
        AnnounceMsP50 = _announceMs.At(0.5),
        AnnounceMsP99 = _announceMs.At(0.99),
        AnnounceBytesPerServerS = Math.Round(_announceBytes.Mean, 1),
        AnnounceDatagramsPerServerS = Math.Round(_announceDatagrams.Mean, 2),
    };

    private static double Share(long part, long whole) => whole == 0 ? 0 : Math.Round((double)part / whole, 4);

    private sealed class GameServer(string name, string genre, string region, SimulatedHost host)
    {
        public string Name => name;

        public string Genre => genre;

        public string Region => region;

        public SimulatedHost Host => host;

        /// <summary>When its announcement was acknowledged; <see cref="Instant.Never"/> until then.</summary>
        public Instant AnnouncedAt { get; set; } = Instant.Never;
    }
}
