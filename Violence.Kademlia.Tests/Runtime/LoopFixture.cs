using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>A loop over an engine, a transport and a time that the test holds in its hands.</summary>
internal sealed class LoopFixture : IDisposable
{
    public const uint Network = 7;

    private readonly NodeIdentity _identity = new(KeyedHashScheme.Instance, new byte[32]);

    public LoopFixture(TimeProvider? time = null, IStateStore? store = null)
    {
        Time = time as ManualTime ?? new ManualTime();
        var clock = new NodeClock(time ?? Time);
        Engine = new KademliaEngine(
            new EngineConfig { Network = Network, NotesChanges = store is not null }, _identity, Transport.LocalEndpoint, Entropy, clock.Now, clock.Utc);
        Loop = new NodeLoop(Engine, Transport, clock, Log, () => SeedsWanted++, JoinStates.Add, store is null ? null : new NodeState(store, Log));
    }

    public static NodeEndpoint Stranger { get; } = NodeEndpoint.FromIPv4([127, 0, 0, 2], 4002);

    public ManualTime Time { get; }

    public BreakableEntropy Entropy { get; } = new();

    public ScriptedTransport Transport { get; } = new();

    public LogCapture Log { get; } = new();

    public KademliaEngine Engine { get; }

    public NodeLoop Loop { get; }

    public int SeedsWanted { get; private set; }

    public List<JoinState> JoinStates { get; } = [];

    /// <summary>What was sent last, as its receiver reads it.</summary>
    public IncomingMessage ReadLastSent()
    {
        var message = new IncomingMessage();
        Assert.That(MessageReader.Read(Transport.LastSent, Network, message), Is.EqualTo(WireError.None));
        return message;
    }

    public void Dispose()
    {
        Loop.Post((_, _) => Loop.Stop());
        Loop.Dispose();
        _identity.Dispose();
    }
}

/// <summary>Random numbers that a test may end: what needs one fails then, as any bug in the engine would.</summary>
internal sealed class BreakableEntropy : EntropySource
{
    private readonly EntropySource _source = Seeded(1);

    public bool IsBroken { get; set; }

    public override ulong NextUInt64() => IsBroken ? throw new InvalidOperationException("broken") : _source.NextUInt64();
}
