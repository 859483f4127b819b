using System.Buffers.Binary;
using System.Text.Unicode;
using MessagePack;

namespace Violence.Kademlia.Wire;

/// <summary>
/// A <see cref="MessagePackReader"/> that cannot throw: type and length of an element are checked against what is left
/// before the reader is asked for it. Garbage costs a comparison, not an exception. After a false the position means
/// nothing and the message is to be given up, unless a method says otherwise.
/// </summary>
internal ref struct FieldReader
{
    /// <summary>What stands before a byte string of less than 256 bytes: the code and the length.</summary>
    public const int BinaryHeaderSize = 2;

    private readonly ReadOnlySpan<byte> _bytes;
    private MessagePackReader _reader;

    public FieldReader(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes.Span;
        _reader = new MessagePackReader(bytes);
    }

    private enum Form : byte
    {
        Invalid,
        Nil,
        Unsigned,
        Signed,
        Binary,
        Text,
        Array,
        Map,
        Other,
    }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => (int)_reader.Consumed;

    /// <summary>Opens an array of at least <paramref name="known"/> elements; the others are to be skipped after those.</summary>
    public bool TryReadArray(int known, out int extra)
    {
        bool isArray = TryReadList(int.MaxValue, out int count);
        extra = count - known;
        return isArray && extra >= 0;
    }

    /// <summary>Opens an array of any number of elements up to <paramref name="most"/>.</summary>
    public bool TryReadList(int most, out int count)
    {
        count = 0;

        // Not ReadArrayHeader: that throws when what is left cannot hold the elements still due in enclosing arrays.
        return TryPeek(out Element next)
            && next.Form == Form.Array
            && next.Children <= most
            && _reader.TryReadArrayHeader(out count);
    }

    /// <summary>Reads a number from 0 to <paramref name="most"/>, whatever width it is written in.</summary>
    public bool TryReadUnsigned(ulong most, out ulong value)
    {
        value = 0;
        if (!TryPeek(out Element next) || !IsUnsigned(next))
        {
            return false;
        }

        value = _reader.ReadUInt64();
        return value <= most;
    }

    /// <summary>
    /// Reads a byte string of <paramref name="least"/> to <paramref name="most"/> bytes; it ends at <see cref="Position"/>.
    /// </summary>
    public bool TryReadBinary(int least, int most, out ReadOnlySpan<byte> value) =>
        TryReadBytes(Form.Binary, most, out value) && value.Length >= least;

    /// <summary>
    /// Reads byte strings of one length, and less than 256 bytes, that stand side by side: as many pairs of a header and so many bytes.
    /// False when the next elements are anything else; then nothing was read.
    /// </summary>
    public bool TryReadRow(int count, int length, out ReadOnlySpan<byte> row)
    {
        row = default;
        int stride = BinaryHeaderSize + length;
        ReadOnlySpan<byte> rest = _bytes[Position..];
        if (rest.Length < count * stride)
        {
            return false;
        }

        for (int start = 0; start < count * stride; start += stride)
        {
            if (rest[start] != MessagePackCode.Bin8 || rest[start + 1] != length)
            {
                return false;
            }
        }

        row = rest[..(count * stride)];

        // The only way to go on by so many bytes; the sequence that it slices is made once for all of them.
        _reader.ReadRaw(row.Length);
        return true;
    }

    /// <summary>Reads valid UTF-8 of at most <paramref name="most"/> bytes.</summary>
    public bool TryReadText(int most, out ReadOnlySpan<byte> utf8) =>
        TryReadBytes(Form.Text, most, out utf8) && Utf8.IsValid(utf8);

    /// <summary>Whether the next element is nil; if so, it was read.</summary>
    public bool TryReadNil() => Position < _bytes.Length && _reader.TryReadNil();

    /// <summary>
    /// Skips elements of any kind. Not <see cref="MessagePackReader.Skip"/>, which follows nesting by recursion: a
    /// datagram of opening brackets must not use up the stack.
    /// </summary>
    public bool TrySkip(int count)
    {
        Span<int> left = stackalloc int[WireLimits.MaxNesting + 1];
        left[0] = count;
        int depth = 0;
        while (depth >= 0)
        {
            if (left[depth]-- == 0)
            {
                depth--;
                continue;
            }

            if (!TryPeek(out Element next))
            {
                return false;
            }

            if (next.Form is not (Form.Array or Form.Map))
            {
                _reader.Skip();
                continue;
            }

            bool isOpen = depth < WireLimits.MaxNesting
                && (next.Form == Form.Array ? _reader.TryReadArrayHeader(out _) : _reader.TryReadMapHeader(out _));
            if (!isOpen)
            {
                return false;
            }

            left[++depth] = next.Children;
        }

        return true;
    }

    private bool TryReadBytes(Form form, int most, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryPeek(out Element next) || next.Form != form || next.Payload > most)
        {
            return false;
        }

        // Skipping and slicing spares the sequence that ReadBytes would hand out.
        _reader.Skip();
        value = _bytes.Slice(Position - next.Payload, next.Payload);
        return true;
    }

    /// <summary>A signed form counts as unsigned when its sign bit is clear.</summary>
    private readonly bool IsUnsigned(Element next) =>
        next.Form == Form.Unsigned
        || (next.Form == Form.Signed && next.Header > 1 && (_bytes[Position + 1] & 0x80) == 0);

    /// <summary>
    /// The next element's form and sizes, true only when its header and its payload are there in full and its children
    /// can be (each takes a byte at least).
    /// </summary>
    private readonly bool TryPeek(out Element element)
    {
        element = default;
        ReadOnlySpan<byte> rest = _bytes[Position..];
        if (rest.IsEmpty)
        {
            return false;
        }

        byte code = rest[0];
        switch (code)
        {
            case <= MessagePackCode.MaxFixInt:
                element = new Element(Form.Unsigned, 1);
                return true;
            case <= MessagePackCode.MaxFixMap:
                return TryHold(rest, Form.Map, 1, 0, 2UL * (code & 0x0Fu), out element);
            case <= MessagePackCode.MaxFixArray:
                return TryHold(rest, Form.Array, 1, 0, code & 0x0Fu, out element);
            case <= MessagePackCode.MaxFixStr:
                return TryHold(rest, Form.Text, 1, code & 0x1Fu, 0, out element);
            case MessagePackCode.Nil:
                element = new Element(Form.Nil, 1);
                return true;
            case MessagePackCode.False or MessagePackCode.True:
                element = new Element(Form.Other, 1);
                return true;
            case MessagePackCode.Float32 or MessagePackCode.Float64:
                return TryHold(rest, Form.Other, code == MessagePackCode.Float32 ? 5 : 9, 0, 0, out element);
            case >= MessagePackCode.UInt8 and <= MessagePackCode.UInt64:
                return TryHold(rest, Form.Unsigned, 1 + (1 << (code - MessagePackCode.UInt8)), 0, 0, out element);
            case >= MessagePackCode.Int8 and <= MessagePackCode.Int64:
                return TryHold(rest, Form.Signed, 1 + (1 << (code - MessagePackCode.Int8)), 0, 0, out element);
            case >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16:
                return TryHold(rest, Form.Other, 2, 1u << (code - MessagePackCode.FixExt1), 0, out element);
            case >= MessagePackCode.MinNegativeFixInt:
                element = new Element(Form.Signed, 1);
                return true;
            default:
                return TryPeekLong(rest, code, out element);
        }
    }

    /// <summary>The forms that state their length in 1, 2 or 4 bytes after the code.</summary>
    private static bool TryPeekLong(ReadOnlySpan<byte> rest, byte code, out Element element)
    {
        element = default;
        int width = code switch
        {
            >= MessagePackCode.Bin8 and <= MessagePackCode.Bin32 => 1 << (code - MessagePackCode.Bin8),
            >= MessagePackCode.Ext8 and <= MessagePackCode.Ext32 => 1 << (code - MessagePackCode.Ext8),
            >= MessagePackCode.Str8 and <= MessagePackCode.Str32 => 1 << (code - MessagePackCode.Str8),
            MessagePackCode.Array16 or MessagePackCode.Map16 => 2,
            MessagePackCode.Array32 or MessagePackCode.Map32 => 4,
            _ => 0,
        };
        if (width == 0 || rest.Length <= width)
        {
            return false;
        }

        ulong stated = width switch
        {
            1 => rest[1],
            2 => BinaryPrimitives.ReadUInt16BigEndian(rest[1..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(rest[1..]),
        };
        return code switch
        {
            <= MessagePackCode.Bin32 => TryHold(rest, Form.Binary, 1 + width, stated, 0, out element),
            <= MessagePackCode.Ext32 => TryHold(rest, Form.Other, 2 + width, stated, 0, out element),
            <= MessagePackCode.Str32 => TryHold(rest, Form.Text, 1 + width, stated, 0, out element),
            <= MessagePackCode.Array32 => TryHold(rest, Form.Array, 1 + width, 0, stated, out element),
            _ => TryHold(rest, Form.Map, 1 + width, 0, 2 * stated, out element),
        };
    }

    private static bool TryHold(
        ReadOnlySpan<byte> rest, Form form, int header, ulong payload, ulong children, out Element element)
    {
        element = default;
        if ((ulong)header + payload + children > (ulong)rest.Length)
        {
            return false;
        }

        element = new Element(form, header, (int)payload, (int)children);
        return true;
    }

    /// <summary>One element without its children. Header and payload are bytes.</summary>
    private readonly record struct Element(Form Form, int Header, int Payload = 0, int Children = 0);
}
