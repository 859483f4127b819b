namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>What the harness is told; checked by the command.</summary>
internal sealed record LoopbackOptions
{
    public required int Nodes { get; init; }

    public required int Puts { get; init; }

    public required int Gets { get; init; }

    /// <summary>Bytes of payload of each record.</summary>
    public required int ValueSize { get; init; }

    /// <summary>Decides who joins through whom, who publishes and who asks; not what the nodes and the system make of it.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Fresh nodes of each phase that starts some.</summary>
    public required int Fresh { get; init; }

    /// <summary>How long a network is left alone once everybody knows enough others, so that its upkeep is not measured along.</summary>
    public required TimeSpan Settle { get; init; }
}
