using System.Runtime.InteropServices;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The records a node holds for others. Invariants: one record of each key, owner and label, the winner of
/// <see cref="RecordOrder"/> among those that arrived while it was held; never above its <see cref="StorageLimits"/>; no
/// call shows a record that has expired by the <c>now</c> it was given, whether or not <see cref="Expire"/> ran before.
/// </summary>
internal sealed partial class RecordStore
{
    /// <summary>A life that grew by less is not worth a change: wall clock and monotonic clock differ by that much.</summary>
    private static readonly TimeSpan WorthNoting = TimeSpan.FromSeconds(1);

    private readonly StorageLimits _limits;
    private readonly Tally _crowded;
    private readonly Tally _mostOfSource;
    private readonly Dictionary<RecordKey, RecordSet> _sets;
    private readonly Dictionary<NodeId, Tally> _owners;
    private readonly FingerprintIndex _fingerprints;
    private readonly SourceAccounts _accounts;
    private readonly IndexedHeap<RecordEntry, ByExpiry> _expiries = new();
    private readonly ConfirmationList _confirmations = new();
    private Tally _total;

    /// <param name="limits">What it may hold.</param>
    /// <param name="entropy">Gives the hash tables their secret.</param>
    /// <param name="journals">Whether changes are noted for <see cref="TryTakeChange"/>; somebody has to take them then.</param>
    public RecordStore(StorageLimits limits, EntropySource entropy, bool journals = false)
    {
        var comparer = new SecretComparer(entropy);
        _limits = limits;
        _crowded = limits.Portion(limits.CrowdedShare);
        _mostOfSource = limits.Portion(limits.MaxSourceShare);
        _sets = new Dictionary<RecordKey, RecordSet>(comparer);
        _owners = new Dictionary<NodeId, Tally>(comparer);
        _fingerprints = new FingerprintIndex(comparer);
        _accounts = new SourceAccounts(limits.OfStore, comparer);
        _changes = journals ? new Queue<StoreChange>() : null;
    }

    /// <summary>Records held; expired ones count until the next call that is given the time.</summary>
    public int Count => _total.Records;

    /// <summary>Bytes of the records held.</summary>
    public long Bytes => _total.Bytes;

    /// <summary>Keys with a record.</summary>
    public int KeyCount => _sets.Count;

    /// <summary>Source networks with a record, without the node itself.</summary>
    public int SourceCount => _accounts.Count;

    /// <summary>How many records ever had to go for others.</summary>
    public long Evicted { get; private set; }

    /// <summary>When the next record expires; <see cref="Instant.Never"/> when none is held.</summary>
    public Instant NextExpiry => _expiries.TryPeek(out RecordEntry? first) ? first.Expires : Instant.Never;

    /// <summary>What a source holds.</summary>
    public Tally TotalOf(RecordSource source) => _accounts.TotalOf(source);

    /// <summary>What is held of an owner.</summary>
    public Tally TotalOf(NodeId owner) => _owners.GetValueOrDefault(owner);

    /// <summary>Whether exactly these bytes are held: they were verified when they came, and need not be again.</summary>
    public bool Holds(Record record) => Find(record) is { } entry && entry.Record.SameBytes(record);

    /// <summary>Whether anything of the record's key, owner and label is held.</summary>
    public bool HoldsPlaceOf(Record record, Instant now)
    {
        Expire(now);
        return Find(record) is not null;
    }

    /// <summary>What is held of the record's key, owner and label.</summary>
    public Record? Held(Record record, Instant now)
    {
        Expire(now);
        return Find(record)?.Record;
    }

    /// <summary>
    /// What <see cref="Put"/> would answer. Asked before a signature is verified: whatever is refused anyway isn't worth it.
    /// </summary>
    public StoreResult Foresee(Record record, RecordSource source, DateTimeOffset utc)
    {
        RecordEntry? entry = Find(record);
        TimeSpan remaining = RecordRules.RemainingLife(record, utc, _limits.ClockTolerance);
        StoreStatus status = RecordRules.Judge(record, entry?.Record, remaining);
        return new StoreResult(
            status == StoreStatus.Stored ? FindRoom(record, entry, source, out _) : status, entry?.Record.Sequence ?? 0);
    }

    /// <summary>Keeps a record, or says why not. Both a record that is new here and one that is held already count as confirmed.</summary>
    /// <param name="verified">A record of this network whose signature the caller has verified.</param>
    /// <param name="source">Who sent it, or <see cref="RecordSource.Self"/> for the node's own.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="utc">The wall clock, which a record's issue date is compared with once, on arrival.</param>
    /// <param name="isFirstHand">
    /// Whether its owner brings it. A copy that somebody else brings is as old as the date in it says: else a crashed server would
    /// live on in every copy made of its record.
    /// </param>
    public StoreResult Put(Record verified, RecordSource source, Instant now, DateTimeOffset utc, bool isFirstHand = true)
    {
        Expire(now);
        RecordEntry? entry = Find(verified);
        TimeSpan remaining = RecordRules.RemainingLife(verified, utc, _limits.ClockTolerance);
        StoreStatus status = RecordRules.Judge(verified, entry?.Record, remaining);
        if (status == StoreStatus.Refreshed)
        {
            Refresh(entry!, source, now, now + remaining);
        }
        else if (status == StoreStatus.Stored)
        {
            status = FindRoom(verified, entry, source, out RecordSource payer);
            if (status == StoreStatus.Stored)
            {
                TimeSpan age = isFirstHand || verified.Issued > utc ? TimeSpan.Zero : utc - verified.Issued;
                entry = Keep(verified, entry, payer, entry?.HeldSince ?? now, now - age, now + remaining, now);
                Note(StoreChangeKind.Kept, entry);
            }
        }

        return new StoreResult(status, entry?.Record.Sequence ?? 0);
    }

    /// <summary>
    /// Takes back a record that was saved, when a node starts. It is not noted as a change again, but what has to go for it is.
    /// </summary>
    /// <param name="verified">A record that was in a store before, and could not be altered since.</param>
    /// <param name="heldSince">
    /// Since when it has been held, on the clock of <paramref name="now"/>; may lie before its beginning. Since when in this
    /// version is not saved: no later than that, so that a server that has gone is not taken for one that lives.
    /// </param>
    /// <param name="expires">When it goes, on the same clock.</param>
    /// <param name="source">Whose account it was on.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <returns><see cref="StoreStatus.Stored"/> when it is held; anything else: it should be removed from what was saved.</returns>
    public StoreStatus Restore(Record verified, Instant heldSince, Instant expires, RecordSource source, Instant now)
    {
        Expire(now);
        RecordEntry? entry = Find(verified);
        expires = Instant.Min(expires, now + verified.TimeToLive + _limits.ClockTolerance);
        StoreStatus status = RecordRules.Judge(verified, entry?.Record, expires - now);
        if (status != StoreStatus.Stored)
        {
            return status == StoreStatus.Refreshed ? StoreStatus.Stored : status;
        }

        status = FindRoom(verified, entry, source, out RecordSource payer);
        if (status == StoreStatus.Stored)
        {
            Keep(verified, entry, payer, Instant.Min(heldSince, now), Instant.Min(heldSince, now), expires, now);
        }

        return status;
    }

    /// <summary>
    /// One page of the records under a key, in the order of <see cref="RecordPlace"/> on a ring. Parameters and result as
    /// <see cref="RecordSet.Read"/>.
    /// </summary>
    public int Read(
        RecordKey key,
        NodeId? owner,
        RecordCursor? after,
        Span<HeldRecord> destination,
        Instant now,
        out int total,
        out bool more,
        PayloadFilter filter = default)
    {
        Expire(now);
        if (_sets.TryGetValue(key, out RecordSet? set))
        {
            return set.Read(owner, after, destination, now, out total, out more, filter);
        }

        total = 0;
        more = false;
        return 0;
    }

    /// <summary>Drops what has expired.</summary>
    /// <returns>How many records went.</returns>
    public int Expire(Instant now)
    {
        int expired = 0;
        while (_expiries.TryPeek(out RecordEntry? first) && first.Expires <= now)
        {
            Remove(first);
            expired++;
        }

        return expired;
    }

    /// <summary>Gives up a record that this node need not hold any more, because others do.</summary>
    /// <returns>False when the entry was gone already.</returns>
    public bool Drop(RecordEntry entry)
    {
        if (!entry.IsHeld)
        {
            return false;
        }

        Remove(entry);
        return true;
    }

    private RecordEntry? Find(Record record) =>
        _sets.TryGetValue(record.Key, out RecordSet? set) ? set.Find(record.Owner, record.Label) : null;

    /// <summary>Puts a record into its place, for which <see cref="FindRoom"/> found room.</summary>
    /// <param name="record">The record.</param>
    /// <param name="entry">What stands in its place; null: nothing.</param>
    /// <param name="payer">On whose account it goes.</param>
    /// <param name="heldSince">Since when its place counts as held, where nothing stands in it.</param>
    /// <param name="changedAt">Since when this version counts as held.</param>
    /// <param name="expires">When it goes.</param>
    /// <param name="now">The monotonic clock.</param>
    private RecordEntry Keep(
        Record record, RecordEntry? entry, RecordSource payer, Instant heldSince, Instant changedAt, Instant expires, Instant now)
    {
        if (entry is null)
        {
            entry = new RecordEntry(record, heldSince, changedAt);
        }
        else
        {
            Detach(entry);
            entry.Replace(record, changedAt);
        }

        MakeRoom(record);
        entry.Expires = expires;
        Attach(entry, payer, now);
        return entry;
    }

    private void Refresh(RecordEntry entry, RecordSource source, Instant now, Instant expires)
    {
        _confirmations.Confirm(entry, now);

        // Another record with the same fingerprint may have stood in its way.
        _fingerprints.Add(entry);
        bool isNews = MoveToLighter(entry, source);

        // Never shortened: a wall clock that jumped forward must not take away what is held.
        if (expires > entry.Expires)
        {
            isNews |= expires - entry.Expires >= WorthNoting;
            entry.Expires = expires;
            _expiries.Moved(entry);
            _accounts.Moved(entry);
        }

        if (isNews)
        {
            Note(StoreChangeKind.Kept, entry);
        }
    }

    private void Remove(RecordEntry entry)
    {
        Note(StoreChangeKind.Removed, entry);
        Detach(entry);
    }

    private void Attach(RecordEntry entry, RecordSource payer, Instant now)
    {
        Record record = entry.Record;
        _total += Tally.Of(record);
        CollectionsMarshal.GetValueRefOrAddDefault(_owners, record.Owner, out _) += Tally.Of(record);
        _accounts.Add(entry, payer);
        ref RecordSet? set = ref CollectionsMarshal.GetValueRefOrAddDefault(_sets, record.Key, out _);
        set ??= new RecordSet();
        set.Add(entry);
        _expiries.Add(entry);
        _confirmations.Add(entry, now);
        _fingerprints.Add(entry);
    }

    private void Detach(RecordEntry entry)
    {
        Record record = entry.Record;
        _total -= Tally.Of(record);
        ref Tally ofOwner = ref CollectionsMarshal.GetValueRefOrNullRef(_owners, record.Owner);
        ofOwner -= Tally.Of(record);
        if (ofOwner.Records == 0)
        {
            _owners.Remove(record.Owner);
        }

        _accounts.Remove(entry);
        RecordSet set = _sets[record.Key];
        set.Remove(entry);
        if (set.Count == 0)
        {
            _sets.Remove(record.Key);
        }

        _expiries.Remove(entry);
        _confirmations.Remove(entry);
        _fingerprints.Remove(entry);
    }
}
