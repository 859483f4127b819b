namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What a scenario is run with.</summary>
internal sealed record ScenarioOptions
{
    public int Nodes { get; init; } = 1_000;

    public ulong Seed { get; init; } = 1;

    /// <summary>Virtual hours, where the scenario runs for a time.</summary>
    public double Hours { get; init; } = 1;

    /// <summary>Median session, in virtual minutes, where nodes come and go.</summary>
    public double MedianMinutes { get; init; } = 30;

    /// <summary>Whether the owners of records stay up and publish them again.</summary>
    public bool OwnersUp { get; init; } = true;

    /// <summary>Share of nodes that an event hits, 0 to 1.</summary>
    public double Share { get; init; } = 0.5;

    /// <summary>Records put.</summary>
    public int Records { get; init; } = 200;

    /// <summary>Lookups made.</summary>
    public int Lookups { get; init; } = 1_000;
}
