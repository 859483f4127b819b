using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

// Who stands in whose network. Diversity under competition, completeness without: what is free anybody may have, so that in a
// small network behind one address everybody knows everybody; where places are scarce, no network keeps more than its quota.
internal sealed partial class RoutingTable
{
    // Networks that have at least as many contacts as the smaller quota, and those that have more. Mostly there are none,
    // and then nobody needs to count.
    private int _atQuota;
    private int _overQuota;

    private int LeastQuota => Math.Min(_limits.SubnetContactsPerBucket, _limits.SubnetContactsPerTable);

    private bool HasQuota(NodeEndpoint endpoint) => !endpoint.IsPrivate && LeastQuota < int.MaxValue;

    /// <summary>Keeps count when the contact in a slot, which its network's order holds, comes (1) or goes (-1).</summary>
    private void NoteNetwork(int slot, int sign)
    {
        int contacts = InTable(_pool[slot].Contact).Length;
        _atQuota += contacts == LeastQuota ? sign : 0;
        _overQuota += contacts == LeastQuota + 1 ? sign : 0;
    }

    private static bool AreInOneNetwork(Contact left, Contact right) =>
        !left.Endpoint.IsPrivate && !right.Endpoint.IsPrivate && left.Endpoint.NetworkPrefix == right.Endpoint.NetworkPrefix;

    /// <summary>Whether the network of a contact would have more than its share with it, <paramref name="leaving"/> not counted.</summary>
    private bool IsOverQuota(Contact contact, int leaving)
    {
        return (_atQuota > 0 || LeastQuota <= 0)
            && HasQuota(contact.Endpoint)
            && (CountWithout(InTable(contact)) >= _limits.SubnetContactsPerTable
                || CountWithout(InBucket(contact)) >= _limits.SubnetContactsPerBucket);

        int CountWithout(ReadOnlySpan<int> slots) =>
            slots.Length - (leaving != EntryPool.None && slots.Contains(leaving) ? 1 : 0);
    }

    /// <summary>Who is in the network of a contact.</summary>
    private ReadOnlySpan<int> InTable(Contact contact) =>
        _networks.Range(contact.Endpoint.NetworkPrefix, contact.Id, sharedBits: 0);

    /// <summary>Who is in the network of a contact and in its bucket.</summary>
    private ReadOnlySpan<int> InBucket(Contact contact)
    {
        // All in a bucket differ from self at the same bit, and so share it; only the last bucket has no such bit.
        int bucket = BucketIndexOf(contact.Id);
        return _networks.Range(contact.Endpoint.NetworkPrefix, contact.Id, bucket < _buckets.Count - 1 ? bucket + 1 : bucket);
    }

    /// <summary>
    /// Who gives way in a full bucket to a contact of a network under its quota: of the networks over theirs the one with the
    /// most contacts here, of these the newest. None when no network in the bucket is over its quota.
    /// </summary>
    private int NewestOfCrowd(Bucket bucket)
    {
        // Asked for every stranger whose bucket is full, and nearly always with the answer of the last time.
        if (bucket.Crowded.State != _state)
        {
            bucket.Crowded = (FindNewestOfCrowd(bucket), _state);
        }

        return bucket.Crowded.Slot;
    }

    private int FindNewestOfCrowd(Bucket bucket)
    {
        if (_overQuota == 0)
        {
            return EntryPool.None;
        }

        int most = 0;
        int newest = EntryPool.None;
        for (int slot = bucket.Head; slot != EntryPool.None; slot = _pool[slot].Next)
        {
            ref BucketEntry entry = ref _pool[slot];
            int inTable = HasQuota(entry.Contact.Endpoint) ? InTable(entry.Contact).Length : 0;
            if (inTable <= LeastQuota)
            {
                continue;
            }

            int inBucket = InBucket(entry.Contact).Length;
            bool isCrowd = inTable > _limits.SubnetContactsPerTable || inBucket > _limits.SubnetContactsPerBucket;
            if (isCrowd && (inBucket > most || (inBucket == most && entry.FirstSeen >= _pool[newest].FirstSeen)))
            {
                most = inBucket;
                newest = slot;
            }
        }

        return newest;
    }

    /// <summary>
    /// Which candidate of a bucket to try for a place, or -1: the best whose network is under its quota, else the best.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="leaving">The contact whose place it would be, if it is still there.</param>
    /// <param name="isOverQuota">Whether there was none under its quota.</param>
    private int BestCandidate(Bucket bucket, int leaving, out bool isOverQuota)
    {
        ReadOnlySpan<Contact> candidates = bucket.Replacements.Contacts;
        isOverQuota = false;
        for (int index = candidates.Length - 1; index >= 0; index--)
        {
            if (!IsOverQuota(candidates[index], leaving))
            {
                return index;
            }
        }

        isOverQuota = true;
        return candidates.Length - 1;
    }
}
