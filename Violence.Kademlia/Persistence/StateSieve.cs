using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;

namespace Violence.Kademlia.Persistence;

/// <summary>
/// Decides what of a saved state comes back, and for how long: nothing that has expired, nothing the node would not accept
/// from the network at this moment, and no more than the limits.
/// </summary>
internal sealed class StateSieve(StateLimits limits, DateTimeOffset utc)
{
    private readonly List<SavedRecord> _records = [];
    private readonly List<SavedOwned> _owned = [];
    private readonly List<SavedContact> _contacts = [];
    private long _bytes;

    public int Expired { get; private set; }

    public int OfOtherNetworks { get; private set; }

    public int BeyondLimits { get; private set; }

    public int Dropped => Expired + OfOtherNetworks + BeyondLimits;

    public SavedState State => new(_records, _owned, _contacts);

    /// <returns>False when the record is not wanted any more.</returns>
    public bool Add(SavedRecord saved)
    {
        // The rule bounds what the saved date promises: set back, the wall clock would make that come later.
        TimeSpan remaining = RecordRules.RemainingLife(saved.Record, utc, limits.ClockTolerance);
        TimeSpan saidToRemain = saved.Expires - utc;
        remaining = saidToRemain < remaining ? saidToRemain : remaining;
        if (!IsWanted(saved.Record, remaining)
            || !Fits(_records.Count < limits.MaxRecords && _bytes + saved.Record.Size <= limits.MaxBytes))
        {
            return false;
        }

        _bytes += saved.Record.Size;
        _records.Add(saved with { Expires = utc + remaining, HeldSince = Earlier(saved.HeldSince, utc) });
        return true;
    }

    /// <returns>False when the record is not wanted any more.</returns>
    public bool Add(SavedOwned saved)
    {
        if (!IsWanted(saved.Record, RecordRules.RemainingLife(saved.Record, utc, limits.ClockTolerance)) || !Fits(_owned.Count < limits.MaxOwned))
        {
            return false;
        }

        // Half a life is the longest that a schedule waits.
        _owned.Add(saved with { Due = Earlier(saved.Due, utc + saved.Record.TimeToLive / 2) });
        return true;
    }

    /// <returns>False when there are enough.</returns>
    public bool Add(SavedContact saved)
    {
        if (!Fits(_contacts.Count < limits.MaxContacts))
        {
            return false;
        }

        _contacts.Add(saved with { LastSeen = Earlier(saved.LastSeen, utc) });
        return true;
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;

    private bool IsWanted(Record record, TimeSpan remaining)
    {
        if (record.Network != limits.Network)
        {
            OfOtherNetworks++;
            return false;
        }

        if (remaining <= TimeSpan.Zero)
        {
            Expired++;
            return false;
        }

        return true;
    }

    private bool Fits(bool fits)
    {
        BeyondLimits += fits ? 0 : 1;
        return fits;
    }
}
