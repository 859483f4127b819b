using System.Text.Json.Serialization;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>What a scenario measured. Times are virtual unless their name says wall.</summary>
internal sealed partial record SimulationReport
{
    public required string Scenario { get; init; }

    public required int Nodes { get; init; }

    public required ulong Seed { get; init; }

    public required int Lookups { get; init; }

    /// <summary>Share of lookups that found the record, 0 to 1.</summary>
    public required double Success { get; init; }

    /// <summary>The same after the network had one refresh to recover, where the scenario asks again.</summary>
    public double? SuccessAfterRefresh { get; init; }

    public required double LatencyMsP50 { get; init; }

    public required double LatencyMsP90 { get; init; }

    public required double LatencyMsP99 { get; init; }

    public required double LatencyMsMax { get; init; }

    /// <summary>From a node's start until it has found a record, where newcomers look up.</summary>
    public double? StartToFoundMsP50 { get; init; }

    public double? StartToFoundMsP99 { get; init; }

    public double? StartToFoundMsMax { get; init; }

    public required double HopsMean { get; init; }

    /// <summary>Requests of a lookup and the answers to them.</summary>
    public required double DatagramsPerLookup { get; init; }

    /// <summary>Share of the true k closest nodes that finds saw while the faults lasted, 0 to 1.</summary>
    public required double ClosestShare { get; init; }

    /// <summary>Bytes a node sends per second while nobody asks anything.</summary>
    public required double UpkeepBytesPerNodeS { get; init; }

    /// <summary>Bytes a second that one node sent before it owned any records, where the scenario compares.</summary>
    public double? OwnerIdleSentBytesS { get; init; }

    public double? OwnerIdleReceivedBytesS { get; init; }

    /// <summary>The same node while it kept records alive.</summary>
    public double? OwnerSentBytesS { get; init; }

    public double? OwnerReceivedBytesS { get; init; }

    /// <summary>Bytes a second that a node sent before all were restarted, where the scenario does that.</summary>
    public double? QuietBytesPerNodeS { get; init; }

    /// <summary>A node in the busiest minute after it, on average.</summary>
    public double? BusiestMinuteBytesPerNodeS { get; init; }

    /// <summary>The busiest minute of any node after it.</summary>
    public double? BusiestMinuteBytesOfOneS { get; init; }

    public required string TraceHash { get; init; }

    public required double DatagramsPerWallS { get; init; }

    public required double WallS { get; init; }

    /// <summary>
    /// Datagrams sent for each second of processor time, of all threads of the process: what a core of its own would do. On a
    /// machine that does other work too the rate by the wall clock says more about that.
    /// </summary>
    public required double DatagramsPerCpuS { get; init; }

    /// <summary>Bytes of garbage, or of what stayed, for each datagram: whatever is collected is paid for by all.</summary>
    public required double AllocatedBytesPerDatagram { get; init; }

    /// <summary>Share of the wall time that the garbage collector stood in the way, 0 to 1.</summary>
    public required double CollectingShare { get; init; }

    public required long ResidentBytesPerNode { get; init; }

    /// <summary>Work items that the process's thread pool completed meanwhile; a run causes none.</summary>
    public required long ThreadPoolItems { get; init; }

    /// <summary>How often the state of a node was checked.</summary>
    public required long NodesInspected { get; init; }

    public required double PutMsP50 { get; init; }

    public required double PutMsP99 { get; init; }

    /// <summary>What the checkers found; empty when all held.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>The command that plays the same again.</summary>
    [JsonIgnore]
    public string Again { get; init; } = "";

    /// <summary>What is wrong, where, and how to come there again; null when nothing is.</summary>
    [JsonIgnore]
    public string? Failure => Violations.Count == 0
        ? null
        : $"{Scenario}, seed {Seed}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", Violations)}{Environment.NewLine}again: {Again}";
}

/// <summary>The report as one line of JSON, fields in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SimulationReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
