namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>
/// What a network owes when a scenario's story is over. First, with the faults still there, finds must see most of the true
/// closest nodes. Then the faults end, and after a time of calm everything must be as it should: finds see all of the
/// closest, nodes know their neighbourhoods, and all acknowledged records are found.
/// </summary>
internal sealed record Aftermath
{
    /// <summary>
    /// An owner publishes again after 15 minutes and the jitter of that, 20 %; silent contacts are found out within 10 and a
    /// little.
    /// </summary>
    public static readonly TimeSpan OneRound = TimeSpan.FromMinutes(20);

    private const int Sample = 50;

    /// <summary>Which share of the true closest nodes finds see at least while the faults last.</summary>
    public double LeastClosest { get; init; } = 0.95;

    /// <summary>How long after the end of the faults everything must hold; zero where nobody has to find anything out.</summary>
    public TimeSpan Calm { get; init; } = OneRound;

    /// <summary>Which share of the true closest nodes finds see at least when the faults are over and the calm is too.</summary>
    public double LeastAfterwards { get; init; } = 1;

    /// <summary>Whether nodes must know, or find, all of their closest neighbours by then.</summary>
    public bool KnowsNeighbours { get; init; } = true;

    /// <summary>Plays it.</summary>
    /// <returns>The share of the closest nodes that was seen while the faults lasted.</returns>
    public double Play(ScenarioRun run)
    {
        double closest = run.Network.CheckFinds(Sample, LeastClosest, tries: 1);
        run.Simulator.Faults.Heal();
        run.Population.EndChurn();
        run.Simulator.RunFor(Calm);
        run.Network.CheckFinds(Sample, leastShare: LeastAfterwards, tries: 2);
        if (KnowsNeighbours)
        {
            run.Network.CheckNeighbourhoods(Sample);
        }

        PutRecord[] promised = [.. run.Workload.Promised.Where(static record => record.Owner.IsRunning)];
        foreach (PutRecord record in run.Workload.Missing(promised))
        {
            run.Checks.Report($"the record under {record.Key} is not found after the faults have ended");
        }

        run.Checks.Inspect(Sample);
        return closest;
    }
}
