using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Violence.Kademlia.Diagnostics;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Runtime;

/// <summary>
/// Drives one engine: datagrams, commands and time in, datagrams and results out. It is a strand, not a thread: whoever has
/// something for the engine (the receive thread, a caller, the timer) runs it on the spot when nobody else does, and
/// otherwise leaves the work to who is at it. So the engine has one driver at a time without a lock, and a request is
/// answered on the thread that received it, without a hop to another.
/// </summary>
internal sealed class NodeLoop : IThreadPoolWorkItem, IDisposable
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int RunningAndCalled = 2;

    /// <summary>Steps in one go, before a thread that only came by hands the rest to the thread pool.</summary>
    private const int StepsMax = 512;

    private static readonly TimeSpan UtcInterval = TimeSpan.FromSeconds(10);

    private readonly KademliaEngine _engine;
    private readonly IDatagramTransport _transport;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<Action<KademliaEngine, Instant>> _commands = new();
    private readonly Dictionary<OperationId, Action<Operation>> _callers = [];
    private readonly Timer _timer;
    private readonly Action _seedsWanted;
    private readonly Action<JoinState> _joinChanged;
    private JoinState _joinState = JoinState.Joining;
    private Instant _timerAt = Instant.Never;
    private volatile bool _hasTimerFired;
    private Instant _nextUtc;
    private int _state;
    private volatile bool _isStopped;

    /// <param name="engine">The engine; nobody else touches it from now on.</param>
    /// <param name="transport">Where datagrams come from and go to.</param>
    /// <param name="logger">Where faults are told.</param>
    /// <param name="seedsWanted">Called on the loop when the engine wishes for seeds; must return at once.</param>
    /// <param name="joinChanged">Called on the loop when the node found or lost the network; must return at once.</param>
    public NodeLoop(KademliaEngine engine, IDatagramTransport transport, ILogger logger, Action seedsWanted, Action<JoinState> joinChanged)
    {
        _engine = engine;
        _transport = transport;
        _logger = logger;
        _seedsWanted = seedsWanted;
        _joinChanged = joinChanged;
        _timer = new Timer(static loop => ((NodeLoop)loop!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public void Start()
    {
        _transport.Start(Wake);
        Wake();
    }

    /// <summary>Has <paramref name="command"/> run on the engine: at once on this thread, or by whoever is at it.</summary>
    /// <exception cref="ObjectDisposedException">The loop has stopped.</exception>
    public void Post(Action<KademliaEngine, Instant> command)
    {
        ObjectDisposedException.ThrowIf(_isStopped, typeof(KademliaEngine));
        _commands.Enqueue(command);
        Wake();
    }

    /// <summary>Must be called from a command: <paramref name="caller"/> hears when the operation has ended.</summary>
    public void Await(OperationId operation, Action<Operation> caller) => _callers.Add(operation, caller);

    /// <summary>Must be called from a command: nobody waits for the operation any more.</summary>
    public bool Forget(OperationId operation) => _callers.Remove(operation);

    /// <summary>
    /// Must be called from a command: nothing runs after the current step. Callers who still wait hear nothing more from here.
    /// </summary>
    public void Stop()
    {
        Flush();
        _isStopped = true;
        _callers.Clear();
        _commands.Clear();
    }

    public void Dispose()
    {
        _isStopped = true;
        _timer.Dispose();
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>There is something to do: does it here, unless somebody is at it who will see it too.</summary>
    private void Wake()
    {
        if (Interlocked.Exchange(ref _state, RunningAndCalled) == Idle)
        {
            Run();
        }
    }

    private void OnTimer()
    {
        _hasTimerFired = true;
        Wake();
    }

    private void Run()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            if (_isStopped)
            {
                // Stays "running" for good: nobody enters any more.
                return;
            }

            if (!Step())
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }

    /// <returns>False when there is more to do than one thread should do in one go.</returns>
    private bool Step()
    {
        int left = StepsMax;
        while (left-- > 0 && !_isStopped && _commands.TryDequeue(out Action<KademliaEngine, Instant>? command))
        {
            Guard(static (engine, act, at) => act(engine, at), command, SystemClock.Now);
        }

        while (left-- > 0 && !_isStopped && _transport.TryRead(out Datagram datagram))
        {
            Guard(static (engine, received, at) => engine.Receive(received.Source, received.Payload, at), datagram, SystemClock.Now);
        }

        if (_isStopped)
        {
            return true;
        }

        Instant now = SystemClock.Now;
        if (_engine.NextDeadline <= now)
        {
            ReadUtc(now);
            Guard(static (engine, _, at) => engine.Advance(at), this, now);
        }

        Report();
        SetTimer(now);
        return left > 0;
    }

    /// <summary>
    /// One step of the engine, and what it wants sent. A fault in it is a bug, but one that a stranger's datagram may have
    /// found: it is told, and the node lives on.
    /// </summary>
    private void Guard<TArgument>(Action<KademliaEngine, TArgument, Instant> step, TArgument argument, Instant now)
    {
        try
        {
            step(_engine, argument, now);
        }
#pragma warning disable CA1031 // Whatever it is: see above.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _logger.EngineFault(fault);
        }

        Flush();
    }

    private void Flush()
    {
        Outbox outbox = _engine.Outbox;
        for (int i = 0; i < outbox.Count; i++)
        {
            ReadOnlyMemory<byte> datagram = outbox.Read(i, out NodeEndpoint to);
            _transport.Send(to, datagram.Span);
        }

        outbox.Clear();
    }

    private void Report()
    {
        while (_engine.TryTakeFinished(out Operation? operation))
        {
            if (_callers.Remove(operation.Id, out Action<Operation>? caller))
            {
                caller(operation);
            }
        }

        if (_engine.TakeSeedsWanted())
        {
            _seedsWanted();
        }

        if (_engine.JoinState != _joinState)
        {
            _joinState = _engine.JoinState;
            _joinChanged(_joinState);
        }
    }

    /// <summary>
    /// Moves the timer only forward to an earlier deadline; one that has become later is found out when it fires. Most
    /// deadlines are time-outs that never come true, and setting a timer costs more than such a vain call now and then.
    /// </summary>
    private void SetTimer(Instant now)
    {
        if (_hasTimerFired)
        {
            // It may fire a little early: then it has to be set again for the same deadline.
            _hasTimerFired = false;
            _timerAt = Instant.Never;
        }

        Instant next = _engine.NextDeadline;
        if (_timerAt <= next && _timerAt != Instant.Never)
        {
            return;
        }

        _timerAt = next;
        double wait = Math.Ceiling(Math.Max(0, (next - now).TotalMilliseconds));
        _timer.Change((long)Math.Min(wait, int.MaxValue), Timeout.Infinite);
    }

    private void ReadUtc(Instant now)
    {
        if (now >= _nextUtc)
        {
            _engine.SetUtc(now, SystemClock.Utc);
            _nextUtc = now + UtcInterval;
        }
    }
}
