using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Engine;

/// <summary>Keeping up the copies of records: this node's own, and those it holds for others.</summary>
internal sealed partial class KademliaEngine
{
    /// <summary>A full publication after so many that were only touches: the network around the record may have changed.</summary>
    private const int TouchesPerPut = 4;

    /// <summary>How long nodes live around here, as far as this one can tell.</summary>
    public TimeSpan MeanLife => _custody.Churn.MeanLife;

    /// <summary>A span, half more or less.</summary>
    public TimeSpan Jitter(TimeSpan span) => _entropy.Jitter(span, 0.5);

    /// <summary>Asks nodes for records they should hold, and sends what is missing; nobody waits for it.</summary>
    public void BeginTouching(IReadOnlyList<Touch> touches, bool isOwned, Instant now)
    {
        if (touches.Count > 0 && (isOwned || _custody.TryBegin()))
        {
            Begin(new TouchOperation(touches, isOwned) { IsInternal = true }, now);
        }
    }

    /// <summary>
    /// Sees to it that what this node holds is held by as many others as are promised, before it leaves: done when they have it,
    /// or when its time is up.
    /// </summary>
    public OperationId HandOver(Instant now) => Begin(new TouchOperation(_custody.Legacy(this, now)), now);

    /// <summary>
    /// Signs a new version of a record of this node's, keeps it alive and sends it to who held the one before, with no search; a
    /// <see cref="Put"/> where too few of them are known. Cheap enough to be done every minute.
    /// </summary>
    public OperationId Renew(RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, Instant now)
    {
        Record record = Sign(key, label, payload, timeToLive, now);
        return PutAt(_owned.Renew(record, now), record, now);
    }

    /// <summary>
    /// As <see cref="Renew"/>, of a record that is not kept alive: whoever put the one before remembers its holders, and signs again in time.
    /// </summary>
    public OperationId PutAgain(
        RecordKey key, string label, ReadOnlySpan<byte> payload, TimeSpan timeToLive, IReadOnlyList<Contact> holders, Instant now)
    {
        _owned.Forget(key, label);
        return PutAt(holders, Sign(key, label, payload, timeToLive, now), now);
    }

    private OperationId PutAt(IReadOnlyList<Contact> holders, Record record, Instant now) => holders.Count > Config.Holders / 2
        ? Begin(new PutOperation(record, NewLookup(record.Key.Position, Config.HolderLookup), isOwn: true, Closest(holders, record.Key.Position)), now)
        : Begin(OwnPut(record, isInternal: false, now), now);

    /// <summary>Holders of before a search and after it may be more than are wanted.</summary>
    private Contact[] Closest(IReadOnlyList<Contact> holders, NodeId position) =>
        [.. holders.OrderBy(holder => holder.Id.DistanceTo(position)).Take(Config.Holders)];

    /// <summary>Keeps a new version of this node's own record if it keeps the one before: it may be one of the closest itself.</summary>
    public void RenewHere(Record record, Instant now)
    {
        if (Store.HoldsPlaceOf(record, now))
        {
            Keep(record, SourceOf(record), now);
        }
    }

    /// <summary>Gives a holder, which may be this node itself, a verified record that wins over the one it has; nobody waits for it.</summary>
    public void BringUpToDate(Contact holder, Record winner, Instant now)
    {
        if (holder.Id == Self)
        {
            Keep(winner, SourceOf(winner), now, isFirstHand: winner.Owner == Self);
            return;
        }

        var request = new OutgoingRequest { Kind = MessageKind.Store, To = holder, Target = winner.Key.Position, Record = winner };
        Send(request, now);
    }

    /// <summary>On whose account a record is put that this node itself brings in: what others signed is not its own.</summary>
    private RecordSource SourceOf(Record record) =>
        record.Owner == Self ? RecordSource.Self : RecordSource.Of(_reachability.Bound);

    private ReadOnlyMemory<byte> ServeTouch(Contact from, IncomingMessage message, bool isProven, int maxBytes, Instant now)
    {
        int count = message.FingerprintCount;
        Span<byte> missing = stackalloc byte[(count + 7) / 8];
        missing.Clear();
        bool isKnown = isProven && Knows(from);
        for (int i = 0; i < count; i++)
        {
            ulong fingerprint = message.FingerprintAt(i);
            bool isHeld = isKnown && _custody.IsSpared(fingerprint, now) ? Store.Confirm(fingerprint, now) : Store.TryFind(fingerprint, now, out _);
            missing[i / 8] |= (byte)(isHeld ? 0 : 1 << i % 8);
        }

        MessageHeader header = Header(MessageKind.Touched, message.Header.Transaction);
        return Scratch.Writer.Touched(header, from.Endpoint, _cookies.Issue(from.Endpoint, now), missing, maxBytes);
    }

    /// <summary>Publishes what is due: by a touch to the holders remembered, where they are enough and the record is the same.</summary>
    private void PublishDue(Instant now)
    {
        while (_owned.TryTakeDue(now, UtcAt(now), out Record? record, out IReadOnlyList<Contact> holders, out int rounds))
        {
            if (holders.Count > Config.Holders / 2 && rounds % TouchesPerPut != 0)
            {
                TouchHolders(record, holders, now);
            }
            else
            {
                Begin(OwnPut(record, isInternal: true, now), now);
            }
        }
    }

    // Apart, or its closure would be made each time that nothing is due.
    private void TouchHolders(Record record, IReadOnlyList<Contact> holders, Instant now) =>
        BeginTouching([.. holders.Select(holder => new Touch(holder, [record]))], isOwned: true, now);

    /// <summary>
    /// Remembers who holds a record of this node's: the closest of them. Others were given it before closer ones were known of,
    /// and will drop it.
    /// </summary>
    private void Remember(Record record, IReadOnlyList<Contact> holders) => _owned.Remember(
        record, [.. holders.OrderBy(holder => holder.Id.DistanceTo(record.Key.Position)).Take(Config.Holders)]);

    private void OnTouched(TouchOperation touch, Instant now)
    {
        if (!touch.IsOwned)
        {
            if (touch.IsInternal)
            {
                _custody.OnEnded();
            }

            Custody.OnTouched(touch, this, now);
            return;
        }

        foreach (Record record in touch.Records)
        {
            IReadOnlyList<Contact> holders = touch.HoldersOf(record);
            Remember(record, holders);
            if (holders.Count <= Config.Holders / 2 && _owned.IsCurrent(record))
            {
                Begin(OwnPut(record, isInternal: true, now), now);
            }
        }
    }
}
