using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Checkers;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>A record the workload has put.</summary>
internal sealed class PutRecord(RecordKey key, SimulatedNode owner)
{
    public RecordKey Key { get; } = key;

    public SimulatedNode Owner { get; } = owner;

    /// <summary>The newest sequence that as many nodes as promised have acknowledged; 0: none yet.</summary>
    public ulong Acknowledged { get; set; }
}

/// <summary>Puts records and looks them up again from random nodes that neither own nor hold them, and keeps the figures.</summary>
internal sealed class Workload(Simulator simulator, Population population, CheckList checks)
{
    private readonly List<PutRecord> _records = [];

    public Percentiles GetMs { get; } = new();

    public Percentiles PutMs { get; } = new();

    public Percentiles Hops { get; } = new();

    public Percentiles Datagrams { get; } = new();

    public int Gets { get; private set; }

    public int Found { get; private set; }

    /// <summary>From now on an older value than the acknowledged one is a violation.</summary>
    public bool ExpectsNewest { get; set; }

    public IReadOnlyList<PutRecord> Records => _records;

    /// <summary>Has random nodes put so many records, one after the other, each waiting for its acknowledgements.</summary>
    public void PutMany(int records)
    {
        for (int i = 0; i < records; i++)
        {
            Put(new PutRecord(new RecordKey(simulator.Entropy.NextNodeId()), population.Random()));
        }
    }

    /// <summary>Puts a record, for the first time or anew, and waits for the end of it.</summary>
    public void Put(PutRecord record)
    {
        bool isOver = false;
        PutWithoutWaiting(record, () => isOver = true);
        simulator.RunUntil(() => isOver, TimeSpan.FromSeconds(30));
        if (!_records.Contains(record))
        {
            _records.Add(record);
        }
    }

    public void PutWithoutWaiting(PutRecord record, Action? ended = null) => record.Owner.Run<PutOperation>(
        (engine, now) => engine.Put(record.Key, "", new byte[200], Record.MaxTimeToLive, keepAlive: true, now),
        put =>
        {
            PutMs.Add(put.Elapsed.TotalMilliseconds);
            if (put.Status == PutStatus.Stored)
            {
                record.Acknowledged = put.Record.Sequence;
            }

            ended?.Invoke();
        });

    /// <summary>Looks a record up from a random node and waits; not counted among the lookups.</summary>
    public bool IsFound(PutRecord record)
    {
        bool? isFound = null;
        population.Random().Run<GetOperation>(
            (engine, now) => engine.Get(record.Key, GetMode.Closest, owner: null, limit: 1, onRecord: null, now),
            get => isFound = get.Found.Count > 0);
        simulator.RunUntil(() => isFound is not null, TimeSpan.FromSeconds(30));
        return isFound == true;
    }

    /// <summary>Looks a record up from a random node, and waits for the end of it.</summary>
    public void GetOne() => Get(_records[simulator.Entropy.NextInt32(_records.Count)], wait: true);

    /// <summary>Looks random records up at random moments of a time, without waiting for each.</summary>
    public void GetDuring(TimeSpan span, int gets)
    {
        for (int i = 0; i < gets; i++)
        {
            simulator.After(span * simulator.Entropy.NextDouble(), () => Get(_records[simulator.Entropy.NextInt32(_records.Count)], wait: false));
        }

        simulator.RunFor(span + TimeSpan.FromSeconds(30));
    }

    private void Get(PutRecord record, bool wait)
    {
        SimulatedNode asker = population.Random();
        for (int tries = 0; tries < 20 && (asker == record.Owner || Holds(asker, record)); tries++)
        {
            asker = population.Random();
        }

        if (record.Acknowledged == 0)
        {
            return;
        }

        Gets++;
        bool isOver = false;
        asker.Run<GetOperation>(
            (engine, now) => engine.Get(record.Key, ExpectsNewest ? GetMode.Closest : GetMode.First, owner: null, limit: 1, onRecord: null, now),
            get =>
            {
                isOver = true;
                GetMs.Add(get.Elapsed.TotalMilliseconds);
                Hops.Add(get.Hops);
                Datagrams.Add(get.Requests + get.Answers);
                Found += get.Found.Count > 0 ? 1 : 0;
                checks.OnFound(simulator, record, get, ExpectsNewest);
            });
        if (wait)
        {
            simulator.RunUntil(() => isOver, TimeSpan.FromSeconds(30));
        }
    }

    private bool Holds(SimulatedNode node, PutRecord record) =>
        node.Engine.Store.Read(record.Key, owner: null, after: null, simulator.Scratch.Records, simulator.Now, out _, out _) > 0;
}
