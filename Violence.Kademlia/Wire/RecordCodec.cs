using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using MessagePack;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// Records to and from bytes (docs/protocol.md, "Records"). Reading says whether a record is well-formed, never whether
/// its signature holds.
/// </summary>
internal static class RecordCodec
{
    /// <summary>Longest body, the part in front of the signature, in bytes.</summary>
    public const int MaxBodySize = Record.MaxSize - Record.SignatureSize;

    private const int Format = 1;
    private const int Elements = 10;

    /// <summary>All of a body but label and payload at their widest: array, format, network, key, owner, label header,
    /// sequence, issued, time to live, flags, payload header.</summary>
    private const int LargestFieldsSize = 1 + 1 + 5 + 22 + 34 + 2 + 9 + 9 + 3 + 1 + 3;

    private const ulong TombstoneFlag = 1;

    private static readonly ulong LastMillisecond = (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The longest payload that fits into a record with a label of so many bytes.</summary>
    public static int MaxPayload(int labelSize) => MaxBodySize - LargestFieldsSize - labelSize;

    /// <summary>Reads a record. The bytes are copied, and kept and passed on as they are.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Record? record, out RecordError error)
    {
        record = null;
        error = bytes.Length switch
        {
            > Record.MaxSize => RecordError.TooLarge,
            <= Record.SignatureSize => RecordError.TooShort,
            _ => RecordError.None,
        };
        if (error != RecordError.None)
        {
            return false;
        }

        byte[] kept = bytes.ToArray();
        error = Read(kept, out RecordFields fields, out Range payload);
        if (error != RecordError.None)
        {
            return false;
        }

        (int start, int length) = payload.GetOffsetAndLength(kept.Length);
        record = new Record(kept, fields, start, length);
        return true;
    }

    /// <summary>Writes the part of a record that is to be signed; <see cref="RecordFields.Owner"/> is not in it.</summary>
    /// <returns>The number of bytes written, at most <see cref="MaxBodySize"/>.</returns>
    /// <exception cref="ArgumentException">A field is outside its limits, or the whole does not fit.</exception>
    public static int EncodeBody(in RecordFields fields, ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        CheckForWriting(fields, payload);
        var buffer = new FixedBuffer();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(Elements);
        writer.Write((byte)Format);
        writer.Write(fields.Network);
        FieldWriter.Write(ref writer, fields.Key.Position);
        writer.Write(fields.OwnerKey.Span);
        FieldWriter.WriteText(ref writer, fields.Label);
        writer.Write(fields.Sequence);
        writer.Write((ulong)fields.Issued.ToUnixTimeMilliseconds());
        writer.Write((ulong)(fields.TimeToLive.Ticks / TimeSpan.TicksPerSecond));
        writer.Write(fields.IsTombstone ? (byte)TombstoneFlag : (byte)0);
        writer.Write(payload);
        writer.Flush();
        if (buffer.Length > Math.Min(MaxBodySize, destination.Length))
        {
            throw new ArgumentException($"The record would take {buffer.Length} bytes before its signature.", nameof(payload));
        }

        buffer.Written.Span.CopyTo(destination);
        return buffer.Length;
    }

    /// <summary>The record made of a body and the signature over it.</summary>
    /// <exception cref="ArgumentException">They do not make a well-formed record.</exception>
    public static Record Assemble(ReadOnlySpan<byte> body, ReadOnlySpan<byte> signature)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(signature.Length, Record.SignatureSize, nameof(signature));
        return TryParse([.. body, .. signature], out Record? record, out RecordError error)
            ? record
            : throw new ArgumentException($"Not the body of a record: {error}.", nameof(body));
    }

    private static RecordError Read(byte[] bytes, out RecordFields fields, out Range payload)
    {
        fields = default;
        payload = default;
        var reader = new FieldReader(bytes.AsMemory(0, bytes.Length - Record.SignatureSize));
        if (!reader.TryReadList(int.MaxValue, out int count) || !reader.TryReadUnsigned(ulong.MaxValue, out ulong format))
        {
            return RecordError.Malformed;
        }

        if (format != Format)
        {
            return RecordError.OtherFormat;
        }

        if (count < Elements
            || !reader.TryReadUnsigned(uint.MaxValue, out ulong network)
            || !reader.TryReadBinary(NodeId.Size, NodeId.Size, out ReadOnlySpan<byte> key)
            || !reader.TryReadBinary(WireLimits.PublicKeySize, WireLimits.PublicKeySize, out ReadOnlySpan<byte> ownerKey))
        {
            return RecordError.Malformed;
        }

        int ownerKeyStart = reader.Position - ownerKey.Length;
        if (!reader.TryReadText(Record.MaxLabelSize, out ReadOnlySpan<byte> label))
        {
            return RecordError.InvalidLabel;
        }

        if (!reader.TryReadUnsigned(ulong.MaxValue, out ulong sequence)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong issued)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong timeToLive)
            || !reader.TryReadUnsigned(ulong.MaxValue, out ulong flags)
            || !reader.TryReadBinary(0, MaxBodySize, out ReadOnlySpan<byte> content))
        {
            return RecordError.Malformed;
        }

        payload = (reader.Position - content.Length)..reader.Position;
        bool isTombstone = (flags & TombstoneFlag) != 0;
        RecordError error = CheckValues(issued, timeToLive, isTombstone, content.Length);
        if (error != RecordError.None)
        {
            return error;
        }

        if (!reader.TrySkip(count - Elements))
        {
            return RecordError.Malformed;
        }

        fields = new RecordFields(
            (uint)network,
            new RecordKey(new NodeId(key)),
            bytes.AsMemory(ownerKeyStart, ownerKey.Length),
            OwnerOf(ownerKey),
            Encoding.UTF8.GetString(label),
            sequence,
            DateTimeOffset.FromUnixTimeMilliseconds((long)issued),
            TimeSpan.FromSeconds((long)timeToLive),
            isTombstone);
        return reader.Position == bytes.Length - Record.SignatureSize ? RecordError.None : RecordError.TrailingBytes;
    }

    private static RecordError CheckValues(ulong issued, ulong timeToLive, bool isTombstone, int payloadLength)
    {
        if (issued > LastMillisecond)
        {
            return RecordError.IssuedOutOfRange;
        }

        if (timeToLive is 0 or > WireLimits.MaxTimeToLiveSeconds)
        {
            return RecordError.TimeToLiveOutOfRange;
        }

        return isTombstone && payloadLength != 0 ? RecordError.TombstoneWithPayload : RecordError.None;
    }

    private static void CheckForWriting(in RecordFields fields, ReadOnlySpan<byte> payload)
    {
        if (fields.OwnerKey.Length != WireLimits.PublicKeySize)
        {
            throw new ArgumentException($"An owner key takes {WireLimits.PublicKeySize} bytes.", nameof(fields));
        }

        // Lone surrogates have no UTF-8 form; replacing them would give two labels the same bytes.
        Span<byte> label = stackalloc byte[Record.MaxLabelSize];
        if (Utf8.FromUtf16(fields.Label, label, out _, out _, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            throw new ArgumentException(
                $"A label is valid UTF-16 that takes at most {Record.MaxLabelSize} bytes of UTF-8.", nameof(fields));
        }

        long issued = fields.Issued.ToUnixTimeMilliseconds();
        long timeToLive = fields.TimeToLive.Ticks / TimeSpan.TicksPerSecond;
        RecordError error = issued < 0
            ? RecordError.IssuedOutOfRange
            : CheckValues((ulong)issued, (ulong)Math.Max(0, timeToLive), fields.IsTombstone, payload.Length);
        if (error != RecordError.None)
        {
            throw new ArgumentException($"Not the fields of a record: {error}.", nameof(fields));
        }

        if (payload.Length > MaxBodySize)
        {
            throw new ArgumentException($"A payload of {payload.Length} bytes is too long.", nameof(payload));
        }
    }

    private static NodeId OwnerOf(ReadOnlySpan<byte> ownerKey)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(ownerKey, hash);
        return new NodeId(hash);
    }
}
