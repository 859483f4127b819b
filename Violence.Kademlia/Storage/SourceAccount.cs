using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>What one source holds in the store. Invariant: <see cref="Total"/> is the sum over the entries on this account.</summary>
internal sealed class SourceAccount(RecordSource source)
{
    /// <summary>Where the heap of accounts keeps this one.</summary>
    public int HeapIndex = IndexedHeap<SourceAccount, ByWeight>.Absent;

    public RecordSource Source { get; } = source;

    public Tally Total { get; set; }

    /// <summary>The weight of the total; kept because the heap asks for it often.</summary>
    public long Weight { get; set; }

    /// <summary>The entries, what is evicted first on top; stays empty on the account of <see cref="RecordSource.Self"/>.</summary>
    public IndexedHeap<RecordEntry, ByEviction> Entries { get; } = new();

    /// <summary>Scratch of <see cref="RecordSet"/>, valid only while it counts.</summary>
    public Tally Counted { get; set; }
}

/// <summary>The heaviest stands first; of equals the one with the lower number.</summary>
internal readonly struct ByWeight : IHeapOrder<SourceAccount>
{
    public static bool IsBefore(SourceAccount left, SourceAccount right) =>
        left.Weight > right.Weight || (left.Weight == right.Weight && left.Source.Network < right.Source.Network);

    public static ref int IndexOf(SourceAccount item) => ref item.HeapIndex;
}

/// <summary>
/// All sources with a record in the store, the heaviest on top. Invariants: an account exists as long as an entry is on it;
/// the node's own always does, and never stands among those that give way.
/// </summary>
internal sealed class SourceAccounts(Tally limit, SecretComparer comparer)
{
    private readonly Dictionary<ulong, SourceAccount> _accounts = new(comparer);
    private readonly IndexedHeap<SourceAccount, ByWeight> _byWeight = new();

    public SourceAccount Own { get; } = new(RecordSource.Self);

    /// <summary>Source networks with a record in the store.</summary>
    public int Count => _accounts.Count;

    /// <summary>The heaviest network; null when no record is held for others.</summary>
    public SourceAccount? Heaviest => _byWeight.TryPeek(out SourceAccount? heaviest) ? heaviest : null;

    public SourceAccount? Find(RecordSource source) => source.IsSelf ? Own : _accounts.GetValueOrDefault(source.Network);

    public Tally TotalOf(RecordSource source) => Find(source)?.Total ?? default;

    public long Weigh(Tally tally) => tally.Weigh(limit);

    public void Add(RecordEntry entry, RecordSource source)
    {
        SourceAccount? account = Find(source);
        if (account is null)
        {
            account = new SourceAccount(source);
            _accounts.Add(source.Network, account);
            _byWeight.Add(account);
        }

        entry.Account = account;
        Change(account, account.Total + Tally.Of(entry.Record));
        if (account != Own)
        {
            account.Entries.Add(entry);
        }
    }

    public void Remove(RecordEntry entry)
    {
        SourceAccount account = entry.Account!;
        entry.Account = null;
        Change(account, account.Total - Tally.Of(entry.Record));
        if (account == Own)
        {
            return;
        }

        account.Entries.Remove(entry);
        if (account.Entries.Count == 0)
        {
            _byWeight.Remove(account);
            _accounts.Remove(account.Source.Network);
        }
    }

    /// <summary>Restores the order after an entry's time of expiry changed.</summary>
    public void Moved(RecordEntry entry)
    {
        if (entry.Account != Own)
        {
            entry.Account!.Entries.Moved(entry);
        }
    }

    private void Change(SourceAccount account, Tally total)
    {
        account.Total = total;
        account.Weight = Weigh(total);
        if (account != Own)
        {
            _byWeight.Moved(account);
        }
    }
}
