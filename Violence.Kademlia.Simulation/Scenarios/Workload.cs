using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation.Checkers;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Puts records and looks them up again from random nodes that neither own nor hold them, and keeps the figures.</summary>
internal sealed class Workload(Simulator simulator, Population population, CheckList checks)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    private readonly List<PutRecord> _records = [];

    public Percentiles PutMs { get; } = new();

    /// <summary>Where lookups are counted; a scenario that measures twice sets another.</summary>
    public Figures Figures { get; set; } = new();

    /// <summary>From now on an older value than the acknowledged one is a violation.</summary>
    public bool ExpectsNewest { get; set; }

    public IReadOnlyList<PutRecord> Records => _records;

    /// <summary>Nodes that own a record.</summary>
    public HashSet<SimulatedNode> Owners => [.. _records.Select(static record => record.Owner)];

    /// <summary>Records that can be expected to be found now.</summary>
    public IEnumerable<PutRecord> Promised => _records.Where(record => record.IsPromised(simulator.Utc));

    /// <summary>Has random nodes put so many records, one after the other, each waiting for its acknowledgements.</summary>
    public void PutMany(int records)
    {
        for (int i = 0; i < records; i++)
        {
            var record = new PutRecord(new RecordKey(simulator.Entropy.NextNodeId()), population.Random());
            _records.Add(record);
            Put(record);
        }
    }

    /// <summary>Has random nodes put so many records at random moments of a time, and waits for the last of them.</summary>
    public void PutDuring(TimeSpan span, int records)
    {
        int open = records;
        for (int i = 0; i < records; i++)
        {
            var record = new PutRecord(new RecordKey(simulator.Entropy.NextNodeId()), population.Random());
            _records.Add(record);
            simulator.After(span * simulator.Entropy.NextDouble(), () => PutWithoutWaiting(record, () => open--));
        }

        simulator.RunFor(span);
        simulator.RunUntil(() => open == 0, Patience);
    }

    /// <summary>Puts a record, for the first time or anew, and waits for the end of it.</summary>
    public void Put(PutRecord record)
    {
        bool isOver = false;
        PutWithoutWaiting(record, () => isOver = true);
        simulator.RunUntil(() => isOver, Patience);
    }

    public void PutWithoutWaiting(PutRecord record, Action? ended = null) => record.Owner.Run<PutOperation>(
        (engine, now) => engine.Put(record.Key, "", new byte[200], record.TimeToLive, record.IsKeptAlive, now),
        put =>
        {
            PutMs.Add(put.Elapsed.TotalMilliseconds);
            if (put.Status == PutStatus.Stored)
            {
                record.OnAcknowledged(put.Record);
            }

            ended?.Invoke();
        });

    /// <summary>Looks a record up from a random node with all care, and waits; not counted among the lookups.</summary>
    public bool IsFound(PutRecord record) => Missing([record]).Count == 0;

    /// <summary>Looks records up from random nodes with all care, all at once, and waits; not counted among the lookups.</summary>
    /// <returns>Those that were not found.</returns>
    public List<PutRecord> Missing(IReadOnlyCollection<PutRecord> records)
    {
        List<PutRecord> missing = [.. records];
        int open = missing.Count;
        foreach (PutRecord record in records)
        {
            SimulatedNode asker = Asker(record);
            asker.Run<GetOperation>(
                (engine, now) => engine.Get(record.Key, GetMode.Closest, owner: null, limit: 1, onRecord: null, now),
                get =>
                {
                    open--;
                    checks.OnFound(record, asker, get, ExpectsNewest);
                    if (get.Found.Count > 0)
                    {
                        missing.Remove(record);
                    }
                });
        }

        simulator.RunUntil(() => open == 0, Patience);
        return missing;
    }

    /// <summary>Looks records up from random nodes, each lookup waiting for the end of the one before.</summary>
    public void GetMany(int gets)
    {
        for (int i = 0; i < gets; i++)
        {
            bool isOver = false;
            Get(() => isOver = true);
            simulator.RunUntil(() => isOver, Patience);
        }
    }

    /// <summary>Looks random records up at random moments of a time, without waiting for each, and waits for the last of them.</summary>
    public void GetDuring(TimeSpan span, int gets)
    {
        int open = gets;
        for (int i = 0; i < gets; i++)
        {
            simulator.After(span * simulator.Entropy.NextDouble(), () => Get(() => open--));
        }

        simulator.RunFor(span);
        simulator.RunUntil(() => open == 0, Patience);
    }

    /// <summary>Looks records up at random moments of a time that begins after a pause; whoever lets time pass meets them.</summary>
    public void GetLater(TimeSpan pause, TimeSpan span, int gets)
    {
        for (int i = 0; i < gets; i++)
        {
            simulator.After(pause + span * simulator.Entropy.NextDouble(), () => Get());
        }
    }

    /// <summary>
    /// Has one node look for a random record, again and again until it is found or so much time has passed since the node's
    /// start. Counts as one lookup.
    /// </summary>
    public void Search(SimulatedNode asker, TimeSpan sinceStart)
    {
        if (TryPick(out PutRecord? record))
        {
            Try(record, asker, asker.StartedAt + sinceStart, datagrams: 0);
        }
    }

    private void Try(PutRecord record, SimulatedNode asker, Instant until, int datagrams) => asker.Run<GetOperation>(
        (engine, now) => engine.Get(record.Key, GetMode.First, owner: null, limit: 1, onRecord: null, now),
        get =>
        {
            datagrams += get.Requests + get.Answers;
            bool isFound = get.Found.Count > 0 && simulator.Now <= until;
            checks.OnFound(record, asker, get, ExpectsNewest);
            if (!isFound && simulator.Now + RetryPause <= until)
            {
                simulator.After(RetryPause, () => Try(record, asker, until, datagrams));
                return;
            }

            Figures.Add(get, datagrams, isFound);
            if (isFound)
            {
                Figures.StartToFoundMs.Add((simulator.Now - asker.StartedAt).TotalMilliseconds);
            }
        });

    private void Get(Action? ended = null)
    {
        if (!TryPick(out PutRecord? record))
        {
            ended?.Invoke();
            return;
        }

        // Those that are under way when the figures change still belong to these.
        Figures figures = Figures;
        SimulatedNode asker = Asker(record);
        GetMode mode = ExpectsNewest ? GetMode.Closest : GetMode.First;
        asker.Run<GetOperation>(
            (engine, now) => engine.Get(record.Key, mode, owner: null, limit: 1, onRecord: null, now),
            get =>
            {
                figures.Add(get, get.Requests + get.Answers, get.Found.Count > 0);
                checks.OnFound(record, asker, get, ExpectsNewest);
                ended?.Invoke();
            });
    }

    private bool TryPick([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PutRecord? record)
    {
        // Counted first and sought then: lookups are many, and a list for each would be the garbage of whole runs.
        DateTimeOffset utc = simulator.Utc;
        int promised = _records.Count(record => record.IsPromised(utc));
        int left = promised == 0 ? 0 : simulator.Entropy.NextInt32(promised);
        record = promised == 0 ? null : _records.Find(record => record.IsPromised(utc) && left-- == 0);
        return record is not null;
    }

    /// <summary>A random node that would have to ask; any, when all own or hold the record.</summary>
    private SimulatedNode Asker(PutRecord record)
    {
        SimulatedNode asker = population.Random();
        for (int tries = 0; tries < 20 && (asker == record.Owner || Holds(asker, record)); tries++)
        {
            asker = population.Random();
        }

        return asker;
    }

    private bool Holds(SimulatedNode node, PutRecord record) =>
        node.Engine.Store.Read(record.Key, owner: null, after: null, simulator.Scratch.Records, simulator.Now, out _, out _) > 0;
}
