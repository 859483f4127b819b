using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Who gets room. While the store is crowded no source network grows beyond its share; when the store or a key is full, its
/// heaviest network gives way, and only to one that stays lighter than it: among equals who was there first stays, and two
/// heavy sources never take turns in evicting each other.
/// </summary>
internal sealed partial class RecordStore
{
    /// <summary>Whether a winner may be kept, and on whose account; evicts nothing.</summary>
    /// <param name="candidate">A record that wins its place.</param>
    /// <param name="replaced">The entry that holds the place, if one does.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="payer">Whose account it would be on.</param>
    private StoreStatus FindRoom(Record candidate, RecordEntry? replaced, RecordSource source, out RecordSource payer)
    {
        Tally old = replaced is null ? default : Tally.Of(replaced.Record);
        payer = ChoosePayer(candidate, replaced, source);

        // How much the payer's account grows, and how much everything else that the record counts towards.
        Tally added = Tally.Of(candidate) - (replaced?.Account?.Source == payer ? old : default);
        Tally growth = Tally.Of(candidate) - old;
        if (ExceedsQuota(candidate, payer, added, growth))
        {
            return StoreStatus.QuotaExceeded;
        }

        if (_sets.TryGetValue(candidate.Key, out RecordSet? set)
            && (set.Total + growth).Exceeds(_limits.OfKey)
            && !GetsRoomUnderKey(set, candidate, payer, added))
        {
            return StoreStatus.QuotaExceeded;
        }

        return (_total + growth).Exceeds(_limits.OfStore) && !GetsRoomInStore(candidate, payer, added)
            ? StoreStatus.Full
            : StoreStatus.Stored;
    }

    /// <summary>
    /// Of two sources of one place the lighter one, the new one when they are equal. Else a flood could pass on the records
    /// of others, and have them evicted with its own. The node's own stay its own.
    /// </summary>
    private RecordSource ChoosePayer(Record candidate, RecordEntry? replaced, RecordSource source)
    {
        if (source.IsSelf || replaced is null)
        {
            return source;
        }

        SourceAccount present = replaced.Account!;
        if (present.Source.IsSelf)
        {
            return RecordSource.Self;
        }

        long ofNew = _accounts.Weigh(_accounts.TotalOf(source) + Tally.Of(candidate));
        long ofPresent = _accounts.Weigh(present.Total - Tally.Of(replaced.Record) + Tally.Of(candidate));
        return present.Source == source || ofNew <= ofPresent ? source : present.Source;
    }

    private bool ExceedsQuota(Record candidate, RecordSource payer, Tally added, Tally growth)
    {
        Tally ofPayer = _accounts.TotalOf(payer) + added;
        if (payer.IsSelf)
        {
            return added.Records > 0 && ofPayer.Records > _limits.MaxOwnRecords;
        }

        Tally ofOwner = TotalOf(candidate.Owner) + growth;
        if (Outgrows(ofOwner, growth, _limits.OfOwner))
        {
            return true;
        }

        return (_total + growth).Exceeds(_crowded) && Outgrows(ofPayer, added, _mostOfSource);
    }

    /// <summary>Whether something is beyond a limit in what it grew by: what shrinks is welcome above any limit.</summary>
    private static bool Outgrows(Tally grown, Tally growth, Tally limit) =>
        (growth.Records > 0 && grown.Records > limit.Records) || (growth.Bytes > 0 && grown.Bytes > limit.Bytes);

    private bool GetsRoomUnderKey(RecordSet set, Record candidate, RecordSource payer, Tally added)
    {
        RecordSet.Shares shares = set.CountShares(_limits.OfKey);
        if ((shares.Own + BesideOwn(candidate, payer, added)).Exceeds(_limits.OfKey) || shares.Heaviest is null)
        {
            return false;
        }

        return payer.IsSelf
            || (payer != shares.Heaviest.Source
                && (set.TotalOf(_accounts.Find(payer)) + added).Weigh(_limits.OfKey) < shares.Weight);
    }

    private bool GetsRoomInStore(Record candidate, RecordSource payer, Tally added)
    {
        if ((_accounts.Own.Total + BesideOwn(candidate, payer, added)).Exceeds(_limits.OfStore) || _accounts.Heaviest is not { } heaviest)
        {
            return false;
        }

        return payer.IsSelf || _accounts.Weigh(_accounts.TotalOf(payer) + added) < heaviest.Weight;
    }

    /// <summary>What must fit beside the node's own records, which never give way; all others might.</summary>
    private static Tally BesideOwn(Record candidate, RecordSource payer, Tally added) =>
        payer.IsSelf ? added : Tally.Of(candidate);

    /// <summary>
    /// Evicts until a record fits that <see cref="FindRoom"/> has let in. Ends: what stays at last is the node's own, and
    /// beside that it fits.
    /// </summary>
    private void MakeRoom(Record candidate)
    {
        Tally needed = Tally.Of(candidate);
        while (_sets.TryGetValue(candidate.Key, out RecordSet? set)
            && (set.Total + needed).Exceeds(_limits.OfKey)
            && set.CountShares(_limits.OfKey).Heaviest is { } heaviest)
        {
            Evict(set.FirstToGo(heaviest));
        }

        while ((_total + needed).Exceeds(_limits.OfStore) && _accounts.Heaviest?.Entries.TryPeek(out RecordEntry? first) == true)
        {
            Evict(first);
        }
    }

    private void Evict(RecordEntry entry)
    {
        Remove(entry);
        Evicted++;
    }

    /// <summary>
    /// Somebody else sent a record that is held: it goes over to that account when it stays the lighter of the two. So what
    /// a flood was first to pass on comes back to its owner's network when the owner sends it too.
    /// </summary>
    /// <returns>Whether it changed accounts.</returns>
    private bool MoveToLighter(RecordEntry entry, RecordSource source)
    {
        SourceAccount present = entry.Account!;
        if (present.Source == source || present.Source.IsSelf)
        {
            return false;
        }

        Tally grown = _accounts.TotalOf(source) + Tally.Of(entry.Record);
        bool moves = source.IsSelf ? grown.Records <= _limits.MaxOwnRecords : _accounts.Weigh(grown) < present.Weight;
        if (moves)
        {
            _accounts.Remove(entry);
            _accounts.Add(entry, source);
            _sets[entry.Record.Key].SourceChanged();
        }

        return moves;
    }
}
