using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

// Questions to the table: none changes it, and those that serve requests allocate nothing.
internal sealed partial class RoutingTable
{
    private const double Sparse = 1.7;

    public bool Contains(NodeId id) => Find(id) != EntryPool.None;

    /// <summary>
    /// Brings what is known of a contact near the processor, because it will be asked for soon. Where several things about a node, or about
    /// several nodes, lie far apart in memory, to touch them one right after the other lets their waits overlap. Changes nothing else.
    /// </summary>
    public void Touch(NodeId id) => _ = Find(id);

    public bool TryGet(NodeId id, out BucketEntry entry)
    {
        int slot = Find(id);
        entry = slot != EntryPool.None ? _pool[slot] : default;
        return slot != EntryPool.None;
    }

    /// <summary>
    /// The contacts closest to a target, sorted by distance. Contacts that failed to answer lately come after all others, and
    /// only as far as there is room left.
    /// </summary>
    /// <param name="target">The position to be near to.</param>
    /// <param name="destination">Takes as many as it is long.</param>
    /// <param name="families">The kinds of address that are of use.</param>
    /// <param name="exclude">An id to leave out: the asker's own.</param>
    /// <param name="onlyReliable">Leave out contacts that failed lately: those are not for others.</param>
    /// <returns>How many were written.</returns>
    public int Closest(NodeId target, Span<Contact> destination, AddressFamilies families, NodeId exclude, bool onlyReliable)
    {
        int count = Fill(target, destination, families, exclude, failing: false);
        if (!onlyReliable && count < destination.Length)
        {
            count += Fill(target, destination[count..], families, exclude, failing: true);
        }

        return count;
    }

    /// <summary>
    /// Whether the table seems to know all nodes around a position. Ids are spread evenly, so it does when they stand about as
    /// close together there as around this node, whose own neighbours it knows best: the k-th closest is at most
    /// <see cref="Sparse"/> times as far. A guess: a table that knows half of them passes one time in four, and so may a node
    /// that does not know its own neighbours yet. One that knows fewer than k never does.
    /// </summary>
    /// <param name="position">The position.</param>
    /// <param name="k">How many nodes are compared: distances to the 20th closest vary by a fifth.</param>
    /// <param name="families">The kinds of address that are of use.</param>
    public bool KnowsAround(NodeId position, int k, AddressFamilies families)
    {
        Span<Contact> there = stackalloc Contact[k];
        Span<Contact> here = stackalloc Contact[k];
        return Closest(position, there, families, Self, onlyReliable: true) == k
            && Closest(Self, here, families, Self, onlyReliable: true) == k
            && there[k - 1].Id.DistanceTo(position).Share <= Sparse * here[k - 1].Id.DistanceTo(Self).Share;
    }

    /// <summary>
    /// The contacts of the whole table that were not seen since <paramref name="notSeenSince"/>, the longest unseen first:
    /// as many as the destination takes. These are the ones to probe.
    /// </summary>
    /// <returns>How many were written.</returns>
    public int LeastRecentlySeen(Instant notSeenSince, Span<Contact> destination)
    {
        // Each bucket's list is in that order already: what is left is to merge them.
        Span<int> heads = stackalloc int[_buckets.Count];
        Span<Instant> seen = stackalloc Instant[heads.Length];
        for (int index = 0; index < heads.Length; index++)
        {
            heads[index] = _buckets[index].Head;
            seen[index] = SeenAt(heads[index]);
        }

        for (int count = 0; count < destination.Length; count++)
        {
            int oldest = 0;
            for (int index = 1; index < seen.Length; index++)
            {
                oldest = seen[index] < seen[oldest] ? index : oldest;
            }

            if (heads[oldest] == EntryPool.None || seen[oldest] > notSeenSince)
            {
                return count;
            }

            ref BucketEntry entry = ref _pool[heads[oldest]];
            destination[count] = entry.Contact;
            heads[oldest] = entry.Next;
            seen[oldest] = SeenAt(entry.Next);
        }

        return destination.Length;

        Instant SeenAt(int slot) => slot == EntryPool.None ? Instant.Never : _pool[slot].LastSeen;
    }

    /// <summary>The contact that was not seen for the longest time, if that was at <paramref name="notSeenSince"/> or before.</summary>
    public bool TryGetLeastRecentlySeen(Instant notSeenSince, out Contact contact)
    {
        contact = default;
        return LeastRecentlySeen(notSeenSince, new Span<Contact>(ref contact)) > 0;
    }

    /// <summary>All entries by bucket, the farthest first, and within a bucket from least to most recently seen.</summary>
    public BucketEntry[] Entries()
    {
        var entries = new List<BucketEntry>(Count);
        CopyEntriesTo(entries);
        return [.. entries];
    }

    /// <summary>Adds what <see cref="Entries"/> gives to a list that the caller keeps.</summary>
    public void CopyEntriesTo(List<BucketEntry> entries)
    {
        foreach (Bucket bucket in _buckets)
        {
            for (int slot = bucket.Head; slot != EntryPool.None; slot = _pool[slot].Next)
            {
                entries.Add(_pool[slot]);
            }
        }
    }

    /// <summary>The candidates behind one bucket; the last is the best.</summary>
    public Contact[] Replacements(int bucket) => _buckets[bucket].Replacements.Contacts.ToArray();

    /// <summary>The buckets, the farthest first.</summary>
    public BucketSnapshot[] Buckets() =>
        [.. _buckets.Select(bucket =>
            new BucketSnapshot(bucket.Depth, bucket.Count, bucket.Capacity, bucket.Failing, bucket.Replacements.Count))];

    private int Fill(NodeId target, Span<Contact> destination, AddressFamilies families, NodeId exclude, bool failing)
    {
        bool hasIPv4 = _ipv4.Count > 0 && (families & AddressFamilies.IPv4) != AddressFamilies.None;
        bool hasIPv6 = _ipv6.Count > 0 && (families & AddressFamilies.IPv6) != AddressFamilies.None;
        if (hasIPv4 && hasIPv6)
        {
            return FillFromBoth(target, destination, exclude, failing);
        }

        if (!hasIPv4 && !hasIPv6)
        {
            return 0;
        }

        return FillFrom(hasIPv4 ? _ipv4 : _ipv6, target, destination, exclude, failing);
    }

    /// <summary>
    /// First who is nearest, then who of them is wanted: the entries are far apart in memory, and read one right after the other their waits
    /// overlap.
    /// </summary>
    private int FillFrom(IdOrder order, NodeId target, Span<Contact> destination, NodeId exclude, bool failing)
    {
        var walk = new NearestWalk(_pool, order, target, stackalloc NearestWalk.Branch[NearestWalk.StackSize(order)]);
        ReadOnlySpan<BucketEntry> entries = _pool.Entries;
        Span<int> nearest = stackalloc int[destination.Length];
        int count = 0;
        while (count < destination.Length)
        {
            int found = walk.Take(nearest[..(destination.Length - count)]);
            foreach (int slot in nearest[..found])
            {
                ref readonly BucketEntry entry = ref entries[slot];
                if (IsWanted(entry, exclude, failing))
                {
                    destination[count++] = entry.Contact;
                }
            }

            if (found == 0)
            {
                break;
            }
        }

        return count;
    }

    private int FillFromBoth(NodeId target, Span<Contact> destination, NodeId exclude, bool failing)
    {
        var ipv4 = new NearestWalk(_pool, _ipv4, target, stackalloc NearestWalk.Branch[NearestWalk.StackSize(_ipv4)]);
        var ipv6 = new NearestWalk(_pool, _ipv6, target, stackalloc NearestWalk.Branch[NearestWalk.StackSize(_ipv6)]);
        int left = NextWanted(ref ipv4, exclude, failing);
        int right = NextWanted(ref ipv6, exclude, failing);
        int count = 0;
        while (count < destination.Length && (left != EntryPool.None || right != EntryPool.None))
        {
            bool takesLeft = right == EntryPool.None
                || (left != EntryPool.None
                    && _pool[left].Contact.Id.DistanceTo(target) < _pool[right].Contact.Id.DistanceTo(target));
            destination[count++] = _pool[takesLeft ? left : right].Contact;
            if (takesLeft)
            {
                left = NextWanted(ref ipv4, exclude, failing);
            }
            else
            {
                right = NextWanted(ref ipv6, exclude, failing);
            }
        }

        return count;
    }

    private int NextWanted(ref NearestWalk walk, NodeId exclude, bool failing)
    {
        while (walk.TryNext(out int slot))
        {
            if (IsWanted(_pool[slot], exclude, failing))
            {
                return slot;
            }
        }

        return EntryPool.None;
    }

    private static bool IsWanted(in BucketEntry entry, NodeId exclude, bool failing) =>
        entry.IsReliable != failing && entry.Contact.Id != exclude;
}
