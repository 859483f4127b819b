using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>Which records a holder accepts, and for how long (docs/protocol.md, "Lifetime"). Limits are the store's business.</summary>
internal static class RecordRules
{
    /// <summary>
    /// How much longer a record that arrives now may be kept: until it was issued + time to live + tolerance, but never
    /// longer than its time to live, so that an issue date in the future gains nothing. Zero or less: expired.
    /// </summary>
    /// <param name="record">Any well-formed record; its dates are anybody's.</param>
    /// <param name="utc">The holder's wall clock.</param>
    /// <param name="tolerance">How slow the publisher's clock may be.</param>
    public static TimeSpan RemainingLife(Record record, DateTimeOffset utc, TimeSpan tolerance)
    {
        // Spans, not dates: issued + time to live may lie beyond the last date there is.
        TimeSpan age = utc - record.Issued;
        TimeSpan remaining = record.TimeToLive + tolerance - age;

        // A tombstone keeps the tolerance: a record withdrawn minutes after it was issued is acceptable until its own time
        // to live and the tolerance have run out, and must find the tombstone still there.
        TimeSpan longest = record.IsTombstone ? record.TimeToLive + tolerance : record.TimeToLive;
        return remaining < longest ? remaining : longest;
    }

    /// <summary>What becomes of a verified record, as far as the record held in its place and its remaining life decide it.</summary>
    /// <param name="candidate">The record that arrived.</param>
    /// <param name="held">The unexpired record of the same key, owner and label, if there is one.</param>
    /// <param name="remaining">The candidate's <see cref="RemainingLife"/>.</param>
    public static StoreStatus Judge(Record candidate, Record? held, TimeSpan remaining)
    {
        // Before its age: what is held stays held until the monotonic clock says otherwise, however the wall clock jumped.
        if (held is not null && candidate.SameBytes(held))
        {
            return StoreStatus.Refreshed;
        }

        if (remaining <= TimeSpan.Zero)
        {
            return StoreStatus.Expired;
        }

        return held is null || RecordOrder.Wins(candidate, held) ? StoreStatus.Stored : StoreStatus.Stale;
    }
}
