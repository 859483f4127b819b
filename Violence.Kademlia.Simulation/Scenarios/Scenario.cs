using Violence.Kademlia.Engine;
using Violence.Kademlia.Simulation.Scenarios.Directory;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>A story that a simulated network lives through.</summary>
internal abstract class Scenario
{
    public abstract string Name { get; }

    /// <summary>One sentence on what happens.</summary>
    public abstract string Explanation { get; }

    /// <summary>All scenarios, in the order they are listed.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new StaticScenario(),
        new DeadEntriesScenario(),
        new ChurnScenario(isWeibull: false),
        new ChurnScenario(isWeibull: true),
        new LossScenario(),
        new MassCrashScenario(),
        new PartitionScenario(),
        new JoinStormScenario(),
        new RollingRestartScenario(),
        new RestartScenario(),
        new SoakScenario(),
        new LargeScenario(),
        new MixScenario(),
        new OwnerScenario(),
        new GenreScenario(),
        new PlayersScenario(),
        new DirectoryScenario(),
        new WatchScenario(),
    ];

    /// <summary>With what it is run where nothing else is said.</summary>
    public virtual ScenarioOptions Usual { get; } = new();

    public virtual EngineConfig Config { get; } = new() { Network = Simulator.Network };

    /// <summary>What must hold when the story is over.</summary>
    public virtual Aftermath Aftermath { get; } = new();

    public abstract void Play(ScenarioRun run);
}
