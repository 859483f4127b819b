using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine;

/// <summary>
/// The records this node keeps alive: when each is published again, and when it has to be signed anew because its life
/// nears its end. Tombstones stay only until enough holders have them.
/// </summary>
/// <param name="author">Signs them.</param>
/// <param name="schedule">When each is due.</param>
/// <param name="clockTolerance">How much longer than its time to live a holder may keep a record.</param>
internal sealed class OwnedRecords(RecordAuthor author, RepublishSchedule schedule, TimeSpan clockTolerance)
{
    /// <summary>One renewal of so many searches for the closest anew.</summary>
    public const int RenewalsPerSearch = 5;

    // The earliest that a record which lives shortly becomes due again; after that it may be too late.
    private const double LifeBeforeRenewal = (1 - RepublishSchedule.JitterShare) / 2;

    public int Count => schedule.Count;

    public Instant NextDue => schedule.NextDue;

    /// <returns>False when this node owns as many records as it may.</returns>
    public bool Keep(Record record, Instant now) => schedule.Put(record, now);

    /// <summary>Takes up a new version of a record.</summary>
    /// <returns>
    /// Who is to have it without a search: who held the version before. Nobody after so many renewals in a row, because others
    /// may be the closest by now.
    /// </returns>
    public IReadOnlyList<Contact> Renew(Record renewed, Instant now)
    {
        IReadOnlyList<Contact> holders = schedule.Renew(renewed, now, out int renewals);
        return renewals % RenewalsPerSearch == 0 ? [] : holders;
    }

    public void Forget(RecordKey key, string label) => schedule.Remove(key, author.Owner, label);

    /// <summary>The record to publish next, signed anew when nearly half of its life is over.</summary>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="utc">The wall clock.</param>
    /// <param name="record">The record.</param>
    /// <param name="holders">Who acknowledged these very bytes last; nobody when it had to be signed anew.</param>
    /// <param name="rounds">How often it has been taken.</param>
    public bool TryTakeDue(
        Instant now, DateTimeOffset utc, [NotNullWhen(true)] out Record? record, out IReadOnlyList<Contact> holders, out int rounds)
    {
        holders = [];
        rounds = 0;
        while (schedule.TryTakeDue(now, out record))
        {
            (holders, rounds) = schedule.Recall(record);
            if (record.IsTombstone || schedule.IsRestored(record))
            {
                // What an earlier run kept alive is not signed anew unless somebody puts it again: a server that was given
                // another name before its restart must not announce the old one for ever.
                if (RecordRules.RemainingLife(record, utc, clockTolerance) > TimeSpan.Zero)
                {
                    return true;
                }

                // A tombstone that nobody was there to take: by now whatever it should have buried is gone too.
                schedule.RemoveExact(record);
                continue;
            }

            if (utc - record.Issued >= record.TimeToLive * LifeBeforeRenewal)
            {
                record = author.Renew(record, utc);
                schedule.Put(record, now);
                holders = [];
            }

            return true;
        }

        return false;
    }

    /// <summary>
    /// Holders have a record of ours with a higher sequence than <paramref name="stale"/>: an earlier run's, signed while
    /// the clock was ahead. Signs the content anew above it, so that the owner's latest word holds. Null when a later word
    /// of this run's stands, or may stand, against it: an old publication that ends late must not overrule that.
    /// </summary>
    public Record? Reissue(Record stale, ulong newestHeld, Instant now, DateTimeOffset utc)
    {
        Record? current = schedule.Find(stale.Key, stale.Owner, stale.Label);
        if (current is not null && schedule.IsRestored(current))
        {
            // An earlier run kept this alive, and holders know of a later word, maybe that it was withdrawn: this run has not
            // said that it wants it.
            return null;
        }

        bool mayStand = current is null ? newestHeld > author.LastSequence : current.SameBytes(stale);
        if (!mayStand)
        {
            return null;
        }

        author.Outrun(newestHeld);
        Record renewed = author.Renew(stale, utc);
        schedule.Replace(stale, renewed, now);
        return renewed;
    }

    /// <summary>Takes back a record that an earlier run kept alive.</summary>
    public void Restore(Record record, Instant due, IReadOnlyList<Contact> holders)
    {
        author.Outrun(record.Sequence);
        schedule.Restore(record, due, holders);
    }

    /// <summary>The next change since this was asked last.</summary>
    public bool TryTakeChange(out OwnedChange change) => schedule.TryTakeChange(out change);

    /// <summary>All records kept alive, with schedule and holders.</summary>
    public List<OwnedChange> Snapshot() => schedule.SnapshotForSaving();

    /// <summary>Whether a record of this node's, and no tombstone, is kept alive there.</summary>
    public bool IsKept(RecordKey key, string label) => schedule.Find(key, author.Owner, label) is { IsTombstone: false };

    /// <summary>Whether this very record is the one kept alive.</summary>
    public bool IsCurrent(Record record) => schedule.Find(record.Key, record.Owner, record.Label) is { } current && current.SameBytes(record);

    /// <summary>Remembers who holds a record, if it is still the one kept alive.</summary>
    public void Remember(Record record, IReadOnlyList<Contact> holders) => schedule.Remember(record, holders);

    /// <summary>Reports how a publication ended.</summary>
    public void OnPublished(Record record, bool isStored, bool isComplete, Instant now)
    {
        if (isStored && record.IsTombstone)
        {
            schedule.RemoveExact(record);
        }
        else if (isComplete)
        {
            schedule.Succeeded(record);
        }
        else
        {
            schedule.Retry(record, now);
        }
    }
}
