namespace Violence.Kademlia.Simulation.Scenarios.Directory;

internal sealed class PlayersScenario : Scenario
{
    public override string Name => "players";

    public override string Explanation => "soon";

    public override void Play(ScenarioRun run) => run.Settle();
}

internal sealed class DirectoryScenario : Scenario
{
    public override string Name => "directory";

    public override string Explanation => "soon";

    public override void Play(ScenarioRun run) => run.Settle();
}
