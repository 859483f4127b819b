using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// When each record that this node owns is published again. Invariant: every record in it always has a next time, at most
/// an interval (and its jitter) away, so that none is lost when nobody reports how a publication went.
/// </summary>
internal sealed class RepublishSchedule
{
    /// <summary>How far a time is moved at random, either way: records published together drift apart.</summary>
    public const double JitterShare = 0.2;

    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(15);

    /// <summary>The wait after the first publication that fell short; it doubles with each further one, up to the interval.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);

    private readonly EntropySource _entropy;
    private readonly TimeSpan _interval;
    private readonly int _maxRecords;
    private readonly Dictionary<Place, Owned> _owned = [];
    private readonly SortedSet<Owned> _byDue = new(Comparer<Owned>.Create(CompareDue));
    private readonly Queue<OwnedChange>? _changes;
    private long _added;

    /// <param name="entropy">Draws the jitter.</param>
    /// <param name="interval">Time from one publication to the next.</param>
    /// <param name="maxRecords">Most records one node may own.</param>
    /// <param name="journals">Whether changes are noted for <see cref="TryTakeChange"/>; somebody has to take them then.</param>
    public RepublishSchedule(EntropySource entropy, TimeSpan interval, int maxRecords = 10_000, bool journals = false)
    {
        _changes = journals ? new Queue<OwnedChange>() : null;
        _entropy = entropy;
        _interval = interval;
        _maxRecords = maxRecords;
    }

    public int Count => _owned.Count;

    /// <summary>When the next record is due; <see cref="Instant.Never"/> when there is none.</summary>
    public Instant NextDue => _byDue.Min?.Due ?? Instant.Never;

    /// <summary>
    /// Takes up a record that is being published now, in the place of an earlier one of the same key, owner and label. It
    /// is next due an interval from now.
    /// </summary>
    /// <returns>False when as many records as allowed are in it already.</returns>
    public bool Put(Record record, Instant now)
    {
        var place = new Place(record.Key, record.Owner, record.Label);
        if (_owned.TryGetValue(place, out Owned? owned))
        {
            _byDue.Remove(owned);
            owned.Record = record;
            owned.Attempts = 0;
            owned.Holders = [];
            owned.IsRestored = false;
            owned.Renewals = 0;
        }
        else
        {
            if (_owned.Count >= _maxRecords)
            {
                return false;
            }

            owned = new Owned(record, _added++);
            _owned.Add(place, owned);
        }

        owned.Due = now + NextInterval(record);
        _byDue.Add(owned);
        NoteKept(owned);
        return true;
    }

    /// <summary>
    /// Takes up a new version of a record that is being sent to who held the one before; else as <see cref="Put"/>. When it is
    /// due stays as it was: however often it is renewed, it is published in full now and then.
    /// </summary>
    /// <param name="renewed">The new version.</param>
    /// <param name="now">When.</param>
    /// <param name="renewals">How many there have been since it was put.</param>
    /// <returns>Who held the version before; nobody when there is none, or it was a tombstone.</returns>
    public IReadOnlyList<Contact> Renew(Record renewed, Instant now, out int renewals)
    {
        renewals = 0;
        if (!_owned.TryGetValue(new Place(renewed.Key, renewed.Owner, renewed.Label), out Owned? owned) || owned.Record.IsTombstone)
        {
            Put(renewed, now);
            return [];
        }

        owned.Record = renewed;
        owned.IsRestored = false;
        renewals = ++owned.Renewals;
        NoteKept(owned);
        return owned.Holders;
    }

    /// <summary>Takes back a record that an earlier run of this node kept alive; not noted as a change again.</summary>
    /// <param name="record">As it was signed then.</param>
    /// <param name="due">When it is due.</param>
    /// <param name="holders">Who held it when that was last reported.</param>
    public void Restore(Record record, Instant due, IReadOnlyList<Contact> holders)
    {
        var place = new Place(record.Key, record.Owner, record.Label);
        if (_owned.Count < _maxRecords && !_owned.ContainsKey(place))
        {
            var owned = new Owned(record, _added++) { Due = due, Holders = [.. holders], IsRestored = true };
            _owned.Add(place, owned);
            _byDue.Add(owned);
        }
    }

    /// <summary>Whether the record was restored from an earlier run, and nobody has put it again since.</summary>
    public bool IsRestored(Record record) => TryFind(record, out Owned? owned) && owned.IsRestored;

    /// <summary>The next change since this was asked last, in the order they happened; none when the schedule does not note them.</summary>
    public bool TryTakeChange(out OwnedChange change)
    {
        change = default;
        return _changes?.TryDequeue(out change) == true;
    }

    /// <summary>The record that stands in the schedule for this key, owner and label; null when there is none.</summary>
    public Record? Find(RecordKey key, NodeId owner, string label) =>
        _owned.TryGetValue(new Place(key, owner, label), out Owned? owned) ? owned.Record : null;

    /// <summary>
    /// Puts <paramref name="renewed"/> in the place of <paramref name="stale"/>, if that is still the one in the schedule; a
    /// later word of the owner's stands.
    /// </summary>
    public void Replace(Record stale, Record renewed, Instant now)
    {
        if (TryFind(stale, out _))
        {
            Put(renewed, now);
        }
    }

    /// <summary>Takes out exactly this record; one that has replaced it stays.</summary>
    public void RemoveExact(Record record)
    {
        if (TryFind(record, out _))
        {
            Remove(record.Key, record.Owner, record.Label);
        }
    }

    /// <returns>False when there was no such record.</returns>
    public bool Remove(RecordKey key, NodeId owner, string label)
    {
        if (!_owned.Remove(new Place(key, owner, label), out Owned? owned))
        {
            return false;
        }

        _byDue.Remove(owned);
        _changes?.Enqueue(new OwnedChange(IsKept: false, owned.Record, owned.Due, []));
        return true;
    }

    /// <summary>
    /// The record that has been due longest, if one is. It is due again an interval from now, whatever becomes of this
    /// publication.
    /// </summary>
    public bool TryTakeDue(Instant now, [NotNullWhen(true)] out Record? record)
    {
        if (_byDue.Min is not { } owned || owned.Due > now)
        {
            record = null;
            return false;
        }

        Move(owned, now + NextInterval(owned.Record));
        record = owned.Record;
        owned.Rounds++;
        return true;
    }

    /// <summary>Who held the record when that was last reported, and how often it has been due; nobody when it is not in the schedule.</summary>
    public (IReadOnlyList<Contact> Holders, int Rounds) Recall(Record record) =>
        TryFind(record, out Owned? owned) ? (owned.Holders, owned.Rounds) : ([], 0);

    /// <summary>Remembers who holds a record. Ignored when it is no longer the one in the schedule.</summary>
    public void Remember(Record record, IReadOnlyList<Contact> holders)
    {
        if (TryFind(record, out Owned? owned))
        {
            owned.Holders = [.. holders];
            NoteKept(owned);
        }
    }

    /// <summary>
    /// A publication fell short of the copies it wanted: the record becomes due after 5 s, then 10 s, 20 s and so on up to
    /// the interval, but never later than it would have been. Ignored when the record is no longer in the schedule.
    /// </summary>
    public void Retry(Record record, Instant now)
    {
        if (!TryFind(record, out Owned? owned))
        {
            return;
        }

        // Capped before the power: beyond this many doublings any interval has been reached.
        TimeSpan wait = FirstRetry * Math.Pow(2, Math.Min(owned.Attempts, 30));
        owned.Attempts++;
        if (wait < _interval)
        {
            Move(owned, Instant.Min(owned.Due, now + _entropy.Jitter(wait, JitterShare)));
        }
    }

    /// <summary>A publication reached all it wanted: the next shortfall starts with the short wait again.</summary>
    public void Succeeded(Record record)
    {
        if (TryFind(record, out Owned? owned))
        {
            owned.Attempts = 0;
        }
    }

    /// <summary>All records in the schedule, in the order they were first put.</summary>
    public List<Record> Snapshot() => [.. _byDue.OrderBy(owned => owned.Number).Select(owned => owned.Record)];

    /// <summary>The same with schedule and holders: all there is to save.</summary>
    public List<OwnedChange> SnapshotForSaving() =>
        [.. _byDue.OrderBy(owned => owned.Number).Select(owned => new OwnedChange(IsKept: true, owned.Record, owned.Due, owned.Holders))];

    // A record that lives shortly is published again before half of its life is over.
    private TimeSpan NextInterval(Record record)
    {
        TimeSpan half = record.TimeToLive / 2;
        return _entropy.Jitter(half < _interval ? half : _interval, JitterShare);
    }

    // A late report about a record that was replaced meanwhile says nothing about its successor.
    private bool TryFind(Record record, [NotNullWhen(true)] out Owned? owned) =>
        _owned.TryGetValue(new Place(record.Key, record.Owner, record.Label), out owned) && owned.Record.SameBytes(record);

    private void Move(Owned owned, Instant due)
    {
        _byDue.Remove(owned);
        owned.Due = due;
        _byDue.Add(owned);
        NoteKept(owned);
    }

    private void NoteKept(Owned owned) => _changes?.Enqueue(new OwnedChange(IsKept: true, owned.Record, owned.Due, owned.Holders));

    private static int CompareDue(Owned left, Owned right)
    {
        int byDue = left.Due.CompareTo(right.Due);
        return byDue != 0 ? byDue : left.Number.CompareTo(right.Number);
    }

    private readonly record struct Place(RecordKey Key, NodeId Owner, string Label);

    /// <summary>A record in the schedule. <see cref="Due"/> changes only while it is out of the sorted set.</summary>
    private sealed class Owned(Record record, long number)
    {
        public Record Record { get; set; } = record;

        public long Number { get; } = number;

        public Instant Due { get; set; }

        /// <summary>Who held the record when that was last reported.</summary>
        public Contact[] Holders { get; set; } = [];

        public bool IsRestored { get; set; }

        /// <summary>How often it has been due.</summary>
        public int Rounds { get; set; }

        /// <summary>How often it was renewed since it was put.</summary>
        public int Renewals { get; set; }

        /// <summary>Publications in a row that fell short.</summary>
        public int Attempts { get; set; }
    }
}
