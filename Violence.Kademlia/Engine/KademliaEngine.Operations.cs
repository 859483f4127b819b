using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>Starting, limiting and ending operations.</summary>
internal sealed partial class KademliaEngine
{
    private readonly Dictionary<OperationId, Operation> _running = [];
    private readonly Queue<Operation> _waiting = new();

    // All operations have the same time-out, so the order of their starts is the order of their ends.
    private readonly Queue<(Operation Operation, Instant Deadline)> _deadlines = new();
    private readonly Queue<Operation> _finished = new();
    private long _lastOperation;

    private Instant NextOperationDeadline => _deadlines.TryPeek(out var head) ? head.Deadline : Instant.Never;

    /// <summary>An operation that has ended, in the order they did; the engine's own upkeep is not among them.</summary>
    public bool TryTakeFinished([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Operation? operation) =>
        _finished.TryDequeue(out operation);

    /// <summary>Lets go of an operation whose caller has lost interest. Requests in flight end by themselves.</summary>
    public void Cancel(OperationId id, Instant now)
    {
        if (_running.Remove(id, out Operation? operation))
        {
            operation.Abandon();
            StartWaiting(now);
        }
        else
        {
            foreach (Operation waiting in _waiting)
            {
                if (waiting.Id == id)
                {
                    waiting.Abandon();
                }
            }
        }
    }

    /// <summary>Called by an operation that has its result.</summary>
    public void OnFinished(Operation operation, Instant now)
    {
        _running.Remove(operation.Id);
        if (operation is PutOperation put)
        {
            bool isStored = put.Status == PutStatus.Stored;
            _owned.OnPublished(put.Record, isStored, isStored && put.Holders.Count >= Config.ReplicationFactor, now);
        }

        if (!operation.IsInternal)
        {
            _finished.Enqueue(operation);
        }

        StartWaiting(now);
    }

    private OperationId Begin(Operation operation, Instant now)
    {
        _lastStep = now;
        var id = new OperationId(++_lastOperation);
        operation.Begin(id, now);
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
        _deadlines.Enqueue((operation, now + Config.OperationTimeout));
        operation.Start(this, now);
    }

    private void StartWaiting(Instant now)
    {
        while (_running.Count < Config.OperationsMax && _waiting.TryDequeue(out Operation? next))
        {
            if (!next.IsFinished)
            {
                Run(next, now);
            }
        }
    }

    private void EndOverdueOperations(Instant now)
    {
        while (_deadlines.TryPeek(out var head) && (head.Operation.IsFinished || head.Deadline <= now))
        {
            _deadlines.Dequeue();
            if (!head.Operation.IsFinished)
            {
                head.Operation.OnTimeUp(this, now);
            }
        }
    }
}
