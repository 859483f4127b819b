using System.Buffers.Binary;
using System.Text;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>MessagePack by hand, well-formed or not: what the writer under test would never write.</summary>
internal sealed class Pack
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public Pack Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public Pack Nil() => Raw(0xC0);

    public Pack Array(int count) => count < 16
        ? Raw((byte)(0x90 | count))
        : Raw(0xDC, (byte)(count >> 8), (byte)count);

    /// <summary>A number in the shortest form.</summary>
    public Pack Number(ulong value) => value switch
    {
        < 0x80 => Raw((byte)value),
        <= byte.MaxValue => Number(value, 0xCC),
        <= ushort.MaxValue => Number(value, 0xCD),
        <= uint.MaxValue => Number(value, 0xCE),
        _ => Number(value, 0xCF),
    };

    /// <summary>A number in the form of a code: 0xCC to 0xCF unsigned, 0xD0 to 0xD3 signed, of 1, 2, 4 or 8 bytes.</summary>
    public Pack Number(ulong value, byte code)
    {
        Span<byte> all = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(all, value);
        return Raw(code).Raw(all[^(1 << (code & 3))..]);
    }

    public Pack Bytes(ReadOnlySpan<byte> bytes) => bytes.Length <= byte.MaxValue
        ? Raw(0xC4, (byte)bytes.Length).Raw(bytes)
        : Raw(0xC5, (byte)(bytes.Length >> 8), (byte)bytes.Length).Raw(bytes);

    public Pack Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public Pack Text(ReadOnlySpan<byte> utf8) => Raw(0xD9, (byte)utf8.Length).Raw(utf8);
}
