using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;

namespace Violence.Kademlia.Simulation.Directory;

/// <summary>
/// One life of a simulated node, as <see cref="KademliaNode"/> needs it, so that the directory runs unchanged on virtual time. Whoever
/// waits is continued by an event of the simulator at the same instant: never inside a step of an engine, and never on another thread.
/// When the node goes down what is under way ends with an <see cref="ObjectDisposedException"/>, in the order it began.
/// </summary>
internal sealed class SimulatedHost : INodeHost
{
    private readonly Simulator _simulator;
    private readonly SimulatedNode _node;
    private readonly SortedDictionary<long, Action> _underWay = [];
    private readonly SortedDictionary<long, Action> _untilJoined = [];
    private readonly TaskCompletionSource<JoinOutcome> _joined = new();
    private KademliaNode? _facade;
    private long _calls;
    private bool _isJoined;

    /// <summary>For <see cref="SimulatedNode.Host"/>.</summary>
    public SimulatedHost(Simulator simulator, SimulatedNode node)
    {
        _simulator = simulator;
        _node = node;
        Time = new VirtualTimeProvider(simulator, node.ClockError, () => IsOver);
        OnStep(node.Engine.JoinState);
    }

    /// <summary>Whether this life has ended; the node may have begun another.</summary>
    public bool IsOver { get; private set; }

    /// <summary>When it ended; <see cref="Instant.Never"/> while it has not.</summary>
    public Instant EndedAt { get; private set; } = Instant.Never;

    /// <summary>The node as applications see it.</summary>
    public KademliaNode Facade => _facade ??= new KademliaNode(this, new KademliaOptions { Network = Simulator.NetworkName });

    /// <summary>The node's clocks in this life.</summary>
    public VirtualTimeProvider Time { get; }

    /// <summary>Requests and answers of the operations that ended, as far as those tell.</summary>
    public long Datagrams { get; private set; }

    public NodeIdentity Identity => _node.Identity;

    public NodeEndpoint LocalEndpoint => _node.Endpoint;

    public Task<JoinOutcome> Joined => _joined.Task;

    public bool ContinuesInline => true;

    public Action<T> Relay<T>(Action<T> callback) => value => Later(() => callback(value));

    public EntropySource NewEntropy() => EntropySource.Seeded(_simulator.Entropy.NextUInt64());

    /// <summary>A directory over this node that remembers nothing of others.</summary>
    public ServerDirectory OpenDirectory(ServerDirectoryOptions? options = null) =>
        new(Facade, (options ?? new ServerDirectoryOptions()) with { TimeProvider = Time });

    public async Task<TResult> RunAsync<TOperation, TResult>(
        BeginOperation begin, Func<TOperation, TResult> conclude, TimeSpan joinPatience, CancellationToken cancellationToken)
        where TOperation : Operation
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfOver();
        var completion = new TaskCompletionSource<TResult>();
        long call = ++_calls;
        OperationId? id = null;
        void Start() => _node.Run<TOperation>(
            (engine, now) =>
            {
                OperationId begun = begin(engine, now);
                id = begun;
                return begun;
            },
            operation => Conclude(completion, conclude, operation));
        _underWay.Add(call, () => completion.TrySetException(Stopped()));
        using CancellationTokenRegistration cancel = cancellationToken.UnsafeRegister((_, token) => Cancel(call, id, completion, token), null);
        try
        {
            StartWhenJoined(call, Start, joinPatience);
            return await completion.Task.ConfigureAwait(false);
        }
        finally
        {
            _underWay.Remove(call);
            _untilJoined.Remove(call);
        }
    }

    /// <inheritdoc cref="INodeHost.Query"/>
    /// <exception cref="ObjectDisposedException">This life is over: crashed engines are not kept.</exception>
    public TResult Query<TResult>(Func<KademliaEngine, Instant, TResult> read)
    {
        ThrowIfOver();

        // A step like any other: what is read may also begin something, and what that sends must go out.
        TResult result = default!;
        _node.Step((engine, now) => result = read(engine, now));
        return result;
    }

    public TResult QueryRunning<TResult>(Func<KademliaEngine, Instant, TResult> read) => Query(read);

    public Task StopAsync(bool sayGoodbye)
    {
        if (!IsOver)
        {
            if (sayGoodbye)
            {
                _node.SayGoodbye();
            }

            _node.Crash();
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => new(StopAsync(sayGoodbye: true));

    /// <summary>For the node: a step has ended.</summary>
    internal void OnStep(JoinState join)
    {
        if (_isJoined || join == JoinState.Joining)
        {
            return;
        }

        _isJoined = true;
        var outcome = new JoinOutcome(join == JoinState.Alone, _simulator.Now - _node.StartedAt);
        Later(() => _joined.TrySetResult(outcome));
        foreach (Action start in _untilJoined.Values)
        {
            Later(start);
        }

        _untilJoined.Clear();
    }

    /// <summary>For the node: it goes down.</summary>
    internal void OnEnd()
    {
        IsOver = true;
        EndedAt = _simulator.Now;
        foreach (Action end in _underWay.Values)
        {
            Later(end);
        }

        if (!_isJoined)
        {
            _isJoined = true;
            Later(() => _joined.TrySetException(Stopped()));
        }

        _untilJoined.Clear();
    }

    private static ObjectDisposedException Stopped() => new("KademliaNode", "The node was stopped.");

    private void ThrowIfOver()
    {
        if (IsOver)
        {
            throw Stopped();
        }
    }

    private void Later(Action action) => _simulator.At(_simulator.Now, action);

    private void StartWhenJoined(long call, Action start, TimeSpan patience)
    {
        if (_isJoined || patience == TimeSpan.Zero)
        {
            start();
            return;
        }

        _untilJoined.Add(call, StartOnce);
        _simulator.After(patience, () =>
        {
            if (_untilJoined.Remove(call) && !IsOver)
            {
                start();
            }
        });

        void StartOnce()
        {
            // Given up, or gone down, between the join and this event.
            if (_underWay.ContainsKey(call) && !IsOver)
            {
                start();
            }
        }
    }

    private void Conclude<TOperation, TResult>(
        TaskCompletionSource<TResult> completion, Func<TOperation, TResult> conclude, TOperation ended)
        where TOperation : Operation
    {
        Datagrams += ended.Requests + (ended is GetOperation get ? get.Answers : 0);

        // Read now, as on a socket: the operation may go on with what nobody waits for.
        TResult result = conclude(ended);
        Later(() => completion.TrySetResult(result));
    }

    private void Cancel<TResult>(long call, OperationId? id, TaskCompletionSource<TResult> completion, CancellationToken token)
    {
        _untilJoined.Remove(call);
        if (!IsOver && id is { } begun && _node.Forget(begun))
        {
            _node.Step((engine, now) => engine.Cancel(begun, now));
        }

        completion.TrySetCanceled(token);
    }
}
