using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios.Directory;

/// <summary>
/// A popular genre: many servers under one text, each on a node of its own. How soon a query has rows, how soon it has all, and how evenly the work falls
/// on those who hold them. Uses the public directory alone, so it measures whatever that does underneath.
/// </summary>
internal sealed class GenreScenario : Scenario
{
    /// <summary>Announced at the same moment, and the rows a browser shows first.</summary>
    public const int FirstServers = 50;

    public override string Name => "genre";

    public override string Explanation =>
        "--records (1,000) servers of one genre, each on its own node, 50 of them announced at the same moment; then --lookups (400) queries, streamed and whole, after --hours (0) of quiet.";

    public override ScenarioOptions Usual { get; } = new() { Records = 1_000, Lookups = 400 };

    /// <summary>Nodes that are minutes old do not know all their neighbours yet.</summary>
    public override Aftermath Aftermath { get; } = new() { Calm = TimeSpan.Zero, LeastClosest = 0.9, LeastAfterwards = 0.95, KnowsNeighbours = false };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        run.Simulator.RunFor(TimeSpan.FromHours(run.Options.Hours ?? 0));
        new GenreStory(run).Play();
    }
}

/// <summary>One run of <see cref="GenreScenario"/>.</summary>
internal sealed class GenreStory
{
    private const string Genre = "horror";

    private static readonly ServerQuery Whole = new() { Genre = Genre, Limit = ServerQuery.MaxLimit };
    private static readonly TimeSpan Arrival = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Asking = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScenarioRun _run;
    private readonly Simulator _simulator;
    private readonly Flows _flows;
    private readonly SimulatedNode[] _servers;
    private readonly Percentiles _announceMs = new();
    private readonly Percentiles _first50Ms = new();
    private readonly Percentiles _allMs = new();
    private readonly Percentiles _rows = new();
    private readonly Percentiles _datagrams = new();
    private readonly Percentiles _bytes = new();
    private int _announced;
    private int _answered;

    public GenreStory(ScenarioRun run)
    {
        _run = run;
        _simulator = run.Simulator;
        _flows = new Flows(_simulator);
        _servers = Sample(run.Population.Up, run.Options.Records);
    }

    private int Listed => Math.Min(_servers.Length, ServerQuery.MaxLimit);

    private int First => Math.Min(GenreScenario.FirstServers, _servers.Length);

    public void Play()
    {
        double concurrent = AnnounceFirst();
        for (int i = First; i < _servers.Length; i++)
        {
            int server = i;
            _simulator.After(Arrival * _simulator.Entropy.NextDouble(), () => _flows.Start(() => AnnounceAsync(server)));
        }

        _flows.RunFor(Arrival);
        _flows.RunUntil(() => _announced == _servers.Length, Patience);
        if (_announced < _servers.Length)
        {
            _run.Checks.Report($"{_servers.Length - _announced} of {_servers.Length} servers were not announced within {Patience.TotalSeconds} s");
        }

        // What renewals bring to holders, so that it can be told from what the queries bring.
        long[] before = Served();
        _flows.RunFor(Asking);
        long[] usual = Difference(before, Served());
        before = Served();
        Ask();
        long[] load = Difference(before, Served());
        Report(concurrent, load, usual);
    }

    /// <summary>Has servers announced at the same moment: none may get lost, whoever else writes under the same genre.</summary>
    private double AnnounceFirst()
    {
        for (int i = 0; i < First; i++)
        {
            int server = i;
            _flows.Start(() => AnnounceAsync(server));
        }

        _flows.RunUntil(() => _announced == First, Patience);
        var found = new HashSet<string>(StringComparer.Ordinal);
        const int Askers = 3;
        int asked = 0;
        for (int i = 0; i < Askers; i++)
        {
            SimulatedNode asker = _run.Population.Random();
            _flows.Start(async () =>
            {
                foreach (ServerListing row in await asker.Host.OpenDirectory().QueryAllAsync(Whole).ConfigureAwait(false))
                {
                    found.Add(row.Server.Name);
                }

                asked++;
            });
        }

        _flows.RunUntil(() => asked == Askers, Patience);
        for (int i = 0; i < First; i++)
        {
            if (!found.Contains(NameOf(i)))
            {
                _run.Checks.Report($"{NameOf(i)}, announced at the same moment as {First - 1} others, is not listed");
            }
        }

        return (double)found.Count / First;
    }

    private void Ask()
    {
        int queries = Math.Max(2, _run.Options.Lookups);
        for (int i = 0; i < queries; i++)
        {
            bool isStreamed = i % 2 == 0;
            SimulatedNode asker = _run.Population.Random();
            _simulator.After(Asking * _simulator.Entropy.NextDouble(), () => _flows.Start(() => isStreamed ? StreamAsync(asker) : ListAsync(asker)));
        }

        _flows.RunFor(Asking);
        _flows.RunUntil(() => _answered == queries, Patience);
    }

    private async Task AnnounceAsync(int server)
    {
        Instant start = _simulator.Now;
        SimulatedNode node = _servers[server];
        await node.Host.OpenDirectory().AnnounceAsync(new ServerInfo
        {
            Name = NameOf(server),
            Address = node.Endpoint.ToString(),
            Genre = Genre,
            Region = "us-east",
            Players = server % 17,
            MaxPlayers = 16,
            Version = "1.4.2",
            Mode = "survival",
            Tags = ["modded", "english"],
        }).ConfigureAwait(false);
        _announceMs.Add(Since(start));
        _announced++;
    }

    private async Task StreamAsync(SimulatedNode asker)
    {
        Instant start = _simulator.Now;
        int rows = 0;
        await foreach (ServerListing _ in asker.Host.OpenDirectory().QueryAsync(Whole).ConfigureAwait(false))
        {
            if (++rows == First)
            {
                _first50Ms.Add(Since(start));
            }
        }

        _rows.Add(rows);
        _answered++;
    }

    private async Task ListAsync(SimulatedNode asker)
    {
        Instant start = _simulator.Now;
        long datagrams = asker.Host.Datagrams;
        long bytes = asker.BytesSent + asker.BytesReceived;
        IReadOnlyList<ServerListing> rows = await asker.Host.OpenDirectory().QueryAllAsync(Whole).ConfigureAwait(false);
        _allMs.Add(Since(start));
        _rows.Add(rows.Count);
        _datagrams.Add(asker.Host.Datagrams - datagrams);
        _bytes.Add(asker.BytesSent + asker.BytesReceived - bytes);
        _answered++;
    }

    private void Report(double concurrent, long[] load, long[] usual)
    {
        var records = new Percentiles();
        var requests = new Percentiles();
        foreach (SimulatedNode node in _run.Population.Up)
        {
            int held = node.Engine.Store.Snapshot(_simulator.Now).Count(IsRow);
            if (held > 0)
            {
                records.Add(held);
                requests.Add(Math.Max(0, load[node.Number] - usual[node.Number]));
            }
        }

        double byRecords = Uneven(records);
        double byRequests = Uneven(requests);
        _run.Complete = report => report with
        {
            Servers = _announced,
            ConcurrentFoundShare = Math.Round(concurrent, 4),
            AnnounceMsP50 = _announceMs.At(0.5),
            AnnounceMsP99 = _announceMs.At(0.99),
            First50MsP50 = _first50Ms.At(0.5),
            First50MsP99 = _first50Ms.At(0.99),
            AllMsP50 = _allMs.At(0.5),
            AllMsP99 = _allMs.At(0.99),
            RowsFoundShare = Math.Round(_rows.Mean / Listed, 4),
            DatagramsPerQuery = Math.Round(_datagrams.Mean, 1),
            BytesPerQuery = Math.Round(_bytes.Mean),
            Holders = records.Count,
            HolderLoadMaxOverMean = Math.Max(byRecords, byRequests),
            HolderRecordsMaxOverMean = byRecords,
            HolderRequestsMaxOverMean = byRequests,
        };
    }

    private static double Uneven(Percentiles loads) => loads.Mean > 0 ? Math.Round(loads.At(1) / loads.Mean, 2) : 0;

    /// <summary>Wherever it stands: one genre may be spread over several keys.</summary>
    private static bool IsRow(Storage.StoredRecord held) =>
        !held.Record.IsTombstone
        && held.Record.Label.Length > 0
        && ServerRowCodec.TryDecode(held.Record.Payload, out ServerInfo? row, out _)
        && row.Genre == Genre;

    private static string NameOf(int server) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"arena-{server:d5}");

    private static long[] Difference(long[] before, long[] after) => [.. after.Select((value, i) => value - before[i])];

    private double Since(Instant start) => (_simulator.Now - start).TotalMilliseconds;

    private long[] Served() => [.. _simulator.Nodes.Select(static node => node.IsRunning ? node.Engine.Counters.RequestsServed : 0)];

    /// <summary>So many different ones, by chance.</summary>
    private SimulatedNode[] Sample(IReadOnlyList<SimulatedNode> from, int count)
    {
        SimulatedNode[] nodes = [.. from];
        count = Math.Min(count, nodes.Length);
        for (int i = 0; i < count; i++)
        {
            int other = i + _simulator.Entropy.NextInt32(nodes.Length - i);
            (nodes[i], nodes[other]) = (nodes[other], nodes[i]);
        }

        return nodes[..count];
    }
}
