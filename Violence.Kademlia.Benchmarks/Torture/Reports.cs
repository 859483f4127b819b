using System.Text.Json.Serialization;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>What <c>torture kill</c> found.</summary>
internal sealed record KillReport
{
    public required int Rounds { get; init; }

    /// <summary>Records acknowledged: stores by the node, and the node's own puts that it reported as stored.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Acknowledged records that were neither superseded nor expired and were not there after the kill.</summary>
    public required long Lost { get; init; }

    /// <summary>Starts on what a killed node had left behind that did not come to serve.</summary>
    public required int FailedStarts { get; init; }
}

/// <summary>What <c>torture flood</c> found.</summary>
internal sealed record FloodReport
{
    /// <summary>Records the attackers put.</summary>
    public required long Puts { get; init; }

    public required long AcceptedAttacker { get; init; }

    public required long HonestPuts { get; init; }

    public required long HonestAccepted { get; init; }

    public required long StoreBytesMax { get; init; }

    public required long StoreBytesCap { get; init; }

    /// <summary>Resident memory at its highest, less what it was before the first record.</summary>
    public required long ResidentGrowthBytes { get; init; }

    /// <summary>Live managed objects at the end, less what they were before the first record.</summary>
    public required long HeapGrowthBytes { get; init; }

    /// <summary>Honest records that are still held at the end.</summary>
    public required long HonestHeld { get; init; }

    public required double WallS { get; init; }
}

/// <summary>
/// What <c>torture holder</c> measured: round trips over loopback, to both nodes by turns in blocks. Of a node's blocks the one with the
/// lowest median counts: the one the rest of the machine disturbed least.
/// </summary>
internal sealed record HolderReport
{
    public required int Records { get; init; }

    public required double EmptyUs { get; init; }

    public required double FullUs { get; init; }

    public required double Ratio { get; init; }

    /// <summary>Resident memory of the process with the records, less what it was when both nodes had started.</summary>
    public required long ResidentGrowthBytes { get; init; }

    /// <summary>The same of live managed objects.</summary>
    public required long HeapGrowthBytes { get; init; }
}

/// <summary>The reports as one line of JSON, fields in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(KillReport))]
[JsonSerializable(typeof(FloodReport))]
[JsonSerializable(typeof(HolderReport))]
internal sealed partial class TortureJson : JsonSerializerContext;
