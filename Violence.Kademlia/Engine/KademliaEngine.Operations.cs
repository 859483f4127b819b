using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>Starting, limiting and ending operations.</summary>
internal sealed partial class KademliaEngine
{
    private readonly Dictionary<OperationId, Operation> _running = [];
    private readonly Queue<Operation> _waiting = new();

    // All operations have the same time-out, so the order of their starts is the order of their ends. By id, so that an
    // operation that ended early is not kept until its deadline.
    private readonly Queue<(OperationId Id, Instant Deadline)> _deadlines = new();
    private readonly Queue<Operation> _finished = new();
    private long _lastOperation;
    private int _callers;
    private bool _isStartingWaiting;

    /// <summary>Whether an operation runs whose result somebody waits for, or the node has not found the network yet.</summary>
    public bool HasCallers => _callers > 0 || _join.State == JoinState.Joining;

    private Instant NextOperationDeadline => _deadlines.TryPeek(out var head) ? head.Deadline : Instant.Never;

    /// <summary>An operation that has ended, in the order they did; the engine's own upkeep is not among them.</summary>
    public bool TryTakeFinished([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Operation? operation) =>
        _finished.TryDequeue(out operation);

    /// <summary>Lets go of an operation whose caller has lost interest. Requests in flight end by themselves.</summary>
    public void Cancel(OperationId id, Instant now)
    {
        if (_running.Remove(id, out Operation? operation))
        {
            _callers -= operation.IsInternal || operation.IsReported ? 0 : 1;
            operation.Abandon();
            AfterEnd(now);
            return;
        }

        // Once around: the order stays, the one that is cancelled does not.
        for (int left = _waiting.Count; left > 0; left--)
        {
            Operation waiting = _waiting.Dequeue();
            if (waiting.Id != id)
            {
                _waiting.Enqueue(waiting);
            }
            else
            {
                _callers -= waiting.IsInternal ? 0 : 1;
            }
        }
    }

    /// <summary>Called by an operation that has its result, whether or not it goes on.</summary>
    public void OnReported(Operation operation)
    {
        if (!operation.IsInternal)
        {
            _finished.Enqueue(operation);
            _callers--;
        }
    }

    /// <summary>Called by an operation that has ended.</summary>
    public void OnFinished(Operation operation, Instant now)
    {
        _running.Remove(operation.Id);
        if (operation is PutOperation put)
        {
            bool isStored = put.Status == PutStatus.Stored;
            Remember(put.Record, put.Holders);
            _owned.OnPublished(put.Record, isStored, isStored && put.Holders.Count >= Config.ReplicationFactor, now);
        }
        else if (operation is TouchOperation touch)
        {
            OnTouched(touch, now);
        }
        else if (operation is WatchOperation round)
        {
            _watches!.OnRound(round, this, now);
        }

        AfterEnd(now);
    }

    private OperationId Begin(Operation operation, Instant now)
    {
        var id = new OperationId(++_lastOperation);
        operation.Begin(id, now);
        _callers += operation.IsInternal ? 0 : 1;
        if (_running.Count < Config.OperationsMax)
        {
            Run(operation, now);
        }
        else if (_waiting.Count < Config.OperationsWaitingMax)
        {
            _waiting.Enqueue(operation);
        }
        else
        {
            operation.OnTimeUp(this, now);
        }

        return id;
    }

    private void Run(Operation operation, Instant now)
    {
        _running.Add(operation.Id, operation);
        _deadlines.Enqueue((operation.Id, now + Config.OperationTimeout));
        operation.Start(this, now);
    }

    /// <summary>One has ended: others may begin.</summary>
    private void AfterEnd(Instant now)
    {
        while (_deadlines.TryPeek(out (OperationId Id, Instant Deadline) head) && !_running.ContainsKey(head.Id))
        {
            _deadlines.Dequeue();
        }

        // One that ends as it starts leads back here: a loop, or thousands of them would fill the stack.
        if (_isStartingWaiting)
        {
            return;
        }

        _isStartingWaiting = true;
        try
        {
            while (_running.Count < Config.OperationsMax && _waiting.TryDequeue(out Operation? next))
            {
                Run(next, now);
            }
        }
        finally
        {
            _isStartingWaiting = false;
        }
    }

    private void EndOverdueOperations(Instant now)
    {
        while (_deadlines.TryPeek(out (OperationId Id, Instant Deadline) head) && head.Deadline <= now)
        {
            _deadlines.Dequeue();
            if (_running.TryGetValue(head.Id, out Operation? operation))
            {
                operation.OnTimeUp(this, now);
            }
        }
    }
}
