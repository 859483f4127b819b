using System.Buffers;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>
/// The requests in flight. A reply counts only when transaction, endpoint, kind and sender fit one of them
/// (docs/protocol.md, "Messages"); one that does not fit changes nothing, so nobody can cancel a request by guessing at it.
/// Every request leaves exactly once: answered, given up at its hard time-out, or removed by its owner.
/// </summary>
/// <typeparam name="TRequest">What the caller keeps with a request and gets back with its end.</typeparam>
internal sealed class RequestTable<TRequest>
    where TRequest : struct
{
    public const int DefaultMaximum = 4096;

    private const int FirstSlots = 16;

    /// <summary>
    /// What finds the slots stays up to here when nothing is in flight; the slots themselves are borrowed: nodes are many in one process, and
    /// each needs them for moments only.
    /// </summary>
    private const int IndexKept = 64;

    private const int None = -1;

    private readonly int _maximum;
    private SlotIndex _index;
    private DeadlineQueue _deadlines = new();
    private Slot[] _slots = [];
    private int _slotsUsed;
    private int _firstFree = None;
    private long _added;

    /// <param name="maximum">The most requests in flight at a time.</param>
    public RequestTable(int maximum = DefaultMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        _maximum = maximum;
        _index = NewIndex();
    }

    public int InFlight => _index.Count;

    /// <summary>When <see cref="TryTakeDue"/> will next have something; <see cref="Instant.Never"/> when nothing is in flight.</summary>
    public Instant NextDeadline => _deadlines.Next;

    /// <summary>Notes a request that is being sent now.</summary>
    /// <param name="transaction">Its transaction; random and not in flight.</param>
    /// <param name="endpoint">Where it goes.</param>
    /// <param name="expected">The id that is asked; null for a seed: then any sender's answer counts.</param>
    /// <param name="kind">A kind that has a reply.</param>
    /// <param name="request">What is handed back with its end.</param>
    /// <param name="now">The time of sending.</param>
    /// <param name="soft">After this it counts as late. Not shorter than <paramref name="hard"/>: it never does.</param>
    /// <param name="hard">After this it is given up.</param>
    /// <returns>False when the table is full or the transaction is in flight already: nothing may be sent.</returns>
    public bool TryAdd(
        TransactionId transaction,
        NodeEndpoint endpoint,
        NodeId? expected,
        MessageKind kind,
        in TRequest request,
        Instant now,
        TimeSpan soft,
        TimeSpan hard)
    {
        if (!kind.HasReply())
        {
            throw new ArgumentException($"{kind} is not answered by anything.", nameof(kind));
        }

        if (InFlight >= _maximum || Find(transaction) != None)
        {
            return false;
        }

        int index = TakeSlot();
        bool hasSoft = soft < hard;
        _slots[index] = new Slot
        {
            Transaction = transaction,
            Endpoint = endpoint,
            Expected = expected.GetValueOrDefault(),
            IsAnySender = expected is null,
            Kind = kind,
            Request = request,
            SentAt = now,
            HardDeadline = now + hard,
            AwaitsSoft = hasSoft,
            IsInFlight = true,
        };
        _index.Add(index, transaction.GetHashCode());
        _deadlines.Add(index, now + (hasSoft ? soft : hard), _added++);
        return true;
    }

    /// <summary>Finds the request that a reply answers and takes it out of flight.</summary>
    /// <param name="transaction">The reply's transaction.</param>
    /// <param name="endpoint">Where the reply came from.</param>
    /// <param name="reply">The reply's kind; <see cref="MessageKind.Retry"/> answers every kind of request.</param>
    /// <param name="sender">The id the reply names.</param>
    /// <param name="now">The time of its arrival.</param>
    /// <param name="request">What was kept with the request; default unless it was taken out.</param>
    /// <param name="roundTrip">How long the answer took; zero unless the request was taken out.</param>
    public MatchResult TryMatch(
        TransactionId transaction,
        NodeEndpoint endpoint,
        MessageKind reply,
        NodeId sender,
        Instant now,
        out TRequest request,
        out TimeSpan roundTrip)
    {
        request = default;
        roundTrip = TimeSpan.Zero;
        int index = Find(transaction);
        if (index == None)
        {
            return MatchResult.Unknown;
        }

        ref Slot slot = ref _slots[index];
        if (slot.Endpoint != endpoint)
        {
            return MatchResult.OtherEndpoint;
        }

        bool isRetry = reply == MessageKind.Retry;
        if (!isRetry && reply != slot.Kind.Reply())
        {
            return MatchResult.OtherKind;
        }

        if (!slot.IsAnySender && slot.Expected != sender)
        {
            return MatchResult.OtherSender;
        }

        request = slot.Request;
        roundTrip = now - slot.SentAt;
        Free(index);
        return isRetry ? MatchResult.Retry : MatchResult.Matched;
    }

    /// <summary>
    /// The next time-out that has passed, in order of deadline, then of sending. A soft one comes once and leaves the
    /// request in flight; a hard one takes it out. Call until false.
    /// </summary>
    public bool TryTakeDue(Instant now, out Due<TRequest> due)
    {
        if (_deadlines.Count == 0 || _deadlines.Next > now)
        {
            due = default;
            return false;
        }

        int index = _deadlines.NextSlot;
        ref Slot slot = ref _slots[index];
        bool isSoft = slot.AwaitsSoft;
        due = new Due<TRequest>(
            slot.Transaction, slot.Endpoint, slot.IsAnySender ? null : slot.Expected, slot.Kind, slot.Request, isSoft);
        if (isSoft)
        {
            slot.AwaitsSoft = false;
            _deadlines.Change(index, slot.HardDeadline);
        }
        else
        {
            Free(index);
        }

        return true;
    }

    /// <summary>Takes a request out of flight without an answer.</summary>
    /// <returns>False when it was not in flight.</returns>
    public bool Remove(TransactionId transaction)
    {
        int index = Find(transaction);
        if (index == None)
        {
            return false;
        }

        Free(index);
        return true;
    }

    /// <summary>Takes out every request that the predicate names, such as all of one operation that has ended.</summary>
    /// <param name="argument">Handed to the predicate, so that it need not capture (and allocate) anything.</param>
    /// <param name="predicate">Whether a request goes.</param>
    /// <returns>How many went.</returns>
    public int RemoveWhere<TArgument>(TArgument argument, Func<TRequest, TArgument, bool> predicate)
    {
        int removed = 0;
        for (int i = 0; i < _slotsUsed; i++)
        {
            if (_slots[i].IsInFlight && predicate(_slots[i].Request, argument))
            {
                Free(i);
                removed++;
            }
        }

        return removed;
    }

    private int TakeSlot()
    {
        if (_firstFree != None)
        {
            int reused = _firstFree;
            _firstFree = _slots[reused].NextFree;
            return reused;
        }

        if (_slotsUsed == _slots.Length)
        {
            GrowSlots();
        }

        return _slotsUsed++;
    }

    private void Free(int index)
    {
        _deadlines.Remove(index);
        _index.Remove(index, _slots[index].Transaction.GetHashCode());
        _slots[index] = new Slot { NextFree = _firstFree };
        _firstFree = index;
        if (InFlight == 0)
        {
            GiveSlotsBack();
        }
    }

    private void GrowSlots()
    {
        Slot[] grown = ArrayPool<Slot>.Shared.Rent(Math.Max(FirstSlots, _slots.Length + 1));
        if (_slots.Length > 0)
        {
            _slots.CopyTo(grown, 0);
            ArrayPool<Slot>.Shared.Return(_slots, clearArray: true);
        }

        _slots = grown;
    }

    /// <summary>All that were used are empty by now: nothing is left in them that would keep an operation alive.</summary>
    private void GiveSlotsBack()
    {
        ArrayPool<Slot>.Shared.Return(_slots);
        if (_slots.Length > IndexKept)
        {
            _index = NewIndex();
            _deadlines = new DeadlineQueue();
        }

        _slots = [];
        _slotsUsed = 0;
        _firstFree = None;
    }

    private SlotIndex NewIndex() => new(index => _slots[index].Transaction.GetHashCode());

    private int Find(TransactionId transaction)
    {
        int hash = transaction.GetHashCode();
        int cell = -1;
        while (_index.TryNext(hash, ref cell, out int index))
        {
            if (_slots[index].Transaction == transaction)
            {
                return index;
            }
        }

        return None;
    }

    private struct Slot
    {
        public TransactionId Transaction;
        public NodeEndpoint Endpoint;
        public NodeId Expected;
        public TRequest Request;
        public Instant SentAt;
        public Instant HardDeadline;
        public int NextFree;
        public MessageKind Kind;
        public bool IsAnySender;
        public bool AwaitsSoft;
        public bool IsInFlight;
    }
}
