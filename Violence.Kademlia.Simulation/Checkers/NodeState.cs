using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>What must hold inside of one node between any two steps.</summary>
internal sealed class NodeState(Simulator simulator, CheckList checks)
{
    // Kept from one node to the next: looking over many must not fill the heap.
    private readonly List<BucketEntry> _entries = [];
    private readonly HashSet<NodeId> _ids = [];
    private readonly HashSet<NodeEndpoint> _endpoints = [];

    public void Check(SimulatedNode node)
    {
        _entries.Clear();
        node.Engine.Table.CopyEntriesTo(_entries);
        CheckContacts(node);
        CheckBuckets(node);
        CheckStore(node);
        CheckBounds(node);
        if (node.WakesAt > node.Engine.NextDeadline)
        {
            checks.Report($"node {node.Number} sleeps until {node.WakesAt.Ticks} and would be late for {node.Engine.NextDeadline.Ticks}");
        }
    }

    private void CheckContacts(SimulatedNode node)
    {
        _ids.Clear();
        _endpoints.Clear();
        foreach (BucketEntry entry in _entries)
        {
            Contact contact = entry.Contact;
            if (!_ids.Add(contact.Id) || !_endpoints.Add(contact.Endpoint))
            {
                checks.Report($"node {node.Number} has an id or an endpoint twice in its table");
            }

            // Only proven contacts get in: so the id really lives, or lived, at that endpoint.
            if (!simulator.Knows(contact))
            {
                checks.Report($"node {node.Number} has {contact} in its table, which nobody ever was");
            }

            if (contact.Id == node.Id)
            {
                checks.Report($"node {node.Number} has itself in its table");
            }
        }

        if (_entries.Count != node.Engine.Table.Count)
        {
            checks.Report($"node {node.Number} counts {node.Engine.Table.Count} contacts and has {_entries.Count}");
        }
    }

    private void CheckBuckets(SimulatedNode node)
    {
        BucketSnapshot[] buckets = node.Engine.Table.Buckets();
        int next = 0;
        foreach (BucketSnapshot bucket in buckets)
        {
            // Beyond its capacity a bucket takes only the k closest to the own id.
            if (bucket.Count > bucket.Capacity + node.Engine.Config.K
                || bucket.Replacements > node.Engine.Config.Routing.ReplacementsPerBucket)
            {
                checks.Report($"bucket {bucket.Depth} of node {node.Number} holds {bucket.Count} and {bucket.Replacements} candidates, more than it may");
            }

            bool isLast = bucket.Depth == buckets[^1].Depth;
            for (int i = 0; i < bucket.Count; i++, next++)
            {
                int shared = _entries[next].Contact.Id.CommonPrefixLength(node.Id);
                if (isLast ? shared < bucket.Depth : shared != bucket.Depth)
                {
                    checks.Report($"bucket {bucket.Depth} of node {node.Number} holds a contact that shares {shared} bits");
                }
            }
        }
    }

    private void CheckStore(SimulatedNode node)
    {
        StorageLimits limits = node.Engine.Config.Storage;
        RecordStore store = node.Engine.Store;
        if (store.Count > limits.MaxRecords || store.Bytes > limits.MaxBytes)
        {
            checks.Report($"the store of node {node.Number} is over its limits");
        }

        if (store.Count == 0)
        {
            return;
        }

        long bytes = 0;
        foreach (StoredRecord stored in store.Snapshot(simulator.Now))
        {
            bytes += stored.Record.Size;

            // A holder keeps a record by its own monotonic clock: the wall clock at its arrival is all that can be off.
            if (checks.IsOver(stored.Record, node))
            {
                checks.Report($"node {node.Number} holds a record of {stored.Record.Key} that has expired");
            }
        }

        if (bytes != store.Bytes)
        {
            checks.Report($"the store of node {node.Number} counts {store.Bytes} bytes and holds {bytes}");
        }
    }

    private void CheckBounds(SimulatedNode node)
    {
        KademliaEngine engine = node.Engine;
        EngineConfig config = engine.Config;
        Within(engine.RequestsInFlight, RequestTable<OutgoingRequest>.DefaultMaximum, "requests in flight");
        Within(engine.ChallengesInFlight, config.ChallengesInFlightMax, "challenges in flight");
        Within(engine.ChallengesInReturn, Introductions.InReturnMax, "challenges in return");
        Within(engine.ChallengesUnderWay, 2 * config.ChallengesWaitingMax + config.ChallengesInFlightMax, "contacts to challenge");
        Within(engine.PeersRemembered, PeerBook.DefaultMaximum, "peers remembered");
        Within(engine.OperationsRunning, config.OperationsMax, "operations running");
        Within(engine.OperationsWaiting, config.OperationsWaitingMax, "operations waiting");
        Within(engine.Outbox.Count, 0, "datagrams left in the outbox");

        void Within(int count, int limit, string what)
        {
            if (count > limit)
            {
                checks.Report($"node {node.Number} has {count} {what}, more than {limit}");
            }
        }
    }
}
