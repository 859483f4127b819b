using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The records under one key. Invariants: sorted by <see cref="RecordPlace"/>, at most one of each owner and label;
/// <see cref="Total"/> is their sum.
/// </summary>
internal sealed class RecordSet
{
    /// <summary>Most records that a filter is asked about for one page: some 0.1 ms, and below 1 ms with payloads made to be slow.</summary>
    public const int ScannedMax = 500;

    // Most keys hold a single record.
    private readonly List<RecordEntry> _entries = new(capacity: 1);

    // Whoever floods a full key asks for the heaviest again and again, while nothing changes.
    private Shares? _shares;

    public int Count => _entries.Count;

    public Tally Total { get; private set; }

    public IReadOnlyList<RecordEntry> Entries => _entries;

    public RecordEntry? Find(NodeId owner, string label)
    {
        int index = CountUpTo(owner, label);
        return index > 0 && Compare(_entries[index - 1], owner, label) == 0 ? _entries[index - 1] : null;
    }

    /// <summary>Adds an entry whose owner and label the set does not have yet.</summary>
    public void Add(RecordEntry entry)
    {
        _entries.Insert(CountUpTo(entry.Record.Owner, entry.Record.Label), entry);
        Total += Tally.Of(entry.Record);
        _shares = null;
    }

    public void Remove(RecordEntry entry)
    {
        _entries.RemoveAt(CountUpTo(entry.Record.Owner, entry.Record.Label) - 1);
        Total -= Tally.Of(entry.Record);
        _shares = null;
    }

    /// <summary>An entry went from one account to another.</summary>
    public void SourceChanged() => _shares = null;

    /// <summary>What this node and the heaviest source network have of the key. Counted at most once for each state of the set.</summary>
    /// <param name="limit">What the key may hold: the measure of weights.</param>
    public Shares CountShares(Tally limit)
    {
        if (_shares is not null)
        {
            return _shares;
        }

        foreach (RecordEntry entry in _entries)
        {
            entry.Account!.Counted = default;
        }

        var own = default(Tally);
        SourceAccount? heaviest = null;
        long most = 0;
        foreach (RecordEntry entry in _entries)
        {
            SourceAccount account = entry.Account!;
            account.Counted += Tally.Of(entry.Record);
            if (account.Source.IsSelf)
            {
                own = account.Counted;
                continue;
            }

            // Weights only grow while they are counted, so the last to take the lead is the heaviest in the end.
            long weight = account.Counted.Weigh(limit);
            if (weight > most || (weight == most && account.Source.Network < heaviest!.Source.Network))
            {
                heaviest = account;
                most = weight;
            }
        }

        return _shares = new Shares(own, heaviest, most);
    }

    /// <summary>What one source has of the key.</summary>
    public Tally TotalOf(SourceAccount? account)
    {
        var total = default(Tally);
        if (account is not null)
        {
            foreach (RecordEntry entry in _entries)
            {
                total += entry.Account == account ? Tally.Of(entry.Record) : default;
            }
        }

        return total;
    }

    /// <summary>What is evicted first of a source that has something in the set.</summary>
    public RecordEntry FirstToGo(SourceAccount account)
    {
        RecordEntry? first = null;
        foreach (RecordEntry entry in _entries)
        {
            if (entry.Account == account && (first is null || ByEviction.IsBefore(entry, first)))
            {
                first = entry;
            }
        }

        return first!;
    }

    /// <summary>
    /// One page of the set, or of one owner's records in it. They stand in a ring: after the last comes the first, up to the place
    /// the page began after.
    /// </summary>
    /// <param name="owner">Only this owner's, or null for all.</param>
    /// <param name="after">Begins with what stands after this place; the place itself need not be held any more. Null: with the first.</param>
    /// <param name="destination">Gets the page; its length is the most that is read.</param>
    /// <param name="now">What the times held are counted to.</param>
    /// <param name="total">How many records there are, on all pages.</param>
    /// <param name="more">Whether the page is not yet all there are.</param>
    /// <param name="filter">Which payloads are wanted; tombstones always are.</param>
    /// <returns>How many records were written.</returns>
    public int Read(
        NodeId? owner,
        RecordCursor? after,
        Span<HeldRecord> destination,
        Instant now,
        out int total,
        out bool more,
        PayloadFilter filter = default)
    {
        int start = 0;
        int end = _entries.Count;
        if (owner is { } wanted)
        {
            start = CountBefore(wanted);
            end = CountUpTo(wanted, label: null);
        }

        total = end - start;
        int first = after is { } cursor ? Math.Clamp(CountUpTo(cursor.Owner, cursor.Label), start, end) : start;
        var ring = new Ring(_entries, start, end, first);
        int count = filter.IsEmpty ? Copy(ring, destination, now, out int seen) : Select(ring, filter, destination, now, out seen);
        more = seen < total;
        return count;
    }

    private static int Copy(in Ring ring, Span<HeldRecord> destination, Instant now, out int seen)
    {
        seen = Math.Min(destination.Length, ring.Count);
        for (int i = 0; i < seen; i++)
        {
            destination[i] = ring[i].ToHeld(now);
        }

        return seen;
    }

    /// <summary>
    /// Looks through <see cref="ScannedMax"/> records at most. The last of them is then given out whether it passes or not, so that
    /// there is a place to read on from; readers look for themselves anyway.
    /// </summary>
    private static int Select(in Ring ring, PayloadFilter filter, Span<HeldRecord> destination, Instant now, out int seen)
    {
        int count = 0;
        int most = Math.Min(ring.Count, ScannedMax);
        for (seen = 0; seen < most && count < destination.Length; seen++)
        {
            RecordEntry entry = ring[seen];
            bool isBreak = seen == most - 1 && most < ring.Count;
            if (isBreak || entry.Record.IsTombstone || filter.Matches(entry.Record.Payload.Span))
            {
                destination[count++] = entry.ToHeld(now);
            }
        }

        return count;
    }

    private int CountBefore(NodeId owner)
    {
        int index = CountUpTo(owner, "");

        // The empty label is the first of its owner, and CountUpTo includes it.
        return index > 0 && _entries[index - 1].Record.Owner == owner ? index - 1 : index;
    }

    /// <summary>How many entries stand before this place or at it; no label means after all of the owner's.</summary>
    private int CountUpTo(NodeId owner, string? label)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Compare(_entries[middle], owner, label) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static int Compare(RecordEntry entry, NodeId owner, string? label)
    {
        Record record = entry.Record;
        return label is null
            ? record.Owner.CompareTo(owner)
            : RecordPlace.Compare(record.Owner, record.Label, owner, label);
    }

    /// <summary>The entries from <paramref name="start"/> up to <paramref name="end"/>, beginning with <paramref name="first"/> and once around.</summary>
    private readonly ref struct Ring(List<RecordEntry> entries, int start, int end, int first)
    {
        public int Count => end - start;

        public RecordEntry this[int index] => entries[first + index < end ? first + index : first + index - Count];
    }

    /// <summary>Who has how much of a key.</summary>
    /// <param name="Own">What this node has of its own.</param>
    /// <param name="Heaviest">The heaviest source network; null when all is this node's own.</param>
    /// <param name="Weight">Its weight.</param>
    public sealed record Shares(Tally Own, SourceAccount? Heaviest, long Weight);
}
