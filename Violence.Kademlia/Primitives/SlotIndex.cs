namespace Violence.Kademlia.Primitives;

/// <summary>
/// Finds slots of an array by a hash of what is in them: open addressing, at most two thirds full, 4 bytes a cell. A cell
/// holds 20 bits of slot and 12 of hash, so that slots of other keys are hardly ever looked at. The keys stay with the
/// owner, who compares them; the order of cells is nobody's business.
/// </summary>
/// <param name="hashOf">The hash of what is in a slot that is here.</param>
internal sealed class SlotIndex(Func<int, int> hashOf)
{
    public const int MaxSlots = 1 << SlotBits;

    private const int SlotBits = 20;
    private const int FirstLength = 8;

    // Slot + 1 in the low bits, the hash's upper bits above; 0 is an empty cell.
    private uint[] _cells = [];

    // From the number of cells, once more: so the address of a cell is known before the head of the array has been read.
    private int _mask = -1;

    public int Count { get; private set; }

    /// <summary>Looks through the slots that may have this hash: begin with <paramref name="cell"/> at -1, go on until false.</summary>
    public bool TryNext(int hash, ref int cell, out int slot)
    {
        uint[] cells = _cells;
        int mask = _mask;
        if (mask < 0)
        {
            slot = -1;
            return false;
        }

        uint mixed = Mix(hash);
        cell = cell < 0 ? (int)mixed & mask : (cell + 1) & mask;
        for (; cells[cell] != 0; cell = (cell + 1) & mask)
        {
            if ((cells[cell] ^ mixed) >> SlotBits == 0)
            {
                slot = (int)(cells[cell] & (MaxSlots - 1)) - 1;
                return true;
            }
        }

        slot = -1;
        return false;
    }

    /// <summary>Takes a slot in that is not here.</summary>
    public void Add(int slot, int hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, MaxSlots - 1);
        if (++Count * 3 > _cells.Length * 2)
        {
            uint[] old = _cells;
            _cells = new uint[Math.Max(FirstLength, old.Length * 2)];
            _mask = _cells.Length - 1;
            foreach (uint content in old)
            {
                if (content != 0)
                {
                    Place(content, Mix(hashOf(SlotIn(content))));
                }
            }
        }

        uint mixed = Mix(hash);
        Place((uint)(slot + 1) | mixed >> SlotBits << SlotBits, mixed);
    }

    /// <summary>Takes a slot out that is here, while <paramref name="hash"/> is still its hash.</summary>
    public void Remove(int slot, int hash)
    {
        int mask = _cells.Length - 1;
        int hole = (int)Mix(hash) & mask;
        while (SlotIn(_cells[hole]) != slot)
        {
            hole = (hole + 1) & mask;
        }

        // Whatever follows and may lie in the hole moves up, so that no search stops at it too early.
        for (int cell = (hole + 1) & mask; _cells[cell] != 0; cell = (cell + 1) & mask)
        {
            int home = (int)Mix(hashOf(SlotIn(_cells[cell]))) & mask;
            if (((cell - home) & mask) >= ((cell - hole) & mask))
            {
                _cells[hole] = _cells[cell];
                hole = cell;
            }
        }

        _cells[hole] = 0;
        Count--;
    }

    private void Place(uint content, uint mixed)
    {
        int cell = (int)mixed & (_cells.Length - 1);
        while (_cells[cell] != 0)
        {
            cell = (cell + 1) & (_cells.Length - 1);
        }

        _cells[cell] = content;
    }

    private static int SlotIn(uint content) => (int)(content & (MaxSlots - 1)) - 1;

    private static uint Mix(int hash) => (uint)((uint)hash * 0x9E37_79B9_7F4A_7C15 >> 32);
}
