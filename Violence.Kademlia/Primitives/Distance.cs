using System.Numerics;

namespace Violence.Kademlia.Primitives;

/// <summary>
/// The XOR of two positions read as an unsigned number: symmetric, zero only for equal positions, and obeying the
/// triangle inequality (Maymounkov and Mazières 2002, section 2.1).
/// </summary>
public readonly struct Distance : IEquatable<Distance>, IComparable<Distance>
{
    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    internal Distance(ulong high, ulong middle, uint low)
    {
        _high = high;
        _middle = middle;
        _low = low;
    }

    /// <summary>The largest distance there is; nothing is farther.</summary>
    public static Distance Max => new(ulong.MaxValue, ulong.MaxValue, uint.MaxValue);

    /// <summary>Whether the two positions were equal.</summary>
    public bool IsZero => (_high | _middle | _low) == 0;

    /// <summary>Which share of the space lies closer, to about 19 digits: 0 to 1.</summary>
    internal double Share => _high * (1.0 / ulong.MaxValue);

    /// <summary>Leading zero bits, 0 to 160: the length of the prefix the two positions share.</summary>
    public int LeadingZeroBits
    {
        get
        {
            if (_high != 0)
            {
                return BitOperations.LeadingZeroCount(_high);
            }

            return _middle != 0
                ? 64 + BitOperations.LeadingZeroCount(_middle)
                : 128 + BitOperations.LeadingZeroCount(_low);
        }
    }

    /// <inheritdoc/>
    public int CompareTo(Distance other)
    {
        if (_high != other._high)
        {
            return _high < other._high ? -1 : 1;
        }

        if (_middle != other._middle)
        {
            return _middle < other._middle ? -1 : 1;
        }

        return _low.CompareTo(other._low);
    }

    /// <inheritdoc/>
    public bool Equals(Distance other) => _high == other._high && _middle == other._middle && _low == other._low;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Distance other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)BitOperations.RotateLeft(_middle, 17) ^ (int)_high ^ (int)_low;

    /// <summary>The distance as 40 lower-case hexadecimal digits.</summary>
    public override string ToString() => new NodeId(_high, _middle, _low).ToString();

    /// <summary>Whether both distances are equal.</summary>
    public static bool operator ==(Distance left, Distance right) => left.Equals(right);

    /// <summary>Whether the distances differ.</summary>
    public static bool operator !=(Distance left, Distance right) => !left.Equals(right);

    /// <summary>Whether <paramref name="left"/> is nearer.</summary>
    public static bool operator <(Distance left, Distance right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is nearer or as near.</summary>
    public static bool operator <=(Distance left, Distance right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is farther.</summary>
    public static bool operator >(Distance left, Distance right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is farther or as far.</summary>
    public static bool operator >=(Distance left, Distance right) => left.CompareTo(right) >= 0;
}
