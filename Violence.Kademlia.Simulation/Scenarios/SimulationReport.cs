using System.Text.Json.Serialization;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What a scenario measured. Times are virtual unless their name says wall.</summary>
internal sealed record SimulationReport
{
    public required string Scenario { get; init; }

    public required int Nodes { get; init; }

    public required ulong Seed { get; init; }

    public required int Lookups { get; init; }

    /// <summary>Share of lookups that found the record, 0 to 1.</summary>
    public required double Success { get; init; }

    public required double LatencyMsP50 { get; init; }

    public required double LatencyMsP90 { get; init; }

    public required double LatencyMsP99 { get; init; }

    public required double LatencyMsMax { get; init; }

    public required double HopsMean { get; init; }

    /// <summary>Requests of a lookup and the answers to them.</summary>
    public required double DatagramsPerLookup { get; init; }

    /// <summary>Bytes a node sends per second while nobody asks anything.</summary>
    public required double UpkeepBytesPerNodeS { get; init; }

    public required string TraceHash { get; init; }

    public required double DatagramsPerWallS { get; init; }

    public required double WallS { get; init; }

    public required long ResidentBytesPerNode { get; init; }

    public required double PutMsP50 { get; init; }

    public required double PutMsP99 { get; init; }

    /// <summary>What the checkers found; empty when all held.</summary>
    public required IReadOnlyList<string> Violations { get; init; }
}

/// <summary>The report as one line of JSON, fields in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SimulationReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
