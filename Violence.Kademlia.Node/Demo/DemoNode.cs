using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Node.Demo;

/// <summary>One node of the demo, with its view of the directory.</summary>
internal sealed class DemoNode(string name, KademliaNode node)
{
    public KademliaNode Node => node;

    public NodeId Id => node.Id;

    public ServerDirectory Directory { get; } = new(node);

    /// <summary>False once it has crashed.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Whether this node holds any record under a key.</summary>
    public bool HoldsAny(RecordKey key) => node.GetHeldRecords().Any(held => held.Record.Key == key);

    /// <summary>Whether this node holds this very record.</summary>
    public bool Holds(Record record) => node.GetHeldRecords().Any(held => held.Record.Bytes.Span.SequenceEqual(record.Bytes.Span));

    /// <summary>Vanishes without goodbye.</summary>
    public async Task CrashAsync(CancellationToken stop)
    {
        IsAlive = false;
        await node.StopAsync(sayGoodbye: false, stop);
    }

    public override string ToString() => name;
}
