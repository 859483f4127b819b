using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Violence.Kademlia.Primitives;

/// <summary>
/// A 160-bit position in the Kademlia key space (Maymounkov and Mazières 2002, section 2.1).
/// Nodes and keys live in the same space; the distance between two positions is their XOR.
/// </summary>
// 20 bytes and not 24: tables are full of them.
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly struct NodeId : IEquatable<NodeId>, IComparable<NodeId>
{
    /// <summary>Length of an id in bytes.</summary>
    public const int Size = 20;

    /// <summary>Length of an id in bits.</summary>
    public const int Bits = 160;

    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    internal NodeId(ulong high, ulong middle, uint low)
    {
        _high = high;
        _middle = middle;
        _low = low;
    }

    /// <summary>Reads an id from its first <see cref="Size"/> bytes, most significant byte first.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is shorter than <see cref="Size"/>.</exception>
    public NodeId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new ArgumentException($"A node id takes {Size} bytes; got {bytes.Length}.", nameof(bytes));
        }

        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _middle = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>The id with all bits zero.</summary>
    public static NodeId Zero => default;

    /// <summary>Writes the id into the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _low);
    }

    /// <summary>The XOR distance between this id and <paramref name="other"/>.</summary>
    public Distance DistanceTo(NodeId other) => new(_high ^ other._high, _middle ^ other._middle, _low ^ other._low);

    /// <summary>
    /// How many leading bits this id shares with <paramref name="other"/>: 0 to <see cref="Bits"/>; equal ids share all.
    /// </summary>
    public int CommonPrefixLength(NodeId other) => DistanceTo(other).LeadingZeroBits;

    /// <summary>The first 64 bits: ids are ordered by these as long as they differ.</summary>
    internal ulong Head => _high;

    /// <summary>The bit at <paramref name="index"/>, counted from the most significant (0) to 159.</summary>
    internal bool Bit(int index) => index switch
    {
        < 64 => (_high >> (63 - index) & 1) != 0,
        < 128 => (_middle >> (127 - index) & 1) != 0,
        _ => (_low >> (159 - index) & 1) != 0,
    };

    /// <summary>
    /// This id's first <paramref name="sharedBits"/> bits, then the opposite of its next bit, then the bits of
    /// <paramref name="tail"/>: a position inside the range of the k-bucket with that shared prefix.
    /// </summary>
    internal NodeId Sibling(int sharedBits, NodeId tail)
    {
        UInt128 mine = new(_high, _middle);
        UInt128 other = new(tail._high, tail._middle);
        if (sharedBits < 128)
        {
            // The mask wants a shift below 128: C# takes shift counts modulo the width.
            UInt128 keep = sharedBits == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - sharedBits);
            UInt128 flip = UInt128.One << (127 - sharedBits);
            UInt128 mixed = (mine & keep) | (~mine & flip) | (other & ~keep & ~flip);
            return new NodeId((ulong)(mixed >> 64), (ulong)mixed, tail._low);
        }

        int lowShared = sharedBits - 128;
        uint keepLow = lowShared == 0 ? 0 : uint.MaxValue << (32 - lowShared);
        uint flipLow = 1u << (31 - lowShared);
        uint mixedLow = (_low & keepLow) | (~_low & flipLow) | (tail._low & ~keepLow & ~flipLow);
        return new NodeId(_high, _middle, mixedLow);
    }

    /// <summary>Reads 40 hexadecimal digits, upper or lower case.</summary>
    /// <param name="text">The digits, without prefix or blanks.</param>
    /// <param name="id">The id, or zero when the text is not one.</param>
    /// <returns>False when the text is not exactly 40 hexadecimal digits.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeId id)
    {
        id = default;
        if (text is not { Length: Size * 2 })
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Size];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        id = new NodeId(bytes);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(NodeId other) => _high == other._high && _middle == other._middle && _low == other._low;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NodeId other && Equals(other);

    /// <summary>
    /// A hash that is the same in every process: the engine's behaviour must not depend on a per-process seed.
    /// Ids are hashes already; an attacker who grinds collisions of it only meets tables with a fixed limit.
    /// </summary>
    public override int GetHashCode() => (int)BitOperations.RotateLeft(_middle, 17) ^ (int)_high ^ (int)_low;

    /// <summary>Orders ids as unsigned big-endian numbers.</summary>
    public int CompareTo(NodeId other)
    {
        int byHigh = _high.CompareTo(other._high);
        if (byHigh != 0)
        {
            return byHigh;
        }

        int byMiddle = _middle.CompareTo(other._middle);
        return byMiddle != 0 ? byMiddle : _low.CompareTo(other._low);
    }

    /// <summary>The id as 40 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Whether both are the same position.</summary>
    public static bool operator ==(NodeId left, NodeId right) => left.Equals(right);

    /// <summary>Whether the positions differ.</summary>
    public static bool operator !=(NodeId left, NodeId right) => !left.Equals(right);

    /// <summary>Whether <paramref name="left"/> is the smaller number.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is the smaller number or equal.</summary>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is the larger number.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is the larger number or equal.</summary>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;
}
