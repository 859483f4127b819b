using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Routing;

/// <summary>Finds entries by endpoint: a hash table of slots (open addressing, at most half full).</summary>
internal sealed class EndpointIndex(EntryPool pool)
{
    // Slot + 1; 0 is an empty cell.
    private int[] _cells = new int[16];
    private int _count;

    /// <summary>The slot of the entry at an endpoint, or <see cref="EntryPool.None"/>.</summary>
    public int Find(NodeEndpoint endpoint)
    {
        for (int cell = Home(endpoint); _cells[cell] != 0; cell = Following(cell))
        {
            int slot = _cells[cell] - 1;
            if (pool[slot].Contact.Endpoint == endpoint)
            {
                return slot;
            }
        }

        return EntryPool.None;
    }

    /// <summary>Takes a slot in whose endpoint is not here yet.</summary>
    public void Add(int slot)
    {
        if (++_count * 2 > _cells.Length)
        {
            int[] cells = _cells;
            _cells = new int[cells.Length * 2];
            foreach (int content in cells)
            {
                if (content != 0)
                {
                    Place(content);
                }
            }
        }

        Place(slot + 1);
    }

    /// <summary>Takes a slot out that is here; its entry must still hold the endpoint it was added with.</summary>
    public void Remove(int slot)
    {
        int hole = Home(pool[slot].Contact.Endpoint);
        while (_cells[hole] != slot + 1)
        {
            hole = Following(hole);
        }

        // Whatever follows and may lie in the hole moves up, so that no search stops at it too early.
        for (int cell = Following(hole); _cells[cell] != 0; cell = Following(cell))
        {
            int home = Home(pool[_cells[cell] - 1].Contact.Endpoint);
            if (((cell - home) & (_cells.Length - 1)) >= ((cell - hole) & (_cells.Length - 1)))
            {
                _cells[hole] = _cells[cell];
                hole = cell;
            }
        }

        _cells[hole] = 0;
        _count--;
    }

    private void Place(int content)
    {
        int cell = Home(pool[content - 1].Contact.Endpoint);
        while (_cells[cell] != 0)
        {
            cell = Following(cell);
        }

        _cells[cell] = content;
    }

    private int Following(int cell) => (cell + 1) & (_cells.Length - 1);

    private int Home(NodeEndpoint endpoint) =>
        (int)((uint)endpoint.GetHashCode() * 0x9E37_79B9_7F4A_7C15 >> 32) & (_cells.Length - 1);
}
