using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using static Violence.Kademlia.Tests.Storage.TestRecords;

namespace Violence.Kademlia.Tests.Storage;

/// <summary>What a <see cref="RecordStore"/> should do, told as plainly as possible: one list, sums anew for every question.</summary>
internal sealed class StoreModel(StorageLimits limits)
{
    // In the order of confirmation.
    private readonly List<Held> _held = [];

    public long Evicted { get; private set; }

    public IEnumerable<StoredRecord> Snapshot(Instant now)
    {
        Expire(now);
        return _held.Select(held => held.Stored).OrderBy(stored => stored.Record.Key.ToString(), StringComparer.Ordinal)
            .ThenBy(stored => stored.Record, Comparer<Record>.Create(ComparePlaces));
    }

    public IEnumerable<(Record, Instant)> ByConfirmation() => _held.Select(held => (held.Stored.Record, held.Confirmed));

    public bool Confirm(Record record, Instant now)
    {
        Expire(now);
        if (Find(record) is not { } held || !held.Stored.Record.SameBytes(record))
        {
            return false;
        }

        Add(held.Stored, now);
        return true;
    }

    public bool Drop(Record record, Instant now)
    {
        Expire(now);
        return _held.RemoveAll(held => held.Stored.Record.SameBytes(record)) > 0;
    }

    public StoreResult Put(Record record, RecordSource source, Instant now, DateTimeOffset utc)
    {
        Expire(now);
        StoredRecord? held = Find(record)?.Stored;
        double left = (record.Issued + record.TimeToLive + TimeSpan.FromMinutes(10) - utc).TotalSeconds;
        double most = record.TimeToLive.TotalSeconds + (record.IsTombstone ? 600 : 0);
        Instant expires = now + TimeSpan.FromSeconds(Math.Min(left, most));
        if (held is { } same && same.Record.SameBytes(record))
        {
            Add(same with { Expires = Instant.Max(same.Expires, expires), Source = SourceAfterRefresh(same, source) }, now);
            return new StoreResult(StoreStatus.Refreshed, record.Sequence);
        }

        ulong sequence = held?.Record.Sequence ?? 0;
        if (left <= 0)
        {
            return new StoreResult(StoreStatus.Expired, sequence);
        }

        if (held is { } winner && !Beats(record, winner.Record))
        {
            return new StoreResult(StoreStatus.Stale, sequence);
        }

        RecordSource payer = held is { } replaced ? SourceAfterReplacing(replaced, record, source) : source;
        StoreStatus status = Admit(record, held, payer);
        if (status == StoreStatus.Stored)
        {
            Keep(new StoredRecord(record, held?.HeldSince ?? now, expires, payer), now);
            sequence = record.Sequence;
        }

        return new StoreResult(status, sequence);
    }

    private StoreStatus Admit(Record record, StoredRecord? held, RecordSource payer)
    {
        List<StoredRecord> now = [.. _held.Select(held => held.Stored)];
        List<StoredRecord> after = [.. now.Where(stored => stored.Record.Place() != record.Place())];
        after.Add(new StoredRecord(record, default, default, payer));
        if (payer.IsSelf)
        {
            int own = Of(payer, after).Records;
            if (own > limits.MaxOwnRecords && own > Of(payer, now).Records)
            {
                return StoreStatus.QuotaExceeded;
            }
        }
        else if (Outgrew(stored => stored.Record.Owner == record.Owner, limits.OfOwner)
            || (Sum(after).Exceeds(limits.Portion(limits.CrowdedShare))
                && Outgrew(stored => stored.Source == payer, limits.Portion(limits.MaxSourceShare))))
        {
            return StoreStatus.QuotaExceeded;
        }

        if (!GivesWay(stored => stored.Record.Key == record.Key, limits.OfKey))
        {
            return StoreStatus.QuotaExceeded;
        }

        return GivesWay(_ => true, limits.OfStore) ? StoreStatus.Stored : StoreStatus.Full;

        bool Outgrew(Func<StoredRecord, bool> which, Tally limit)
        {
            Tally before = Sum(now.Where(which));
            Tally grown = Sum(after.Where(which));
            return (grown.Records > limit.Records && grown.Records > before.Records)
                || (grown.Bytes > limit.Bytes && grown.Bytes > before.Bytes);
        }

        bool GivesWay(Func<StoredRecord, bool> where, Tally limit)
        {
            if (!Sum(after.Where(where)).Exceeds(limit))
            {
                return true;
            }

            // What can't give way: the node's own, and the newcomer.
            if (Sum(after.Where(where).Where(stored => stored.Source.IsSelf || stored.Record == record)).Exceeds(limit)
                || Heaviest(now.Where(where), limit) is not { } heaviest)
            {
                return false;
            }

            return payer.IsSelf
                || Of(payer, after.Where(where)).Weigh(limit) < Of(heaviest, now.Where(where)).Weigh(limit);
        }
    }

    private void Keep(StoredRecord newcomer, Instant now)
    {
        _held.RemoveAll(held => held.Stored.Record.Place() == newcomer.Record.Place());
        Evict(stored => stored.Record.Key == newcomer.Record.Key, limits.OfKey);
        Evict(_ => true, limits.OfStore);
        Add(newcomer, now);

        void Evict(Func<StoredRecord, bool> where, Tally limit)
        {
            while ((Sum(All().Where(where)) + Tally.Of(newcomer.Record)).Exceeds(limit))
            {
                RecordSource heaviest = Heaviest(All().Where(where), limit)!.Value;
                StoredRecord victim = All().Where(where).Where(stored => stored.Source == heaviest)
                    .OrderBy(stored => stored.Record.IsTombstone).ThenBy(stored => stored.Expires.Ticks)
                    .ThenBy(stored => stored.Record.Fingerprint).First();
                _held.RemoveAll(held => held.Stored == victim);
                Evicted++;
            }
        }
    }

    private RecordSource SourceAfterReplacing(StoredRecord replaced, Record record, RecordSource source)
    {
        if (replaced.Source.IsSelf || source.IsSelf || replaced.Source == source)
        {
            return replaced.Source.IsSelf ? replaced.Source : source;
        }

        Tally other = Of(source, All()) + Tally.Of(record);
        Tally present = Of(replaced.Source, All()) - Tally.Of(replaced.Record) + Tally.Of(record);
        return other.Weigh(limits.OfStore) <= present.Weigh(limits.OfStore) ? source : replaced.Source;
    }

    private RecordSource SourceAfterRefresh(StoredRecord held, RecordSource source)
    {
        if (held.Source.IsSelf || held.Source == source)
        {
            return held.Source;
        }

        Tally grown = Of(source, All()) + Tally.Of(held.Record);
        bool moves = source.IsSelf
            ? grown.Records <= limits.MaxOwnRecords
            : grown.Weigh(limits.OfStore) < Of(held.Source, All()).Weigh(limits.OfStore);
        return moves ? source : held.Source;
    }

    private static RecordSource? Heaviest(IEnumerable<StoredRecord> records, Tally limit) =>
        records.Where(stored => !stored.Source.IsSelf).GroupBy(stored => stored.Source)
            .OrderByDescending(source => Sum(source).Weigh(limit)).ThenBy(source => source.Key.Network)
            .Select(source => (RecordSource?)source.Key).FirstOrDefault();

    private void Expire(Instant now) => _held.RemoveAll(held => held.Stored.Expires <= now);

    private void Add(StoredRecord stored, Instant now)
    {
        _held.RemoveAll(held => held.Stored.Record.Place() == stored.Record.Place());
        _held.Add(new Held(stored, now));
    }

    private Held? Find(Record record) => _held.Find(held => held.Stored.Record.Place() == record.Place());

    private IEnumerable<StoredRecord> All() => _held.Select(held => held.Stored);

    private static Tally Of(RecordSource source, IEnumerable<StoredRecord> records) =>
        Sum(records.Where(stored => stored.Source == source));

    private static Tally Sum(IEnumerable<StoredRecord> records) =>
        records.Aggregate(default(Tally), (sum, stored) => sum + Tally.Of(stored.Record));

    private static bool Beats(Record challenger, Record holder) =>
        challenger.Sequence != holder.Sequence
            ? challenger.Sequence > holder.Sequence
            : string.CompareOrdinal(Convert.ToHexString(challenger.Hash()), Convert.ToHexString(holder.Hash())) < 0;

    private sealed record Held(StoredRecord Stored, Instant Confirmed);
}
