using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Hashes record keys with secret multipliers. Keys are chosen freely by whoever stores, so with a known hash a flood of
/// keys that collide would turn every look-up into a walk through the whole store. Multiply-add-shift over random 64-bit
/// multipliers is universal (Dietzfelbinger 1996): two keys chosen without knowing them collide with probability 2^-32.
/// </summary>
internal sealed class RecordKeyComparer : IEqualityComparer<RecordKey>
{
    private readonly ulong[] _multipliers = new ulong[NodeId.Size / sizeof(uint)];
    private readonly ulong _offset;

    public RecordKeyComparer(EntropySource entropy)
    {
        _offset = entropy.NextUInt64();
        for (int i = 0; i < _multipliers.Length; i++)
        {
            _multipliers[i] = entropy.NextUInt64();
        }
    }

    public bool Equals(RecordKey x, RecordKey y) => x == y;

    public int GetHashCode(RecordKey obj)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        obj.Position.CopyTo(bytes);
        ulong sum = _offset;
        for (int i = 0; i < _multipliers.Length; i++)
        {
            sum += _multipliers[i] * BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * sizeof(uint))..]);
        }

        return (int)(sum >> 32);
    }
}
