using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Runtime;

/// <summary>Starts an operation on the engine.</summary>
internal delegate OperationId BeginOperation(KademliaEngine engine, Instant now);

/// <summary>How the first join ended.</summary>
internal readonly record struct JoinOutcome(bool IsAlone, TimeSpan Elapsed);

/// <summary>
/// A running node: engine, loop, socket, identity and data directory, from start to stop. Tasks that it hands out complete
/// asynchronously: no caller's code ever runs on the loop.
/// </summary>
internal sealed class NodeHost : INodeHost
{
    /// <summary>A crash loses no more than what was learned since.</summary>
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(10);

    /// <summary>How long the stop waits for others to take over what this node holds.</summary>
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(1);

    /// <summary>How long the stop waits for a logger that is slow.</summary>
    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(1);

    private readonly NodeResources _resources;
    private readonly KademliaEngine _engine;
    private readonly NodeLoop _loop;
    private readonly Seeds _seeds;
    private readonly NodeClock _clock;
    private readonly BackgroundLogger _logger;
    private readonly NodeState? _state;
    private readonly Instant _startedAt;
    private BackgroundCheckpointer? _checkpointer;
    private readonly CancellationTokenSource _stopping = new();

    // The loop's: operations that came before the network was found, in their order.
    private readonly List<Action<KademliaEngine, Instant>> _untilJoined = [];
    private readonly TaskCompletionSource<JoinOutcome> _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isStopping;

    /// <param name="resources">What ends with the node.</param>
    /// <param name="engine">The engine; nobody else touches it from now on.</param>
    /// <param name="seeds">Where to join.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">Where to tell what happens.</param>
    /// <param name="state">Saves what changes; null when nothing is saved.</param>
    public NodeHost(
        NodeResources resources, KademliaEngine engine, Seeds seeds, NodeClock clock, BackgroundLogger logger, NodeState? state = null)
    {
        _resources = resources;
        _engine = engine;
        _seeds = seeds;
        _clock = clock;
        _logger = logger;
        _state = state;
        _startedAt = clock.Now;
        LocalEndpoint = resources.Transport.LocalEndpoint;
        _loop = new NodeLoop(engine, resources.Transport, clock, logger, OnSeedsWanted, OnJoinChanged, state);
    }

    public NodeIdentity Identity => _resources.Identity;

    public NodeEndpoint LocalEndpoint { get; }

    public Task<JoinOutcome> Joined => _joined.Task;

    public bool ContinuesInline => false;

    public Action<T> Relay<T>(Action<T> callback) => callback;

    public EntropySource NewEntropy() => EntropySource.System();

    /// <summary>When this throws the caller disposes of the resources.</summary>
    public void Start()
    {
        try
        {
            _loop.Start();
        }
        catch
        {
            _loop.Dispose();
            throw;
        }

        if (_resources.Directory is { } directory && _state is { } state)
        {
            _checkpointer = new BackgroundCheckpointer(
                directory.Store, _clock.Every(BackgroundCheckpointer.DefaultInterval), OnCheckpointOutcome);
            _ = SaveContactsNowAndThenAsync(state);
        }
    }

    public Task<TResult> RunAsync<TOperation, TResult>(
        BeginOperation begin, Func<TOperation, TResult> conclude, TimeSpan joinPatience, CancellationToken cancellationToken)
        where TOperation : Operation =>
        Volatile.Read(ref _isStopping) == 0
            ? RunToItsEndAsync(begin, conclude, joinPatience, cancellationToken)
            : Task.FromException<TResult>(Stopped());

    private async Task<TResult> RunToItsEndAsync<TOperation, TResult>(
        BeginOperation begin, Func<TOperation, TResult> conclude, TimeSpan joinPatience, CancellationToken cancellationToken)
        where TOperation : Operation
    {
        cancellationToken.ThrowIfCancellationRequested();
        var completion = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        OperationId id = default;
        void Start(KademliaEngine engine, Instant now)
        {
            if (_loop.IsStopped || completion.Task.IsCompleted)
            {
                completion.TrySetException(Stopped());
                return;
            }

            try
            {
                id = begin(engine, now);
            }
            catch (Exception fault)
            {
                completion.TrySetException(fault);
                throw;
            }

            _loop.Await(id, operation => Conclude(completion, conclude, (TOperation?)operation));
        }

        Action<KademliaEngine, Instant> start = Start;
        using ITimer? patience = PostWhenJoined(start, joinPatience);
        using CancellationTokenRegistration cancel = cancellationToken.UnsafeRegister(
            (_, token) => Cancel(completion, start, () => id, token), null);
        return await completion.Task.ConfigureAwait(false);
    }

    public TResult Query<TResult>(Func<KademliaEngine, Instant, TResult> read)
    {
        var answer = new TaskCompletionSource<TResult>();
        _loop.Post((engine, now) =>
        {
            try
            {
                answer.SetResult(read(engine, now));
            }
            catch (Exception fault)
            {
                answer.SetException(fault);
            }
        });

        // Most often the command has run right here. Otherwise somebody else is at it and gets to it within milliseconds;
        // should that be a pool that is busy, then waiting for a task is what makes it add a thread.
        return answer.Task.GetAwaiter().GetResult();
    }

    public TResult QueryRunning<TResult>(Func<KademliaEngine, Instant, TResult> read) =>
        Query((engine, now) => _loop.IsStopped ? throw Stopped() : read(engine, now));

    public ValueTask DisposeAsync() => new(StopAsync(sayGoodbye: true));

    public Task StopAsync(bool sayGoodbye)
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            _ = CloseAsync(sayGoodbye);
        }

        return _stopped.Task;
    }

    private static ObjectDisposedException Stopped() => new("KademliaNode", "The node was stopped.");

    private static void Conclude<TOperation, TResult>(
        TaskCompletionSource<TResult> completion, Func<TOperation, TResult> conclude, TOperation? ended)
        where TOperation : Operation
    {
        try
        {
            if (ended is null)
            {
                completion.TrySetException(Stopped());
            }
            else
            {
                completion.TrySetResult(conclude(ended));
            }
        }
        catch (Exception fault)
        {
            completion.TrySetException(fault);
            throw;
        }
    }

    /// <summary>Posts a command once the node has joined, or has stopped, or patience is at its end. Returns the timer that runs until then.</summary>
    private ITimer? PostWhenJoined(Action<KademliaEngine, Instant> command, TimeSpan patience)
    {
        if (_joined.Task.IsCompleted || patience == TimeSpan.Zero)
        {
            _loop.Post(command);
            return null;
        }

        _loop.Post((engine, now) =>
        {
            if (_joined.Task.IsCompleted || _loop.IsStopped)
            {
                command(engine, now);
            }
            else
            {
                _untilJoined.Add(command);
            }
        });
        ITimer timer = _clock.CreateTimer(() => _loop.Post((engine, now) =>
        {
            if (_untilJoined.Remove(command))
            {
                command(engine, now);
            }
        }));
        timer.Change(patience, Timeout.InfiniteTimeSpan);
        return timer;
    }

    /// <summary>On the loop.</summary>
    private void PostWaiting()
    {
        foreach (Action<KademliaEngine, Instant> command in _untilJoined)
        {
            _loop.Post(command);
        }

        _untilJoined.Clear();
    }

    private void Cancel<TResult>(
        TaskCompletionSource<TResult> completion, Action<KademliaEngine, Instant> start, Func<OperationId> id, CancellationToken token)
    {
        if (completion.TrySetCanceled(token))
        {
            _loop.Post((engine, now) =>
            {
                _untilJoined.Remove(start);
                if (_loop.Forget(id()))
                {
                    engine.Cancel(id(), now);
                }
            });
        }
    }

    private async Task CloseAsync(bool sayGoodbye)
    {
        try
        {
            if (sayGoodbye)
            {
                await HandOverAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            await EndLoopAsync(sayGoodbye).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await _stopping.CancelAsync().ConfigureAwait(false);
            if (_joined.TrySetException(Stopped()))
            {
                // Seen to here, whether anybody waited for it or not.
                _ = _joined.Task.Exception;
            }

            _resources.Transport.Dispose();
            if (_checkpointer is not null)
            {
                await _checkpointer.DisposeAsync().ConfigureAwait(false);
                OnCheckpointOutcome(_resources.Directory!.Store.Checkpoint());
            }

            _logger.Stopped(Identity.Id.ToString());
            await _logger.FlushAsync().WaitAsync(LogPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _resources.Dispose();
            _stopped.TrySetResult();
        }
    }

    /// <summary>Leaves what this node holds to others; who is in a hurry to stop does not wait long for that.</summary>
    private async Task HandOverAsync()
    {
        // On the system's clock: a stop ends, whatever clock the node was given.
        using var patience = new CancellationTokenSource(HandOverPatience);
        Task handOver = RunToItsEndAsync(
            static (engine, now) => engine.HandOver(now), static (TouchOperation touch) => touch.Copied, TimeSpan.Zero, patience.Token);
        await handOver.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task EndLoopAsync(bool sayGoodbye)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post((engine, now) =>
        {
            try
            {
                _state?.SaveContacts(engine, now);
                engine.EndWatches(now);
                if (sayGoodbye)
                {
                    engine.SayGoodbye(now);
                }

                _state?.Save(engine, now);
            }
            finally
            {
                _loop.Stop();
                PostWaiting();
                ended.TrySetResult();
            }
        });
        return ended.Task;
    }

    private async Task SaveContactsNowAndThenAsync(NodeState state)
    {
        using PeriodicTimer timer = _clock.Every(SaveInterval);
        using CancellationTokenRegistration stop = _stopping.Token.UnsafeRegister(static ticks => ((PeriodicTimer)ticks!).Dispose(), timer);
        while (await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            _loop.Post((engine, now) =>
            {
                if (!_loop.IsStopped)
                {
                    state.SaveContacts(engine, now);
                }
            });
        }
    }

    private void OnCheckpointOutcome(SaveResult result)
    {
        if (!result.IsSaved)
        {
            _logger.StateProblem($"The state file could not be written to the disk for good: {result.Problem}");
        }
    }

    private void OnSeedsWanted() => _ = Task.Run(async () =>
    {
        List<NodeEndpoint> endpoints = await _seeds.ResolveAsync(_stopping.Token).ConfigureAwait(false);
        _logger.Joining(endpoints.Count);
        if (endpoints.Count > 0 && !endpoints.Exists(seed => _resources.Transport.Families.Includes(seed)))
        {
            _logger.SeedsOutOfReach(endpoints.Count, _resources.Transport.Families.ToString());
        }

        _loop.Post((engine, now) =>
        {
            if (!_loop.IsStopped)
            {
                engine.Join(endpoints, _seeds.HasAny, now);
            }
        });
    });

    private void OnJoinChanged(JoinState state)
    {
        switch (state)
        {
            case JoinState.Joined:
                _logger.Joined(_engine.Table.Count);
                break;
            case JoinState.Alone:
                _logger.Alone();
                break;
            default:
                _logger.Lost();
                return;
        }

        _joined.TrySetResult(new JoinOutcome(state == JoinState.Alone, _clock.Now - _startedAt));
        PostWaiting();
    }
}
