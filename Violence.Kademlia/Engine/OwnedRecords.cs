using System.Diagnostics.CodeAnalysis;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Engine;

/// <summary>
/// The records this node keeps alive: when each is published again, and when it has to be signed anew because its life
/// nears its end. Tombstones stay only until enough holders have them.
/// </summary>
internal sealed class OwnedRecords(RecordAuthor author, RepublishSchedule schedule)
{
    public int Count => schedule.Count;

    public Instant NextDue => schedule.NextDue;

    /// <returns>False when this node owns as many records as it may.</returns>
    public bool Keep(Record record, Instant now) => schedule.Put(record, now);

    public void Forget(RecordKey key, string label) => schedule.Remove(key, author.Owner, label);

    /// <summary>The record to publish next, signed anew when half of its life is over.</summary>
    public bool TryTakeDue(Instant now, DateTimeOffset utc, [NotNullWhen(true)] out Record? record)
    {
        if (!schedule.TryTakeDue(now, out record))
        {
            return false;
        }

        if (!record.IsTombstone && utc - record.Issued > record.TimeToLive / 2 - TimeSpan.FromSeconds(1))
        {
            record = author.Renew(record, utc);
            schedule.Put(record, now);
        }

        return true;
    }

    /// <summary>
    /// Holders have a record of ours with a higher sequence than <paramref name="stale"/>: an earlier run's, signed while
    /// the clock was ahead. Signs the content anew above it, so that the owner's latest word holds.
    /// </summary>
    public Record Reissue(Record stale, ulong newestHeld, Instant now, DateTimeOffset utc)
    {
        author.Outrun(newestHeld);
        Record renewed = author.Renew(stale, utc);
        schedule.Replace(stale, renewed, now);
        return renewed;
    }

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
