using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>A node host over a scripted transport: nobody ever answers, so what it waits for is up to the test.</summary>
internal sealed class HostFixture : IAsyncDisposable
{
    private readonly NodeIdentity _identity = new(KeyedHashScheme.Instance, new byte[32]);

    public HostFixture(LogCapture? log = null, string? directory = null, bool hasSeeds = true, TimeProvider? time = null)
    {
        Log = log ?? new LogCapture();
        NodeClock clock = new(time ?? TimeProvider.System);
        var logger = new BackgroundLogger(Log);
        Engine = new KademliaEngine(
            new EngineConfig { Network = 7, NotesChanges = directory is not null }, _identity, Transport.LocalEndpoint, EntropySource.Seeded(1), clock.Now, clock.Utc);
        DataDirectory? saved = directory is null ? null : DataDirectory.Open(directory, new StateLimits { Network = 7 }, clock.Utc);
        var resources = new NodeResources(Transport, _identity, OwnsIdentity: true, saved);
        SeedAddress[] seeds = hasSeeds ? [new SeedAddress("127.0.0.9", 4009)] : [];
        NodeState? state = saved is null ? null : new NodeState(saved.Store, logger);
        state?.Restore(saved!.Loaded.State, Engine, EntropySource.Seeded(2), clock.Now);
        Host = new NodeHost(resources, Engine, new Seeds(seeds, [], logger), clock, logger, state);
        Host.Start();
    }

    public ScriptedTransport Transport { get; } = new();

    public LogCapture Log { get; }

    public KademliaEngine Engine { get; }

    public NodeHost Host { get; }

    /// <summary>An operation that never ends by itself.</summary>
    public Task<int> WaitAsync(CancellationToken cancellationToken = default) => Host.RunAsync(
        static (_, _) => new OperationId(Interlocked.Increment(ref _endless)), static (Operation _) => 0, TimeSpan.Zero, cancellationToken);

    private static long _endless = 1_000_000;

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync().AsTask().WaitAsync(Eventually.Deadline);
        _identity.Dispose();
    }
}
