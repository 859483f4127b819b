using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>
/// The nodes this node knows first-hand (the paper's section 2.4). The tree is a list of buckets: bucket i holds the contacts
/// that share exactly i leading bits with the own id, the last one all that share more, and only that one splits, as soon as
/// it holds K. Invariants: an id and an endpoint occur once; a bucket never holds more than its capacity, and K more where they
/// are among the K closest to the own id; a contact whose public network is over its quota gets in where there is room, and nowhere
/// else; a contact that answers never gives way to a newcomer, save where its network is over its quota and the newcomer's is
/// not, and where K more than the capacity are in a bucket already and the newcomer is one of the K closest.
/// </summary>
internal sealed partial class RoutingTable
{
    private readonly RoutingLimits _limits;
    private readonly EntryPool _pool = new();
    private readonly List<Bucket> _buckets = [];
    private readonly IdIndex _ids;
    private readonly EndpointIndex _endpoints;

    // One order per family: a walk for a family that is rare here must not wade through all the others.
    private readonly IdOrder _ipv4;
    private readonly IdOrder _ipv6;

    // Only contacts that quotas concern.
    private readonly NetworkOrder _networks;

    // Counts the comings and goings: what was found out about the contacts of a bucket holds as long as this stays the same.
    private long _state;

    /// <exception cref="ArgumentOutOfRangeException">A limit is below what a table can work with.</exception>
    public RoutingTable(NodeId self, RoutingLimits limits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.K, 2, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.FailuresToRemove, 1, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.FailuresToForget, limits.FailuresToRemove, nameof(limits));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.FailuresToForget, byte.MaxValue, nameof(limits));
        Self = self;
        _limits = limits;
        _ids = new IdIndex(_pool);
        _endpoints = new EndpointIndex(_pool);
        _ipv4 = new IdOrder(_pool);
        _ipv6 = new IdOrder(_pool);
        _networks = new NetworkOrder(_pool);
        _buckets.Add(new Bucket(0, limits, _pool));
    }

    public NodeId Self { get; }

    /// <summary>How many contacts are in it.</summary>
    public int Count { get; private set; }

    public int BucketCount => _buckets.Count;

    /// <summary>Which bucket is responsible for a position.</summary>
    public int BucketIndexOf(NodeId id) => Math.Min(Self.CommonPrefixLength(id), _buckets.Count - 1);

    /// <summary>A valid reply came from this endpoint under this id: its failures are forgiven, it is the most recently seen.</summary>
    /// <param name="id">Who answered.</param>
    /// <param name="endpoint">From where.</param>
    /// <param name="now">When.</param>
    /// <param name="silence">How long nothing had come from it.</param>
    /// <returns>Whether it is in the table.</returns>
    public bool Seen(NodeId id, NodeEndpoint endpoint, Instant now, out TimeSpan silence)
    {
        Bucket bucket = BucketOf(id);
        if (TryFind(id, endpoint, out int slot))
        {
            silence = bucket.Seen(slot, now);
            return true;
        }

        bucket.Replacements.Seen(new Contact(id, endpoint));
        silence = TimeSpan.Zero;
        return false;
    }

    /// <summary>Whether a contact is being asked whether it lives.</summary>
    public bool IsProbed(Contact contact) => TryFind(contact.Id, contact.Endpoint, out int slot) && _pool[slot].IsProbed;

    /// <summary>A contact of the table is being asked whether it lives, or did not answer. When it is seen that is over too.</summary>
    public void NoteProbe(Contact contact, bool isUnderWay)
    {
        if (TryFind(contact.Id, contact.Endpoint, out int slot))
        {
            _pool[slot].IsProbed = isUnderWay;
        }
    }

    /// <summary>
    /// A request was not answered in time. A contact goes only after several failures in a row: after a few when a candidate
    /// waits for its place whose network is not over its quota, else it is kept a while longer, so that a node whose own network
    /// is down keeps its table.
    /// </summary>
    /// <param name="id">Who was asked.</param>
    /// <param name="endpoint">Where it was asked.</param>
    /// <param name="sentAt">When the request was sent; it counts only if nothing came from the contact since.</param>
    /// <param name="replacement">A candidate for the place, to be verified and added; no longer kept here.</param>
    /// <returns>Whether the contact was removed.</returns>
    public bool Failed(NodeId id, NodeEndpoint endpoint, Instant sentAt, out Contact? replacement)
    {
        replacement = null;
        Bucket bucket = BucketOf(id);
        if (!TryFind(id, endpoint, out int slot))
        {
            bucket.Replacements.Forget(new Contact(id, endpoint));
            return false;
        }

        if (_pool[slot].LastSeen > sentAt)
        {
            return false;
        }

        bucket.Failed(slot);
        if (!bucket.IsStale(_pool[slot]))
        {
            return false;
        }

        int candidate = BestCandidate(bucket, slot, out bool isOverQuota);
        if (isOverQuota && _pool[slot].Failures < _limits.FailuresToForget)
        {
            return false;
        }

        if (candidate >= 0 && (!isOverQuota || bucket.Count <= bucket.Capacity))
        {
            replacement = bucket.Replacements.TakeAt(candidate);
        }

        RemoveSlot(slot);
        return true;
    }

    /// <summary>The contact said goodbye, or turned out to be no node for us.</summary>
    /// <returns>False when this id is not known at this endpoint.</returns>
    public bool Remove(NodeId id, NodeEndpoint endpoint)
    {
        BucketOf(id).Replacements.Forget(new Contact(id, endpoint));
        if (!TryFind(id, endpoint, out int slot))
        {
            return false;
        }

        RemoveSlot(slot);
        return true;
    }

    private Bucket BucketOf(NodeId id) => _buckets[BucketIndexOf(id)];

    private IdOrder OrderOf(NodeEndpoint endpoint) => endpoint.IsIPv4 ? _ipv4 : _ipv6;

    private int Find(NodeId id) => _ids.Find(id);

    private bool TryFind(NodeId id, NodeEndpoint endpoint, out int slot)
    {
        slot = _ids.Find(id);
        return slot != EntryPool.None && _pool[slot].Contact.Endpoint == endpoint;
    }

    private void Insert(Contact contact, Instant now)
    {
        int slot = _pool.Rent(contact, now);
        Index(slot);
        Bucket bucket = BucketOf(contact.Id);
        bucket.Append(slot);
        bucket.Replacements.Supersede(contact);

        // Splitting at K instead of when one more arrives: the last bucket always has room, and asking whether there is
        // room stays a question. At the deepest bit the last bucket has one possible id left.
        while (_buckets[^1].Count >= _limits.K && _buckets.Count < NodeId.Bits)
        {
            _buckets.Add(_buckets[^1].Split(Self));
        }
    }

    private void RemoveSlot(int slot)
    {
        BucketOf(_pool[slot].Contact.Id).Unlink(slot);
        Unindex(slot);
        _pool.Return(slot);
    }

    private void Index(int slot)
    {
        _state++;
        NodeEndpoint endpoint = _pool[slot].Contact.Endpoint;
        Count++;
        OrderOf(endpoint).Insert(slot);
        _ids.Add(slot);
        _endpoints.Add(slot);
        if (HasQuota(endpoint))
        {
            _networks.Insert(slot);
            NoteNetwork(slot, 1);
        }
    }

    /// <summary>Takes an entry out of all orders, while it still holds the contact it was put in with.</summary>
    private void Unindex(int slot)
    {
        _state++;
        NodeEndpoint endpoint = _pool[slot].Contact.Endpoint;
        Count--;
        OrderOf(endpoint).Remove(slot);
        _ids.Remove(slot);
        _endpoints.Remove(slot);
        if (HasQuota(endpoint))
        {
            NoteNetwork(slot, -1);
            _networks.Remove(slot);
        }
    }
}
