using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// A k-bucket (the paper's section 2.2): the contacts at one depth as a list from least to most recently seen, and the
/// candidates for their places. The entries themselves stay in the pool; the list runs through their links.
/// </summary>
internal sealed class Bucket(int depth, RoutingLimits limits, EntryPool pool)
{
    /// <summary>How many leading bits its contacts share with the own id; in the table's last bucket at least so many.</summary>
    public int Depth { get; } = depth;

    /// <summary>How many contacts it takes before only the K closest to the own id get in.</summary>
    public int Capacity { get; } = limits.CapacityAt(depth);

    public ReplacementCache Replacements { get; } = new(limits.ReplacementsPerBucket, limits.SubnetContactsPerBucket);

    public int Count { get; private set; }

    /// <summary>Contacts that left at least one request unanswered.</summary>
    public int Failing { get; private set; }

    /// <summary>Contacts that failed often enough to give way to a newcomer.</summary>
    public int Stale { get; private set; }

    /// <summary>The slot of the least recently seen contact, or <see cref="EntryPool.None"/>.</summary>
    public int Head { get; private set; } = EntryPool.None;

    /// <summary>The slot of the most recently seen contact, or <see cref="EntryPool.None"/>.</summary>
    public int Tail { get; private set; } = EntryPool.None;

    public int Reliable => Count - Failing;

    /// <summary>
    /// Who gives way here for diversity's sake, and the state of the table in which it found that out: worthless in any other.
    /// </summary>
    public (int Slot, long State) Crowded { get; set; } = (EntryPool.None, -1);

    /// <summary>Adds an entry as the most recently seen.</summary>
    public void Append(int slot)
    {
        ref BucketEntry entry = ref pool[slot];
        entry.Previous = Tail;
        entry.Next = EntryPool.None;
        if (Tail == EntryPool.None)
        {
            Head = slot;
        }
        else
        {
            pool[Tail].Next = slot;
        }

        Tail = slot;
        Tally(entry, 1);
    }

    /// <summary>Takes an entry out of the list; it stays in the pool.</summary>
    public void Unlink(int slot)
    {
        ref BucketEntry entry = ref pool[slot];
        if (entry.Previous == EntryPool.None)
        {
            Head = entry.Next;
        }
        else
        {
            pool[entry.Previous].Next = entry.Next;
        }

        if (entry.Next == EntryPool.None)
        {
            Tail = entry.Previous;
        }
        else
        {
            pool[entry.Next].Previous = entry.Previous;
        }

        Tally(entry, -1);
    }

    /// <summary>A valid reply came: its failures are forgiven and it is the most recently seen now.</summary>
    /// <returns>How long nothing had come from it.</returns>
    public TimeSpan Seen(int slot, Instant now)
    {
        Unlink(slot);
        ref BucketEntry entry = ref pool[slot];
        TimeSpan silence = now - entry.WatchedSince;
        entry.Failures = 0;
        entry.IsProbed = false;
        entry.LastSeen = Instant.Max(entry.LastSeen, now);
        Append(slot);
        return silence;
    }

    /// <summary>Counts one more unanswered request; its place in the list stays.</summary>
    public void Failed(int slot)
    {
        ref BucketEntry entry = ref pool[slot];
        Tally(entry, -1);
        entry.Failures = (byte)Math.Min(entry.Failures + 1, byte.MaxValue);
        Tally(entry, 1);
    }

    public bool IsStale(in BucketEntry entry) => entry.Failures >= limits.FailuresToRemove;

    /// <summary>The least recently seen of those that give way to a newcomer, or <see cref="EntryPool.None"/>.</summary>
    public int FirstStale()
    {
        int slot = Stale == 0 ? EntryPool.None : Head;
        while (slot != EntryPool.None && !IsStale(pool[slot]))
        {
            slot = pool[slot].Next;
        }

        return slot;
    }

    /// <summary>Cuts off what shares more bits with <paramref name="self"/> than this depth, in unchanged order.</summary>
    public Bucket Split(NodeId self)
    {
        var deeper = new Bucket(Depth + 1, limits, pool);
        int slot = Head;
        while (slot != EntryPool.None)
        {
            int next = pool[slot].Next;
            if (pool[slot].Contact.Id.CommonPrefixLength(self) > Depth)
            {
                Unlink(slot);
                deeper.Append(slot);
            }

            slot = next;
        }

        Replacements.MoveDeeper(self, Depth, deeper.Replacements);
        return deeper;
    }

    private void Tally(in BucketEntry entry, int sign)
    {
        Count += sign;
        Failing += entry.IsReliable ? 0 : sign;
        Stale += IsStale(entry) ? sign : 0;
    }
}
