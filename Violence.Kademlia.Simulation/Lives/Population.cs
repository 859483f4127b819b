using Violence.Kademlia.Engine;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Lives;

/// <summary>Who lives in a simulated network: brings nodes up, and lets them come and go.</summary>
internal sealed class Population(Simulator simulator, EngineConfig config)
{
    private static readonly TimeSpan JoinPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan GrowthTime = TimeSpan.FromMinutes(1);

    private readonly List<SimulatedNode> _up = [];
    private readonly Dictionary<SimulatedNode, int> _places = [];
    private bool _isChurning;

    /// <summary>Nodes that run now, in no meaningful but a repeatable order.</summary>
    public IReadOnlyList<SimulatedNode> Up => _up;

    /// <summary>Hears of every node that is started, right after its start.</summary>
    public Action<SimulatedNode>? CameUp { get; set; }

    /// <summary>
    /// Adds nodes one after the other, each joining through a random one that is up: fifty a second, and in a network of
    /// thousands as many as double it in 42 s. A hundred thousand would take over half an hour otherwise.
    /// </summary>
    public void Grow(int nodes)
    {
        for (int i = 0; i < nodes; i++)
        {
            JoinNew();
            TimeSpan pause = GrowthTime / _up.Count;
            simulator.RunFor(pause < JoinPause ? pause : JoinPause);
        }
    }

    /// <summary>Starts a node that was never there before.</summary>
    public SimulatedNode JoinNew(TimeSpan clockError = default)
    {
        SimulatedNode node = simulator.Create(config, clockError);
        Join(node);
        return node;
    }

    /// <summary>Starts a node through up to three random ones that are up.</summary>
    public void Join(SimulatedNode node)
    {
        var seeds = new List<NodeEndpoint>();
        for (int i = 0; i < 3 && _up.Count > 0; i++)
        {
            seeds.Add(Random().Endpoint);
        }

        node.Start([.. seeds.Distinct()]);
        Enter(node);
    }

    /// <summary>Starts a node with what it saved: it joins through the contacts among that.</summary>
    public void Rejoin(SimulatedNode node, SavedState saved)
    {
        node.Start(saved, []);
        Enter(node);
    }

    private void Enter(SimulatedNode node)
    {
        _places[node] = _up.Count;
        _up.Add(node);
        CameUp?.Invoke(node);
    }

    /// <summary>Takes a node down with a goodbye.</summary>
    public void Stop(SimulatedNode node)
    {
        node.SayGoodbye();
        Crash(node);
    }

    /// <summary>Takes a node down without a word.</summary>
    public void Crash(SimulatedNode node)
    {
        node.Crash();
        if (_places.Remove(node, out int place))
        {
            SimulatedNode last = _up[^1];
            _up.RemoveAt(_up.Count - 1);
            if (last != node)
            {
                _up[place] = last;
                _places[last] = place;
            }
        }
    }

    public SimulatedNode Random() => _up[simulator.Entropy.NextInt32(_up.Count)];

    /// <summary>
    /// From now on nodes live for as long as <paramref name="sessions"/> says, and for each that leaves a new one comes; those
    /// that <paramref name="stays"/> holds for stay for good.
    /// </summary>
    public void Churn(SessionLengths sessions, Func<SimulatedNode, bool> stays)
    {
        _isChurning = true;
        foreach (SimulatedNode node in _up.ToArray())
        {
            if (!stays(node))
            {
                LeaveAfter(node, sessions);
            }
        }
    }

    /// <summary>Whoever is up now stays.</summary>
    public void EndChurn() => _isChurning = false;

    private void LeaveAfter(SimulatedNode node, SessionLengths sessions) => simulator.After(sessions.Draw(simulator.Entropy), () =>
    {
        if (_isChurning)
        {
            Crash(node);
            LeaveAfter(JoinNew(), sessions);
        }
    });
}
