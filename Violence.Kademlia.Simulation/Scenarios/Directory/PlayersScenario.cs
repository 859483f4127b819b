using System.Globalization;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios.Directory;

/// <summary>
/// Players hop from server to server every minute. Wherever somebody asks, the newest server is to be named, whether the one before says
/// goodbye at once, late, or never again.
/// </summary>
internal sealed class PlayersScenario : Scenario
{
    public override string Name => "players";

    public override string Explanation =>
        "--records (10) players hop between servers every minute for --hours (1); goodbyes come at once, late, or never; random nodes look for them after each hop.";

    public override ScenarioOptions Usual { get; } = new() { Nodes = 200, Records = 10 };

    public override Aftermath Aftermath { get; } = new() { LeastClosest = 0.9 };

    public override void Play(ScenarioRun run)
    {
        run.Simulator.Faults.Loss = StaticScenario.UsualLoss;
        run.Settle();
        new PlayersStory(run).Play();
    }
}

/// <summary>One run of <see cref="PlayersScenario"/>.</summary>
internal sealed class PlayersStory
{
    private const double LateShare = 0.25;
    private const double CrashShare = 0.05;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(2);

    private readonly ScenarioRun _run;
    private readonly Simulator _simulator;
    private readonly Population _population;
    private readonly Flows _flows;
    private readonly List<GameServer> _servers = [];
    private readonly HashSet<SimulatedNode> _taken = [];
    private readonly GameServer?[] _places;
    private readonly Percentiles _findMs = new();
    private readonly Percentiles _datagrams = new();
    private int _serversStarted;
    private int _hops;
    private int _found;
    private int _foundAtOnce;
    private Instant _ends = Instant.Never;

    public PlayersStory(ScenarioRun run)
    {
        _run = run;
        _simulator = run.Simulator;
        _population = run.Population;
        _flows = new Flows(_simulator);
        _places = new GameServer?[run.Options.Records];
    }

    public void Play()
    {
        // Enough that a player rarely comes back soon, and none that is never visited.
        int servers = Math.Clamp(_population.Up.Count / 4, 2, 50);
        for (int i = 0; i < servers; i++)
        {
            StartServer();
        }

        _flows.RunFor(TimeSpan.FromSeconds(30));
        for (int i = 0; i < _places.Length; i++)
        {
            int player = i;
            _simulator.After(Pause * _simulator.Entropy.NextDouble(), () => HopAgain(player));
        }

        var span = TimeSpan.FromHours(_run.Options.Hours ?? 1);
        _ends = _simulator.Now + span;
        _flows.RunFor(span + InTime + AskAgain);
        _run.Complete = report => report with
        {
            Servers = _servers.Count,
            Finds = _hops,
            FoundNewestShare = Share(_found),
            FirstFindNewestShare = Share(_foundAtOnce),
            FindMsP50 = _findMs.At(0.5),
            FindMsP99 = _findMs.At(0.99),
            FindMsMax = _findMs.At(1),
            DatagramsPerFind = Math.Round(_datagrams.Mean, 1),
        };
    }

    private double Share(int count) => _hops == 0 ? 0 : Math.Round((double)count / _hops, 4);

    private static string IdOf(int player) => string.Create(CultureInfo.InvariantCulture, $"player-{player:d3}");

    private void StartServer()
    {
        SimulatedNode node = _population.Random();
        while (!_taken.Add(node))
        {
            node = _population.Random();
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"arena-{_serversStarted++:d4}");
        _flows.Start(async () =>
        {
            ServerAnnouncement announcement = await node.Host.OpenDirectory().AnnounceAsync(
                new ServerInfo { Name = name, Address = node.Endpoint.ToString(), Genre = "horror" }).ConfigureAwait(false);
            _servers.Add(new GameServer(name, node, announcement));
        });
    }

    private void HopAgain(int player)
    {
        if (_simulator.Now < _ends)
        {
            Hop(player);
            _simulator.After(Pause, () => HopAgain(player));
        }
    }

    private void Hop(int player)
    {
        GameServer? from = _places[player];
        GameServer[] others = [.. _servers.Where(server => server != from)];
        if (others.Length == 0)
        {
            return;
        }

        GameServer to = others[_simulator.Entropy.NextInt32(others.Length)];
        _places[player] = to;
        if (!to.Players.Add(IdOf(player)))
        {
            // It has not noticed yet that the player had left: a new connection ends the old stay first.
            string[] without = [.. to.Players.Where(id => id != IdOf(player))];
            _flows.Start(() => to.Announcement.SetPlayersAsync(without));
        }

        SimulatedNode asker = AskerBut(to.Node, from?.Node);
        _flows.Start(() => ArriveAsync(player, to, asker));
        if (from is not null)
        {
            Leave(player, from);
        }
    }

    /// <summary>The server that was left says so at once, later, or dies without a word, and another comes in its place.</summary>
    private void Leave(int player, GameServer from)
    {
        double chance = _simulator.Entropy.NextDouble();
        if (chance < CrashShare)
        {
            if (from.Node.IsRunning)
            {
                _servers.Remove(from);
                _population.Crash(from.Node);
                _population.JoinNew();
                StartServer();
            }

            return;
        }

        TimeSpan delay = chance < CrashShare + LateShare ? LongestDelay * _simulator.Entropy.NextDouble() : TimeSpan.Zero;
        _simulator.After(delay, () =>
        {
            // Who is back by then has begun another stay there.
            if (_places[player] != from && from.Players.Remove(IdOf(player)))
            {
                _flows.Start(() => from.Announcement.SetPlayersAsync([.. from.Players]));
            }
        });
    }

    private async Task ArriveAsync(int player, GameServer to, SimulatedNode asker)
    {
        Instant start = _simulator.Now;
        await to.Announcement.SetPlayersAsync([.. to.Players]).ConfigureAwait(false);
        ServerDirectory directory = asker.Host.OpenDirectory();
        bool isFirst = true;
        bool isFound = false;
        while (!isFound && _simulator.Now - start < InTime)
        {
            PlayerLookupResult result = await directory.FindPlayerAsync(IdOf(player)).ConfigureAwait(false);
            if (isFirst)
            {
                _datagrams.Add(2 * result.Cost.Requests);
            }

            isFound = string.Equals(result.Place?.ServerName, to.Name, StringComparison.Ordinal) && _simulator.Now - start <= InTime;
            _foundAtOnce += isFound && isFirst ? 1 : 0;
            isFirst = false;
            if (!isFound)
            {
                await Task.Delay(AskAgain, asker.Host.Time).ConfigureAwait(false);
            }
        }

        // A hop whose server or asker died meanwhile never gets here.
        _hops++;
        _found += isFound ? 1 : 0;
        if (isFound)
        {
            _findMs.Add((_simulator.Now - start).TotalMilliseconds);
        }
    }

    private SimulatedNode AskerBut(SimulatedNode one, SimulatedNode? other)
    {
        SimulatedNode asker = _population.Random();
        for (int tries = 0; tries < 20 && (asker == one || asker == other); tries++)
        {
            asker = _population.Random();
        }

        return asker;
    }

    private sealed record GameServer(string Name, SimulatedNode Node, ServerAnnouncement Announcement)
    {
        public SortedSet<string> Players { get; } = new(StringComparer.Ordinal);

        public bool Equals(GameServer? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);
    }
}
