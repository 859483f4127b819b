using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Watching;

/// <summary>Somebody who wants to hear what changes under a key. Only the <see cref="WatchTable"/> writes to it.</summary>
internal sealed class Watcher(RecordKey key, NodeEndpoint endpoint, ulong network, ulong number)
{
    /// <summary>Where the heap of all watchers by expiry keeps this one.</summary>
    public int ExpiryIndex = IndexedHeap<Watcher, ByExpiry>.Absent;

    public RecordKey Key => key;

    public NodeEndpoint Endpoint => endpoint;

    /// <summary>The source network it counts for.</summary>
    public ulong Network => network;

    /// <summary>The subscription's number, which the subscriber drew.</summary>
    public ulong Number => number;

    /// <summary>What it wants to hear of; empty: everything. Not looked into.</summary>
    public byte[] Filter { get; set; } = [];

    public Instant Expires { get; set; }

    /// <summary>Its place among the watchers of its key.</summary>
    public int Place { get; set; }

    /// <summary>What expires first stands first.</summary>
    internal readonly struct ByExpiry : IHeapOrder<Watcher>
    {
        public static bool IsBefore(Watcher left, Watcher right) => left.Expires < right.Expires;

        public static ref int IndexOf(Watcher item) => ref item.ExpiryIndex;
    }
}
