using System.Buffers.Binary;
using System.Text;
using MessagePack;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// The protocol's elements through <see cref="MessagePackWriter"/>, and how many bytes each takes: replies are measured
/// before they are written. Always the shortest form, so each message has one encoding here.
/// </summary>
internal static class FieldWriter
{
    public static int SizeOf(Contact contact) => BinarySize(NodeId.Size + contact.Endpoint.WireSize);

    /// <summary>A record of a VALUES with the seconds it has been held and, when known, the age of its version.</summary>
    public static int SizeOf(HeldRecord held) =>
        ListHeaderSize(3)
        + BinarySize(held.Record.Size)
        + MessagePackWriter.GetEncodedLength((ulong)held.HeldSeconds)
        + (held.AgeSeconds is { } age ? MessagePackWriter.GetEncodedLength((ulong)age) : 0);

    public static int SizeOf(RecordCursor cursor) =>
        ListHeaderSize(2) + BinarySize(NodeId.Size) + TextSize(Encoding.UTF8.GetByteCount(cursor.Label));

    public static int ListHeaderSize(int count) => count <= MessagePackRange.MaxFixArrayCount ? 1 : 3;

    public static void Write(ref MessagePackWriter writer, NodeId id)
    {
        writer.WriteBinHeader(NodeId.Size);
        id.CopyTo(writer.GetSpan(NodeId.Size));
        writer.Advance(NodeId.Size);
    }

    public static void Write(ref MessagePackWriter writer, NodeEndpoint endpoint)
    {
        writer.WriteBinHeader(endpoint.WireSize);
        writer.Advance(endpoint.CopyTo(writer.GetSpan(endpoint.WireSize)));
    }

    public static void Write(ref MessagePackWriter writer, Contact contact)
    {
        int size = NodeId.Size + contact.Endpoint.WireSize;
        writer.WriteBinHeader(size);
        Span<byte> destination = writer.GetSpan(size);
        contact.Id.CopyTo(destination);
        contact.Endpoint.CopyTo(destination[NodeId.Size..]);
        writer.Advance(size);
    }

    public static void Write(ref MessagePackWriter writer, HeldRecord held)
    {
        writer.WriteArrayHeader(held.AgeSeconds is null ? 2 : 3);
        writer.Write(held.Record.Bytes.Span);
        writer.Write(held.HeldSeconds);
        if (held.AgeSeconds is { } age)
        {
            writer.Write(age);
        }
    }

    public static void Write(ref MessagePackWriter writer, RecordCursor? cursor)
    {
        if (cursor is not { } after)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(2);
        Write(ref writer, after.Owner);
        WriteText(ref writer, after.Label);
    }

    public static void WriteCookie(ref MessagePackWriter writer, ulong cookie)
    {
        writer.WriteBinHeader(WireLimits.CookieSize);
        BinaryPrimitives.WriteUInt64BigEndian(writer.GetSpan(WireLimits.CookieSize), cookie);
        writer.Advance(WireLimits.CookieSize);
    }

    public static void WriteText(ref MessagePackWriter writer, string text)
    {
        int size = Encoding.UTF8.GetByteCount(text);
        writer.WriteStringHeader(size);
        Encoding.UTF8.GetBytes(text, writer.GetSpan(size));
        writer.Advance(size);
    }

    private static int BinarySize(int length) => length + (length <= byte.MaxValue ? 2 : 3);

    private static int TextSize(int length) => length + (length <= MessagePackRange.MaxFixStringLength ? 1 : 2);
}
