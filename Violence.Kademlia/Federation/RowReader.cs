using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MessagePack;

namespace Violence.Kademlia.Federation;

/// <summary>
/// Reads the elements of a row that came from the network. Looks at type and length before every read, so that no read can
/// throw: a flood of garbage stays cheap.
/// </summary>
/// <param name="payload">The row.</param>
internal ref struct RowReader(ReadOnlyMemory<byte> payload)
{
    private readonly ReadOnlySpan<byte> _bytes = payload.Span;
    private MessagePackReader _reader = new(payload);

    private readonly ReadOnlySpan<byte> Rest => _bytes[(int)_reader.Consumed..];

    public bool TryReadArray(out int count)
    {
        count = 0;
        ReadOnlySpan<byte> rest = Rest;
        int header = rest.IsEmpty ? 0 : rest[0] switch
        {
            >= MessagePackCode.MinFixArray and <= MessagePackCode.MaxFixArray => 1,
            MessagePackCode.Array16 => 3,
            MessagePackCode.Array32 => 5,
            _ => 0,
        };
        if (header == 0 || rest.Length < header)
        {
            return false;
        }

        // A count beyond int would be the one array header that throws.
        bool tooMany = header == 5 && BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) > int.MaxValue;
        return !tooMany && _reader.TryReadArrayHeader(out count);
    }

    /// <summary>A number of 0 to 65535 in any width.</summary>
    public bool TryReadNumber(out int value)
    {
        bool isNumber = TryReadNumber(ushort.MaxValue, out long number);
        value = (int)number;
        return isNumber;
    }

    /// <summary>A number of 0 to <paramref name="most"/> in any width.</summary>
    public bool TryReadNumber(long most, out long value)
    {
        value = 0;
        ReadOnlySpan<byte> rest = Rest;
        int size = rest.IsEmpty ? 0 : rest[0] switch
        {
            <= MessagePackCode.MaxFixInt => 1,
            MessagePackCode.UInt8 or MessagePackCode.Int8 => 2,
            MessagePackCode.UInt16 or MessagePackCode.Int16 => 3,
            MessagePackCode.UInt32 or MessagePackCode.Int32 => 5,
            MessagePackCode.UInt64 or MessagePackCode.Int64 => 9,
            _ => 0,
        };
        if (size == 0 || rest.Length < size)
        {
            return false;
        }

        // Read as signed, a 64-bit number with its top bit set would throw; it is too large anyhow.
        if (size == 9 && (rest[1] & 0x80) != 0)
        {
            return false;
        }

        long number = _reader.ReadInt64();
        if (number < 0 || number > most)
        {
            return false;
        }

        value = number;
        return true;
    }

    /// <summary>Whole seconds within the limits of a lease, or nil.</summary>
    public bool TryReadLease(out TimeSpan? lease)
    {
        lease = null;
        if (Rest is [MessagePackCode.Nil, ..])
        {
            return _reader.TryReadNil();
        }

        if (!TryReadNumber(out int seconds))
        {
            return false;
        }

        lease = TimeSpan.FromSeconds(seconds);
        return ServerLease.IsValid(lease.Value);
    }

    /// <summary>A port of 1 to 65535, or nil.</summary>
    public bool TryReadPort(out int? port)
    {
        port = null;
        if (Rest is [MessagePackCode.Nil, ..])
        {
            return _reader.TryReadNil();
        }

        if (!TryReadNumber(out int number) || number == 0)
        {
            return false;
        }

        port = number;
        return true;
    }

    public bool TryReadFlag(out bool flag)
    {
        flag = Rest is [MessagePackCode.True, ..];
        if (!flag && Rest is not [MessagePackCode.False, ..])
        {
            return false;
        }

        _ = _reader.ReadBoolean();
        return true;
    }

    public bool TryReadText([NotNullWhen(true)] out string? text)
    {
        text = null;
        ReadOnlySpan<byte> rest = Rest;
        (int header, uint length) = rest switch
        {
            [>= MessagePackCode.MinFixStr and <= MessagePackCode.MaxFixStr, ..] => (1, rest[0] & 0x1Fu),
            [MessagePackCode.Str8, _, ..] => (2, rest[1]),
            [MessagePackCode.Str16, _, _, ..] => (3, BinaryPrimitives.ReadUInt16BigEndian(rest[1..])),
            [MessagePackCode.Str32, _, _, _, _, ..] => (5, BinaryPrimitives.ReadUInt32BigEndian(rest[1..])),
            _ => (0, 0u),
        };
        if (header == 0
            || length > ServerAddress.MaxLength
            || rest.Length - header < length
            || !_reader.TryReadStringSpan(out ReadOnlySpan<byte> utf8)
            || !DirectoryText.IsPrintable(utf8))
        {
            return false;
        }

        text = Encoding.ASCII.GetString(utf8);
        return true;
    }

    public bool TryReadTags([NotNullWhen(true)] out string[]? tags)
    {
        tags = null;
        if (!TryReadArray(out int count) || count > ServerInfoValidator.MaxTags)
        {
            return false;
        }

        string[] read = new string[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryReadText(out string? tag))
            {
                return false;
            }

            read[i] = tag;
        }

        tags = read;
        return true;
    }
}
