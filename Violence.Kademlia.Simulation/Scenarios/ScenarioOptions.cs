using System.Globalization;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What a scenario is run with.</summary>
internal sealed record ScenarioOptions
{
    public int Nodes { get; init; } = 1_000;

    public ulong Seed { get; init; } = 1;

    /// <summary>Virtual hours, where the scenario runs for a time; null: as long as it does by itself.</summary>
    public double? Hours { get; init; }

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

    /// <summary>What is wrong with these options, in the words of the command line; null when nothing is.</summary>
    public string? Error
    {
        get
        {
            bool isRight = Nodes is >= 2 and <= 200_000
                && Hours is null or (> 0 and <= 10_000)
                && MedianMinutes is > 0 and <= 100_000
                && Share is >= 0 and <= 1
                && Records is >= 1 and <= 100_000
                && Lookups is >= 1 and <= 10_000_000;
            return isRight
                ? null
                : "allowed: --nodes 2 to 200,000, --hours above 0 to 10,000, --median-minutes above 0 to 100,000, --share 0 to 1, "
                    + "--records 1 to 100,000, --lookups 1 to 10,000,000.";
        }
    }

    /// <summary>The command that plays the same again.</summary>
    public string Command(string scenario)
    {
        string hours = Hours is { } given ? string.Create(CultureInfo.InvariantCulture, $" --hours {given}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"simulate {scenario} --nodes {Nodes} --seed {Seed}{hours} --median-minutes {MedianMinutes} --owners {(OwnersUp ? "up" : "dead")} --share {Share} --records {Records} --lookups {Lookups}");
    }
}
