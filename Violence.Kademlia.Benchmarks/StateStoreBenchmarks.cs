using BenchmarkDotNet.Attributes;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks;

/// <summary>
/// What a commit costs the node's loop, into a file that has 50,000 records already, and what a start costs. A
/// checkpoint after each iteration keeps the log at the length it has in a node that checkpoints every few seconds.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(invocationCount: 64, iterationCount: 30)]
public class StateStoreBenchmarks : IDisposable
{
    private const int Held = 50_000;

    private static readonly DateTimeOffset Utc = DateTimeOffset.FromUnixTimeSeconds(1_772_366_400);

    private readonly StateLimits _limits = new() { Network = 1 };
    private readonly StateChange[][] _batches = new StateChange[128][];
    private string _directory = "";
    private SqliteStateStore _store = null!;
    private int _next;

    [Params(1, 10, 100)]
    public int Records { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("violence-kad-").FullName;
        _store = new SqliteStateStore(_directory, _limits);
        _store.Load(Utc);
        foreach (StateChange[] batch in Enumerable.Range(0, Held).Select(Change).Chunk(1000))
        {
            _store.Commit(batch);
        }

        for (int i = 0; i < _batches.Length; i++)
        {
            _batches[i] = [.. Enumerable.Range(0, Records).Select(j => Change(i * Records * 7919 + j * 104_729 & int.MaxValue))];
        }

        _store.Checkpoint();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [IterationCleanup]
    public void Checkpoint() => _store.Checkpoint();

    [Benchmark]
    public bool Commit() => _store.Commit(_batches[_next++ % _batches.Length]).IsSaved;

    /// <summary>A start with as many records as a store may hold.</summary>
    [SimpleJob(invocationCount: 1, iterationCount: 5)]
    public class Start
    {
        private readonly StateLimits _limits = new() { Network = 1 };
        private string _directory = "";

        [GlobalSetup]
        public void SetUp()
        {
            _directory = Directory.CreateTempSubdirectory("violence-kad-").FullName;
            using var store = new SqliteStateStore(_directory, _limits);
            store.Load(Utc);
            foreach (StateChange[] batch in Enumerable.Range(0, _limits.MaxRecords).Select(Change).Chunk(1000))
            {
                store.Commit(batch);
            }
        }

        [GlobalCleanup]
        public void CleanUp() => Directory.Delete(_directory, recursive: true);

        [Benchmark]
        public int Load()
        {
            using var store = new SqliteStateStore(_directory, _limits);
            return store.Load(Utc).State.Records.Count;
        }
    }

    private static StateChange Change(int number)
    {
        // Keys all over the space, so that the rows of a batch lie in different pages.
        RecordKey key = RecordKey.FromText("benchmark", (number % (4 * Held)).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return new StateChange.Kept(new SavedRecord(SampleRecords.Create(1, payloadSize: 300, key: key), Utc, Utc + Record.MaxTimeToLive, 0));
    }
}
