using Microsoft.Extensions.Logging;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Runtime;

/// <summary>Starts an operation on the engine.</summary>
internal delegate OperationId BeginOperation(KademliaEngine engine, Instant now);

/// <summary>How the first join ended.</summary>
internal readonly record struct JoinOutcome(bool IsAlone, TimeSpan Elapsed);

/// <summary>
/// A running node: engine, loop, socket, identity and data directory, from start to stop. Tasks that it hands out complete
/// asynchronously: no caller's code ever runs on the loop.
/// </summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly IDatagramTransport _transport;
    private readonly KademliaEngine _engine;
    private readonly NodeLoop _loop;
    private readonly Seeds _seeds;
    private readonly ILogger _logger;
    private readonly string? _directory;
    private readonly bool _ownsIdentity;
    private readonly Instant _startedAt = SystemClock.Now;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<JoinOutcome> _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isStopping;

    public NodeHost(
        IDatagramTransport transport, KademliaEngine engine, NodeIdentity identity, bool ownsIdentity, Seeds seeds, string? directory, ILogger logger)
    {
        _transport = transport;
        _engine = engine;
        Identity = identity;
        _ownsIdentity = ownsIdentity;
        _seeds = seeds;
        _directory = directory;
        _logger = logger;
        LocalEndpoint = transport.LocalEndpoint;
        _loop = new NodeLoop(engine, transport, logger, OnSeedsWanted, OnJoinChanged);
    }

    public NodeIdentity Identity { get; }

    public NodeEndpoint LocalEndpoint { get; }

    /// <summary>Completes when the node first found the network, or that there is none to join.</summary>
    public Task<JoinOutcome> Joined => _joined.Task;

    public void Start() => _loop.Start();

    /// <summary>Runs an operation to its end.</summary>
    /// <exception cref="ObjectDisposedException">The node has stopped, or stops before the operation ends.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<TResult> RunAsync<TOperation, TResult>(
        BeginOperation begin, Func<TOperation, TResult> conclude, CancellationToken cancellationToken)
        where TOperation : Operation
    {
        cancellationToken.ThrowIfCancellationRequested();
        var completion = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        OperationId id = default;
        Post((engine, now) =>
        {
            try
            {
                id = begin(engine, now);
                _loop.Await(id, operation => completion.TrySetResult(conclude((TOperation)operation)));
            }
            catch (Exception fault)
            {
                completion.TrySetException(fault);
                throw;
            }
        });
        using CancellationTokenRegistration stop = _stopping.Token.UnsafeRegister(
            static (waiting, _) => ((TaskCompletionSource<TResult>)waiting!).TrySetException(Stopped()), completion);
        using CancellationTokenRegistration cancel = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister((_, token) => Cancel(completion, () => id, token), null)
            : default;
        return await completion.Task.ConfigureAwait(false);
    }

    /// <summary>Reads something from the engine. After the stop it is as it was at the end.</summary>
    public TResult Query<TResult>(Func<KademliaEngine, Instant, TResult> read)
    {
        using var done = new ManualResetEventSlim();
        TResult? result = default;
        Exception? fault = null;
        void Read(KademliaEngine engine, Instant now)
        {
            try
            {
                result = read(engine, now);
            }
            catch (Exception thrown)
            {
                fault = thrown;
            }

            done.Set();
        }

        try
        {
            _loop.Post(Read);
            done.Wait(_stopping.Token);
        }
        catch (Exception ended) when (ended is ObjectDisposedException or OperationCanceledException)
        {
            // Nobody drives the engine any more once the stop is complete; until then it is still being driven.
            _stopped.Task.Wait(CancellationToken.None);
            lock (_engine)
            {
                Read(_engine, SystemClock.Now);
            }
        }

        return fault is null ? result! : throw fault;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(sayGoodbye: true).ConfigureAwait(false);
        _stopping.Dispose();
    }

    public Task StopAsync(bool sayGoodbye)
    {
        if (Interlocked.Exchange(ref _isStopping, 1) != 0)
        {
            return _stopped.Task;
        }

        var ended = new TaskCompletionSource<List<Contact>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post((engine, now) =>
        {
            if (sayGoodbye)
            {
                engine.SayGoodbye(now);
            }

            _loop.Stop();
            ended.TrySetResult([.. engine.Contacts()]);
        });
        return CloseAsync(ended.Task);
    }

    private static ObjectDisposedException Stopped() => new("KademliaNode", "The node was stopped.");

    private async Task CloseAsync(Task<List<Contact>> ended)
    {
        List<Contact> contacts = await ended.ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        _loop.Dispose();
        _transport.Dispose();
        _joined.TrySetException(Stopped());
        _ = _joined.Task.Exception;
        if (_directory is not null && contacts.Count > 0
            && !ContactsFile.TrySave(_directory, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(contacts), out string problem))
        {
            _logger.ContactsNotSaved(problem);
        }

        if (_ownsIdentity)
        {
            Identity.Dispose();
        }

        _logger.Stopped(Identity.Id.ToString());
        _stopped.TrySetResult();
    }

    private void Post(Action<KademliaEngine, Instant> command)
    {
        if (Volatile.Read(ref _isStopping) != 0)
        {
            throw Stopped();
        }

        _loop.Post(command);
    }

    private void Cancel<TResult>(TaskCompletionSource<TResult> completion, Func<OperationId> id, CancellationToken token)
    {
        if (completion.TrySetCanceled(token) && Volatile.Read(ref _isStopping) == 0)
        {
            _loop.Post((engine, now) =>
            {
                _loop.Forget(id());
                engine.Cancel(id(), now);
            });
        }
    }

    private void OnSeedsWanted() => _ = Task.Run(async () =>
    {
        List<NodeEndpoint> endpoints = await _seeds.ResolveAsync(_stopping.Token).ConfigureAwait(false);
        if (Volatile.Read(ref _isStopping) == 0)
        {
            _logger.Joining(endpoints.Count);
            _loop.Post((engine, now) => engine.Join(endpoints, _seeds.HasAny, now));
        }
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

        _joined.TrySetResult(new JoinOutcome(state == JoinState.Alone, SystemClock.Now - _startedAt));
    }
}
