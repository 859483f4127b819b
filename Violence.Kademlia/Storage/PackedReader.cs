using MessagePack;

namespace Violence.Kademlia.Storage;

/// <summary>What an element of MessagePack is to a filter.</summary>
internal enum PackedKind : byte
{
    /// <summary>Nothing a filter compares: nil, bytes, a negative or a broken number, an extension.</summary>
    Other,

    /// <summary>A whole number from 0 up; false and true are 0 and 1.</summary>
    Number,

    Text,

    Array,

    Map,
}

/// <summary>
/// Walks over MessagePack that strangers wrote: allocates nothing, never throws, follows no nesting by recursion, and every step
/// takes a byte at least, so that the walk ends.
/// </summary>
internal ref struct PackedReader(ReadOnlySpan<byte> bytes)
{
    private const byte NeverUsed = 0xC1;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads an element, of an array or a map its header alone.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="value">The number; of an array or a map how many elements are to follow.</param>
    /// <param name="text">The text in UTF-8, not checked.</param>
    /// <returns>False when it is cut off or no MessagePack.</returns>
    public bool TryRead(out PackedKind kind, out ulong value, out ReadOnlySpan<byte> text)
    {
        kind = PackedKind.Other;
        value = 0;
        text = default;
        if (_rest.IsEmpty || _rest[0] == NeverUsed)
        {
            return false;
        }

        byte code = _rest[0];
        (kind, int width, ulong inCode) = Form(code);
        if (_rest.Length <= width)
        {
            return false;
        }

        ulong stated = inCode;
        for (int i = 1; i <= width; i++)
        {
            stated = stated << 8 | _rest[i];
        }

        _rest = _rest[(1 + width)..];
        switch (kind)
        {
            case PackedKind.Number:
                bool isNegative = code >= MessagePackCode.Int8 && code <= MessagePackCode.Int64 && stated >> (8 * width - 1) != 0;
                kind = isNegative ? PackedKind.Other : PackedKind.Number;
                value = isNegative ? 0 : stated;
                return true;
            case PackedKind.Array:
                value = stated;
                return true;
            case PackedKind.Map:
                value = 2 * stated;
                return true;
            case PackedKind.Text:
                return TryTake(stated, out text);
            default:
                return TryTake(stated + Trailer(code), out _);
        }
    }

    /// <summary>Skips an element with all that is in it.</summary>
    /// <param name="budget">How many elements, nested ones counted, may be read; what was read is taken off.</param>
    public bool TrySkip(ref int budget)
    {
        for (ulong due = 1; due > 0; due--)
        {
            if (budget-- <= 0 || !TryRead(out PackedKind kind, out ulong value, out _))
            {
                return false;
            }

            // No sum of counts of 32 bits, one for each byte read, leaves 64 bits.
            due += kind is PackedKind.Array or PackedKind.Map ? value : 0;
        }

        return true;
    }

    private bool TryTake(ulong length, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (length > (ulong)_rest.Length)
        {
            return false;
        }

        taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    /// <summary>What a code stands for, in how many bytes after it a number or length is, and what of it is in the code itself.</summary>
    private static (PackedKind Kind, int Width, ulong InCode) Form(byte code) => code switch
    {
        <= MessagePackCode.MaxFixInt => (PackedKind.Number, 0, code),
        <= MessagePackCode.MaxFixMap => (PackedKind.Map, 0, code & 0x0Fu),
        <= MessagePackCode.MaxFixArray => (PackedKind.Array, 0, code & 0x0Fu),
        <= MessagePackCode.MaxFixStr => (PackedKind.Text, 0, code & 0x1Fu),
        MessagePackCode.False or MessagePackCode.True => (PackedKind.Number, 0, code & 1u),
        >= MessagePackCode.Bin8 and <= MessagePackCode.Bin32 => (PackedKind.Other, 1 << (code - MessagePackCode.Bin8), 0),
        >= MessagePackCode.Ext8 and <= MessagePackCode.Ext32 => (PackedKind.Other, 1 << (code - MessagePackCode.Ext8), 0),
        >= MessagePackCode.UInt8 and <= MessagePackCode.UInt64 => (PackedKind.Number, 1 << (code - MessagePackCode.UInt8), 0),
        >= MessagePackCode.Int8 and <= MessagePackCode.Int64 => (PackedKind.Number, 1 << (code - MessagePackCode.Int8), 0),
        >= MessagePackCode.Str8 and <= MessagePackCode.Str32 => (PackedKind.Text, 1 << (code - MessagePackCode.Str8), 0),
        MessagePackCode.Array16 or MessagePackCode.Array32 => (PackedKind.Array, 2 << (code - MessagePackCode.Array16), 0),
        MessagePackCode.Map16 or MessagePackCode.Map32 => (PackedKind.Map, 2 << (code - MessagePackCode.Map16), 0),
        _ => (PackedKind.Other, 0, 0),
    };

    /// <summary>Bytes that follow beside those the element states itself.</summary>
    private static ulong Trailer(byte code) => code switch
    {
        MessagePackCode.Float32 => 4,
        MessagePackCode.Float64 => 8,
        >= MessagePackCode.Ext8 and <= MessagePackCode.Ext32 => 1,
        >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16 => 1 + (1u << (code - MessagePackCode.FixExt1)),
        _ => 0,
    };
}
