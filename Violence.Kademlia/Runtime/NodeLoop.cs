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
/// <remarks>
/// What is not thread-safe below belongs to the driver; it passes from one to the next with <see cref="_state"/>. After the stop
/// nothing but commands runs, so that what the engine was at the end can still be read.
/// </remarks>
internal sealed class NodeLoop : IThreadPoolWorkItem, IDisposable
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int RunningAndCalled = 2;

    /// <summary>Steps in one go, before a thread that only came by hands the rest to the thread pool.</summary>
    private const int StepsMax = 512;

    private static readonly TimeSpan UtcInterval = TimeSpan.FromSeconds(10);

    /// <summary>What is due after a fault would be due again at once, and the node would do nothing else.</summary>
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(250);

    /// <summary>Who is called so much too late has probably stood still. Timers alone are late by up to 16 ms (Windows).</summary>
    private static readonly TimeSpan Overslept = TimeSpan.FromMilliseconds(25);

    /// <summary>For about so long at most what came meanwhile is let in: a flood must not keep anything from being due.</summary>
    private static readonly TimeSpan CatchingUpMax = TimeSpan.FromMilliseconds(100);

    /// <summary>As short as timers are: the receiving thread needs a moment to run at all.</summary>
    private static readonly TimeSpan CatchingUpPause = TimeSpan.FromMilliseconds(1);

    private readonly KademliaEngine _engine;
    private readonly IDatagramTransport _transport;
    private readonly NodeClock _clock;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<Action<KademliaEngine, Instant>> _commands = new();
    private readonly Dictionary<OperationId, Action<Operation?>> _callers = [];
    private readonly ITimer _timer;
    private readonly Action _seedsWanted;
    private readonly Action<JoinState> _joinChanged;
    private JoinState _joinState = JoinState.Joining;
    private Instant _timerAt = Instant.Never;
    private Instant _pausedUntil;
    private Instant _catchesUpUntil = Instant.Never;
    private Instant _nextUtc;
    private volatile bool _hasTimerFired;
    private NodeState? _saved;
    private int _state;

    /// <param name="engine">The engine; nobody else touches it from now on.</param>
    /// <param name="transport">Where datagrams come from and go to.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">Where faults are told; must return at once.</param>
    /// <param name="seedsWanted">Called on the loop when the engine wishes for seeds; must return at once.</param>
    /// <param name="joinChanged">Called on the loop when the node found or lost the network; must return at once.</param>
    /// <param name="state">Saves what has changed before anything is sent; null when nothing is saved.</param>
    public NodeLoop(
        KademliaEngine engine,
        IDatagramTransport transport,
        NodeClock clock,
        ILogger logger,
        Action seedsWanted,
        Action<JoinState> joinChanged,
        NodeState? state = null)
    {
        _saved = state;
        _engine = engine;
        _transport = transport;
        _clock = clock;
        _logger = logger;
        _seedsWanted = seedsWanted;
        _joinChanged = joinChanged;
        _timer = clock.CreateTimer(OnTimer);
    }

    /// <summary>To be asked from a command: whether <see cref="Stop"/> was called.</summary>
    public bool IsStopped { get; private set; }

    public void Start()
    {
        _transport.Start(Wake);
        Wake();
    }

    /// <summary>
    /// Has <paramref name="command"/> run on the engine: at once on this thread, or by whoever is at it. Every command runs
    /// once, in the order they were posted, also after the stop.
    /// </summary>
    public void Post(Action<KademliaEngine, Instant> command)
    {
        _commands.Enqueue(command);
        Wake();
    }

    /// <summary>
    /// Must be called from a command: <paramref name="caller"/> hears when the operation has ended, or with null that the loop has stopped.
    /// </summary>
    public void Await(OperationId operation, Action<Operation?> caller) => _callers.Add(operation, caller);

    /// <summary>Must be called from a command: nobody waits for the operation any more.</summary>
    public bool Forget(OperationId operation) => _callers.Remove(operation);

    /// <summary>
    /// Must be called from a command: sends what is to be sent, tells those who wait, and from then on runs commands only.
    /// </summary>
    public void Stop()
    {
        Flush();
        Report();
        IsStopped = true;
        _saved = null;
        _timer.Dispose();
        foreach (Action<Operation?> caller in _callers.Values)
        {
            caller(null);
        }

        _callers.Clear();
    }

    /// <summary>For a loop that was never started; a <see cref="Stop"/> does the same.</summary>
    public void Dispose() => _timer.Dispose();

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
        int left = StepsMax;
        do
        {
            // Who calls writes first and sets the state then; who runs sets the state first and reads then. It takes a full
            // fence on both sides: with a plain write here a read could come before it, and a call be overwritten unseen.
            Interlocked.Exchange(ref _state, Running);
            Turn(ref left);
            if (left <= 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }

    /// <summary>Commands and datagrams by turns, so that neither can hold up the other; then what is due.</summary>
    private void Turn(ref int left)
    {
        while (left-- > 0 && (RunCommand() | Receive()))
        {
        }

        if (IsStopped)
        {
            return;
        }

        Instant now = _clock.Now;
        if (Due <= now)
        {
            if (CatchesUp(now))
            {
                _pausedUntil = now + CatchingUpPause;
            }
            else if (!Guard(static (engine, _, at) => engine.Advance(at), this))
            {
                _pausedUntil = now + PauseAfterFault;
            }
        }
        else if (_catchesUpUntil != Instant.Never && _engine.NextDeadline > now)
        {
            _catchesUpUntil = Instant.Never;
        }

        SetTimer();
    }

    /// <summary>
    /// Whether answers may wait that came in time, while this process stood still: they are to be let in before their requests are
    /// given up, or whoever answered would be taken for dead. The first pause is for those that nobody sees: in the receiving
    /// thread's hands, neither at the host nor queued.
    /// </summary>
    private bool CatchesUp(Instant now)
    {
        bool isAtIt = _catchesUpUntil != Instant.Never;
        bool hasSlept = _engine.NextDeadline <= now - Overslept;
        if (!hasSlept || (isAtIt && (now >= _catchesUpUntil || !_transport.HasWaiting)))
        {
            _catchesUpUntil = Instant.Never;
            return false;
        }

        _catchesUpUntil = Instant.Min(_catchesUpUntil, now + CatchingUpMax);
        return true;
    }

    private bool RunCommand()
    {
        if (!_commands.TryDequeue(out Action<KademliaEngine, Instant>? command))
        {
            return false;
        }

        Guard(static (engine, act, now) => act(engine, now), command);
        return true;
    }

    private bool Receive()
    {
        if (IsStopped || !_transport.TryRead(out Datagram datagram))
        {
            return false;
        }

        Guard(static (engine, received, now) => engine.Receive(received.Source, received.Payload, now), datagram);
        return true;
    }

    private Instant Due => Instant.Max(Instant.Min(_engine.NextDeadline, _saved?.NextDue ?? Instant.Never), _pausedUntil);

    /// <summary>
    /// One step of the engine, what it wants sent, and what has ended with it: told at once, since a caller is not to wait for
    /// datagrams that have nothing to do with it. A fault in it is a bug, but one that a stranger's datagram may have found: it
    /// is told, and the node lives on.
    /// </summary>
    private bool Guard<TArgument>(Action<KademliaEngine, TArgument, Instant> step, TArgument argument)
    {
        Instant now = _clock.Now;
        ReadUtc(now);
        EngineScratch scratch = EngineScratch.Borrow();
        _engine.Use(scratch);
        bool isFine = Try(step, argument, now);

        // Before anything is sent: what is acknowledged outlives the process. After a fault too: what came before it is sent.
        isFine &= Try(static (engine, saved, at) => saved?.Save(engine, at), _saved, now);
        Flush();
        _engine.Use(null);
        scratch.GiveBack();
        if (!IsStopped)
        {
            Report();
        }

        return isFine;
    }

    private bool Try<TArgument>(Action<KademliaEngine, TArgument, Instant> step, TArgument argument, Instant now)
    {
        try
        {
            step(_engine, argument, now);
            return true;
        }
#pragma warning disable CA1031 // Whatever it is: see above.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _logger.EngineFault(fault);
            return false;
        }
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
            if (_callers.Remove(operation.Id, out Action<Operation?>? caller))
            {
                Tell(caller, operation);
            }
        }

        if (_engine.TakeSeedsWanted())
        {
            Tell(static wanted => wanted(), _seedsWanted);
        }

        if (_engine.JoinState != _joinState)
        {
            _joinState = _engine.JoinState;
            Tell(_joinChanged, _joinState);
        }
    }

    /// <summary>A fault in who listens is told, and the others still hear of theirs.</summary>
    private void Tell<TNews>(Action<TNews> listener, TNews news)
    {
        try
        {
            listener(news);
        }
#pragma warning disable CA1031 // Whatever it is: the loop has to go on.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _logger.EngineFault(fault);
        }
    }

    /// <summary>
    /// Moves the timer only forward to an earlier deadline; one that has become later is found out when it fires. Most
    /// deadlines are time-outs that never come true, and setting a timer costs more than such a vain call now and then.
    /// </summary>
    private void SetTimer()
    {
        if (_hasTimerFired)
        {
            // It may fire a little early: then it has to be set again for the same deadline.
            _hasTimerFired = false;
            _timerAt = Instant.Never;
        }

        Instant next = Due;
        if (_timerAt <= next && _timerAt != Instant.Never)
        {
            return;
        }

        _timerAt = next;
        double wait = Math.Ceiling(Math.Max(0, (next - _clock.Now).TotalMilliseconds));
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min(wait, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    private void ReadUtc(Instant now)
    {
        if (now >= _nextUtc)
        {
            _engine.SetUtc(now, _clock.Utc);
            _nextUtc = now + UtcInterval;
        }
    }
}
