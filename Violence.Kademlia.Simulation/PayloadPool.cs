namespace Violence.Kademlia.Simulation;

/// <summary>
/// The bytes of datagrams under way, in reused blocks of two sizes: most datagrams are short, and a network of many nodes
/// has very many of them in flight.
/// </summary>
internal sealed class PayloadPool
{
    private const int ShortSize = 256;
    private const int LongSize = 1_280;

    private readonly List<byte[]> _blocks = [];
    private readonly Stack<int> _freeShort = new();
    private readonly Stack<int> _freeLong = new();

    /// <returns>The handle of a copy.</returns>
    public int Keep(ReadOnlySpan<byte> datagram)
    {
        bool isShort = datagram.Length <= ShortSize;
        if (!(isShort ? _freeShort : _freeLong).TryPop(out int handle))
        {
            handle = _blocks.Count;
            _blocks.Add(new byte[isShort ? ShortSize : LongSize]);
        }

        datagram.CopyTo(_blocks[handle]);
        return handle;
    }

    public Memory<byte> Read(int handle, int length) => _blocks[handle].AsMemory(0, length);

    public void Release(int handle) => (_blocks[handle].Length == ShortSize ? _freeShort : _freeLong).Push(handle);
}
