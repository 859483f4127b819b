using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

// Who gets in: the decision is one pure function, so that asking beforehand and adding agree.
internal sealed partial class RoutingTable
{
    /// <summary>Offers a contact that has just proved its id at its endpoint.</summary>
    public BucketAddResult Add(Contact proven, Instant now)
    {
        if (proven.Id == Self)
        {
            return BucketAddResult.OwnId;
        }

        int known = Find(proven.Id);
        int holder = _endpoints.Find(proven.Endpoint);
        if (known != EntryPool.None && known == holder)
        {
            BucketOf(proven.Id).Seen(known, now);
            return BucketAddResult.Refreshed;
        }

        if (holder != EntryPool.None)
        {
            // One endpoint is one node, and another id has just been proved here.
            RemoveSlot(holder);
        }

        BucketAddResult result = Judge(proven, known, out int displaced);
        switch (result)
        {
            case BucketAddResult.Moved:
                Move(known, proven.Endpoint, now);
                break;
            case BucketAddResult.Added:
                if (displaced != EntryPool.None)
                {
                    Displace(displaced);
                }

                Insert(proven, now);
                break;
            case BucketAddResult.Full or BucketAddResult.QuotaExceeded when known == EntryPool.None:
                BucketOf(proven.Id).Replacements.Put(proven, proven: true);
                break;
            default:
                break;
        }

        return result;
    }

    /// <summary>
    /// Whether a contact is worth asking for its proof: <see cref="Add"/> would admit it, or its endpoint is known under another
    /// id, which the proof would end.
    /// </summary>
    /// <param name="contact">Who might be added; unproven.</param>
    /// <param name="leastRecentlySeen">
    /// Whom to probe when the bucket is full: if it fails to answer it gives way. Null when the contact is refused for another reason.
    /// </param>
    public bool HasRoomFor(Contact contact, out Contact? leastRecentlySeen)
    {
        leastRecentlySeen = null;
        if (contact.Id == Self)
        {
            return false;
        }

        if (_endpoints.Find(contact.Endpoint) != EntryPool.None)
        {
            return true;
        }

        BucketAddResult result = Judge(contact, Find(contact.Id), out _);
        if (result == BucketAddResult.Full)
        {
            leastRecentlySeen = _pool[BucketOf(contact.Id).Head].Contact;
        }

        return result is BucketAddResult.Added or BucketAddResult.Moved;
    }

    /// <summary>Remembers a contact that others told of, as a candidate behind its bucket; it has proved nothing yet.</summary>
    public void Suggest(Contact unverified)
    {
        if (unverified.Id != Self && Find(unverified.Id) == EntryPool.None && _endpoints.Find(unverified.Endpoint) == EntryPool.None)
        {
            BucketOf(unverified.Id).Replacements.Put(unverified, proven: false);
        }
    }

    /// <summary>Takes out a candidate of a bucket that has room, the nearest bucket first: to be verified and added.</summary>
    public bool TryTakeCandidate(out Contact candidate)
    {
        for (int index = _buckets.Count - 1; index >= 0; index--)
        {
            Bucket bucket = _buckets[index];
            if (bucket.Count < bucket.Capacity && bucket.Replacements.Count > 0)
            {
                candidate = bucket.Replacements.TakeAt(BestCandidate(bucket, EntryPool.None, out _));
                return true;
            }
        }

        candidate = default;
        return false;
    }

    /// <summary>Decides on a contact whose endpoint nobody else holds, and changes nothing.</summary>
    private BucketAddResult Judge(Contact contact, int known, out int displaced)
    {
        displaced = EntryPool.None;
        Bucket bucket = BucketOf(contact.Id);
        bool hasRoom = bucket.Count < bucket.Capacity;
        if (known != EntryPool.None)
        {
            // Else places won from many networks could all be moved into one.
            bool mayMove = hasRoom || AreInOneNetwork(_pool[known].Contact, contact) || !IsOverQuota(contact, known);
            return mayMove ? BucketAddResult.Moved : BucketAddResult.QuotaExceeded;
        }

        if (hasRoom)
        {
            return BucketAddResult.Added;
        }

        if (IsOverQuota(contact, EntryPool.None))
        {
            return BucketAddResult.QuotaExceeded;
        }

        displaced = bucket.FirstStale();
        if (displaced == EntryPool.None)
        {
            displaced = NewestOfCrowd(bucket);
        }

        if (displaced != EntryPool.None)
        {
            return BucketAddResult.Added;
        }

        if (!IsAmongClosest(contact.Id, bucket))
        {
            return BucketAddResult.Full;
        }

        if (bucket.Count >= bucket.Capacity + _limits.K)
        {
            displaced = LeastDeserving(bucket);
        }

        return BucketAddResult.Added;
    }

    /// <summary>
    /// Whether fewer than K reliable contacts are closer to the own id. The neighbours of a node must know it, all of them,
    /// for a find to end at the right nodes: the reason for the paper's irregular splits.
    /// </summary>
    private bool IsAmongClosest(NodeId id, Bucket bucket)
    {
        Distance distance = Self.DistanceTo(id);
        int closer = 0;
        for (int index = _buckets.Count - 1; index > bucket.Depth && closer < _limits.K; index--)
        {
            closer += _buckets[index].Reliable;
        }

        for (int slot = bucket.Head; slot != EntryPool.None && closer < _limits.K; slot = _pool[slot].Next)
        {
            closer += _pool[slot].IsReliable && Self.DistanceTo(_pool[slot].Contact.Id) < distance ? 1 : 0;
        }

        return closer < _limits.K;
    }

    /// <summary>
    /// Who goes from a bucket that is over its capacity by K: one that fails, else the newest that is not among the K closest,
    /// so that ids made to lie ever closer displace each other, not the contacts of long standing.
    /// </summary>
    private int LeastDeserving(Bucket bucket)
    {
        var closest = new Contact[_limits.K];
        int count = Fill(Self, closest, AddressFamilies.Both, Self, failing: false);
        Distance boundary = count < closest.Length ? Distance.Max : Self.DistanceTo(closest[^1].Id);
        int newest = EntryPool.None;
        for (int slot = bucket.Head; slot != EntryPool.None; slot = _pool[slot].Next)
        {
            ref BucketEntry entry = ref _pool[slot];
            if (!entry.IsReliable)
            {
                return slot;
            }

            // The one at the boundary is the one whose place among the K closest the newcomer takes.
            bool isOutside = Self.DistanceTo(entry.Contact.Id) >= boundary;
            if (isOutside && (newest == EntryPool.None || entry.FirstSeen >= _pool[newest].FirstSeen))
            {
                newest = slot;
            }
        }

        return newest;
    }

    private void Displace(int slot)
    {
        BucketEntry entry = _pool[slot];
        RemoveSlot(slot);
        if (entry.IsReliable)
        {
            BucketOf(entry.Contact.Id).Replacements.Put(entry.Contact, proven: true);
        }
    }

    private void Move(int slot, NodeEndpoint endpoint, Instant now)
    {
        Unindex(slot);
        NodeId id = _pool[slot].Contact.Id;
        _pool[slot].Contact = new Contact(id, endpoint);
        Index(slot);
        Bucket bucket = BucketOf(id);
        bucket.Replacements.Supersede(new Contact(id, endpoint));
        bucket.Seen(slot, now);
    }
}
