using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>A record the workload has put.</summary>
internal sealed class PutRecord(RecordKey key, SimulatedNode owner)
{
    public RecordKey Key { get; } = key;

    public SimulatedNode Owner { get; } = owner;

    public TimeSpan TimeToLive { get; init; } = Record.MaxTimeToLive;

    /// <summary>Whether its owner publishes it again; otherwise it expires.</summary>
    public bool IsKeptAlive { get; init; } = true;

    /// <summary>The newest sequence that as many nodes as promised have acknowledged; 0: none yet.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>When the acknowledged record expires, as long as its owner does not publish it again.</summary>
    public DateTimeOffset Expires { get; private set; }

    public void OnAcknowledged(Record record)
    {
        Acknowledged = record.Sequence;
        Expires = record.Issued + record.TimeToLive;
    }

    /// <summary>Whether the network has promised that it can be found now.</summary>
    public bool IsPromised(DateTimeOffset utc) =>
        Acknowledged > 0 && ((IsKeptAlive && Owner.IsRunning) || utc < Expires);
}
