using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>
/// The datagrams the engine wants sent, in order, in one reused buffer. The shell drains it after every step; the limit
/// only guards against a step that sends without end.
/// </summary>
internal sealed class Outbox
{
    private const int DatagramsMax = 4_096;

    private byte[] _bytes = [];
    private Entry[] _entries = [];
    private int _used;

    public int Count { get; private set; }

    public bool TryAdd(NodeEndpoint to, ReadOnlySpan<byte> datagram)
    {
        if (Count == DatagramsMax)
        {
            return false;
        }

        if (_bytes.Length - _used < datagram.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_used + datagram.Length, Math.Max(2_048, _bytes.Length * 2)));
        }

        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(8, _entries.Length * 2));
        }

        datagram.CopyTo(_bytes.AsSpan(_used));
        _entries[Count++] = new Entry(to, _used, datagram.Length);
        _used += datagram.Length;
        return true;
    }

    /// <summary>The datagram at <paramref name="index"/>; the bytes are valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Read(int index, out NodeEndpoint to)
    {
        Entry entry = _entries[index];
        to = entry.To;
        return _bytes.AsMemory(entry.Start, entry.Length);
    }

    /// <summary>Forgets everything; lets go of buffers that a rare burst has made large.</summary>
    public void Clear()
    {
        Count = 0;
        _used = 0;
        if (_bytes.Length > 4 * 1_024)
        {
            _bytes = [];
            _entries = [];
        }
    }

    private readonly record struct Entry(NodeEndpoint To, int Start, int Length);
}
