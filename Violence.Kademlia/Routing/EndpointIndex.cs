using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>Finds entries by endpoint.</summary>
internal sealed class EndpointIndex(EntryPool pool)
{
    private readonly SlotIndex _slots = new(slot => pool[slot].Contact.Endpoint.GetHashCode());

    /// <summary>The slot of the entry at an endpoint, or <see cref="EntryPool.None"/>.</summary>
    public int Find(NodeEndpoint endpoint)
    {
        int hash = endpoint.GetHashCode();
        int cell = -1;
        while (_slots.TryNext(hash, ref cell, out int slot))
        {
            if (pool[slot].Contact.Endpoint == endpoint)
            {
                return slot;
            }
        }

        return EntryPool.None;
    }

    /// <summary>Takes a slot in whose endpoint is not here yet.</summary>
    public void Add(int slot) => _slots.Add(slot, pool[slot].Contact.Endpoint.GetHashCode());

    /// <summary>Takes a slot out that is here; its entry must still hold the endpoint it was added with.</summary>
    public void Remove(int slot) => _slots.Remove(slot, pool[slot].Contact.Endpoint.GetHashCode());
}
