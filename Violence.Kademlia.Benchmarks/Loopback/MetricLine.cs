using System.Text.Json.Serialization;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>One metric as it is printed. Latencies are milliseconds, of the operations that succeeded; 0 when none did.</summary>
internal sealed record MetricLine
{
    public required string Metric { get; init; }

    public required int Nodes { get; init; }

    /// <summary>Operations that succeeded.</summary>
    public required int Ok { get; init; }

    public required int Total { get; init; }

    public required double P50 { get; init; }

    public required double P95 { get; init; }

    public required double P99 { get; init; }

    public required double Max { get; init; }

    public required double Mean { get; init; }

    /// <summary>Processor time of the whole process: what all nodes did for an operation.</summary>
    public required double CpuMsPerOp { get; init; }

    /// <summary>Datagrams that the whole network sent for an operation.</summary>
    public required double DatagramsPerOp { get; init; }

    /// <summary>Operations that succeeded per second of the phase.</summary>
    public required double OpsPerS { get; init; }

    /// <summary>From the first start until every node knew 8 others, or all there are; missing when that did not happen.</summary>
    [JsonPropertyName("all_know_8_ms")]
    public double? AllKnow8Ms { get; init; }

    /// <summary>Growth of the resident memory since the warm-up's network was gone: what nodes take.</summary>
    public double? RssKbPerNode { get; init; }

    /// <summary>Growth of the resident memory since before the first node of this process: its code, compiled and loaded, is in it.</summary>
    public double? RssColdKbPerNode { get; init; }

    /// <summary>Growth of the live managed objects since the warm-up's network was gone.</summary>
    public double? HeapKbPerNode { get; init; }

    /// <summary>What was allocated since then, whether it was collected or not.</summary>
    public double? AllocatedKbPerNode { get; init; }

    /// <summary>How the first operation that failed did so.</summary>
    [JsonIgnore]
    public string? Problem { get; init; }

    [JsonIgnore]
    public bool HasFailures => Ok < Total;
}

/// <summary>A metric as one line of JSON, fields in snake case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MetricLine))]
internal sealed partial class MetricJson : JsonSerializerContext;
