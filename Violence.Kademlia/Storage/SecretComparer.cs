using System.Buffers.Binary;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Hashes what strangers choose with secret multipliers: keys freely, owners, fingerprints and networks by trying. With a
/// known hash a flood of values that collide would turn every look-up into a walk through the whole store. Multiply-add-shift
/// over random 64-bit multipliers is universal (Dietzfelbinger 1996): two values chosen without knowing them collide with
/// probability 2^-32.
/// </summary>
internal sealed class SecretComparer : IEqualityComparer<RecordKey>, IEqualityComparer<NodeId>, IEqualityComparer<ulong>
{
    private readonly ulong[] _multipliers = new ulong[NodeId.Size / sizeof(uint)];
    private readonly ulong _offset;

    public SecretComparer(EntropySource entropy)
    {
        _offset = entropy.NextUInt64();
        for (int i = 0; i < _multipliers.Length; i++)
        {
            _multipliers[i] = entropy.NextUInt64();
        }
    }

    public bool Equals(RecordKey x, RecordKey y) => x == y;

    public bool Equals(NodeId x, NodeId y) => x == y;

    public bool Equals(ulong x, ulong y) => x == y;

    public int GetHashCode(RecordKey obj) => GetHashCode(obj.Position);

    public int GetHashCode(NodeId obj)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        obj.CopyTo(bytes);
        ulong sum = _offset;
        for (int i = 0; i < _multipliers.Length; i++)
        {
            sum += _multipliers[i] * BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * sizeof(uint))..]);
        }

        return (int)(sum >> 32);
    }

    public int GetHashCode(ulong obj) =>
        (int)((_offset + _multipliers[0] * (uint)(obj >> 32) + _multipliers[1] * (uint)obj) >> 32);
}
