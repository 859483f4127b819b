using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>Finds entries by id: the question asked most, once per contact of every reply.</summary>
internal sealed class IdIndex(EntryPool pool)
{
    private readonly SlotIndex _slots = new(slot => pool[slot].Contact.Id.GetHashCode());

    // Whom a datagram comes from is looked for more than once while it is handled. So even to read takes the engine's one thread.
    private NodeId _last;
    private int _lastFound = EntryPool.None;

    /// <summary>The slot of the entry with an id, or <see cref="EntryPool.None"/>.</summary>
    public int Find(NodeId id)
    {
        if (_lastFound != EntryPool.None && id == _last)
        {
            return _lastFound;
        }

        int hash = id.GetHashCode();
        int cell = -1;
        while (_slots.TryNext(hash, ref cell, out int slot))
        {
            if (pool[slot].Contact.Id == id)
            {
                (_last, _lastFound) = (id, slot);
                return slot;
            }
        }

        return EntryPool.None;
    }

    /// <summary>Takes a slot in whose id is not here yet.</summary>
    public void Add(int slot) => _slots.Add(slot, pool[slot].Contact.Id.GetHashCode());

    /// <summary>Takes a slot out that is here; its entry must still hold the id it was added with.</summary>
    public void Remove(int slot)
    {
        _lastFound = _lastFound == slot ? EntryPool.None : _lastFound;
        _slots.Remove(slot, pool[slot].Contact.Id.GetHashCode());
    }
}
