using System.Buffers.Binary;
using System.Diagnostics;
using MessagePack;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// Writes datagrams (docs/protocol.md) into one buffer, allocating nothing: what a method returns holds until the next
/// one is called. A method writes its own kind, whatever the header says. A reply that does not fit into its
/// <c>maxBytes</c> even at its smallest is empty, and must not be sent.
/// </summary>
internal sealed class MessageWriter
{
    private const int HeaderElements = 7;

    private readonly FixedBuffer _buffer = new();

    /// <param name="header">The header.</param>
    /// <param name="cookie">The cookie its receiver handed out to us; null when there is none.</param>
    /// <param name="challenge">The endpoint this is sent to, to ask for a proof; null to ask for none.</param>
    public ReadOnlyMemory<byte> Ping(in MessageHeader header, ulong? cookie, NodeEndpoint? challenge)
    {
        MessagePackWriter writer = Request(header, MessageKind.Ping, 2, cookie);
        if (challenge is { } endpoint)
        {
            FieldWriter.Write(ref writer, endpoint);
        }
        else
        {
            writer.WriteNil();
        }

        return Finish(ref writer);
    }

    /// <param name="header">The header.</param>
    /// <param name="cookie">The cookie its receiver handed out to us; null when there is none.</param>
    /// <param name="record">The record.</param>
    /// <param name="families">Which of the nodes closest to the record's key the receiver is to name in its reply.</param>
    /// <exception cref="ArgumentOutOfRangeException">The record is longer than <see cref="Record.MaxSize"/>.</exception>
    public ReadOnlyMemory<byte> Store(
        in MessageHeader header, ulong? cookie, ReadOnlySpan<byte> record, AddressFamilies families = AddressFamilies.None)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, Record.MaxSize, nameof(record));
        bool asksForContacts = families != AddressFamilies.None;
        MessagePackWriter writer = Request(header, MessageKind.Store, asksForContacts ? 3 : 2, cookie);
        writer.Write(record);
        if (asksForContacts)
        {
            writer.Write((byte)families);
        }

        return Finish(ref writer);
    }

    public ReadOnlyMemory<byte> FindNode(in MessageHeader header, ulong? cookie, NodeId target, AddressFamilies families)
    {
        MessagePackWriter writer = Request(header, MessageKind.FindNode, 3, cookie);
        FieldWriter.Write(ref writer, target);
        writer.Write((byte)families);
        return Finish(ref writer);
    }

    /// <param name="header">The header.</param>
    /// <param name="cookie">The cookie its receiver handed out to us; null when there is none.</param>
    /// <param name="key">The key.</param>
    /// <param name="families">The contacts that are of use.</param>
    /// <param name="owner">Only this owner's records; null: everybody's.</param>
    /// <param name="cursor">Continue after this record; null: from the first.</param>
    /// <param name="filter">Only records whose payloads pass, at most <see cref="WireLimits.MaxFilterSize"/> bytes; empty: all.</param>
    public ReadOnlyMemory<byte> FindValue(
        in MessageHeader header,
        ulong? cookie,
        RecordKey key,
        AddressFamilies families,
        NodeId? owner,
        RecordCursor? cursor,
        ReadOnlySpan<byte> filter = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Length, WireLimits.MaxFilterSize, nameof(filter));
        MessagePackWriter writer = Request(header, MessageKind.FindValue, filter.IsEmpty ? 5 : 6, cookie);
        FieldWriter.Write(ref writer, key.Position);
        writer.Write((byte)families);
        if (owner is { } wanted)
        {
            FieldWriter.Write(ref writer, wanted);
        }
        else
        {
            writer.WriteNil();
        }

        FieldWriter.Write(ref writer, cursor);
        if (!filter.IsEmpty)
        {
            writer.Write(filter);
        }

        return Finish(ref writer);
    }

    /// <param name="header">The header.</param>
    /// <param name="cookie">The cookie its receiver handed out to us; null when there is none.</param>
    /// <param name="fingerprints">At most <see cref="WireLimits.MaxFingerprints"/>.</param>
    public ReadOnlyMemory<byte> Touch(in MessageHeader header, ulong? cookie, ReadOnlySpan<ulong> fingerprints)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fingerprints.Length, WireLimits.MaxFingerprints, nameof(fingerprints));
        MessagePackWriter writer = Request(header, MessageKind.Touch, 2, cookie);
        int size = fingerprints.Length * sizeof(ulong);
        writer.WriteBinHeader(size);
        Span<byte> destination = writer.GetSpan(size);
        for (int i = 0; i < fingerprints.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[(i * sizeof(ulong))..], fingerprints[i]);
        }

        writer.Advance(size);
        return Finish(ref writer);
    }

    /// <param name="header">The header.</param>
    /// <param name="observed">Where the request came from.</param>
    /// <param name="cookie">The cookie of that endpoint.</param>
    /// <param name="missing">A bit for each fingerprint asked about, the first in the lowest bit of the first byte: set when it is not held.</param>
    /// <param name="maxBytes">The longest datagram allowed.</param>
    public ReadOnlyMemory<byte> Touched(
        in MessageHeader header, NodeEndpoint observed, ulong cookie, ReadOnlySpan<byte> missing, int maxBytes)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Touched, 3, observed, cookie);
        writer.Write(missing);
        return Finish(ref writer, maxBytes);
    }

    /// <param name="header">The header.</param>
    /// <param name="cookie">The cookie its receiver handed out to us; null when there is none.</param>
    /// <param name="key">The key.</param>
    /// <param name="watch">The subscription's number: whoever knows it can send news.</param>
    /// <param name="lifeSeconds">For how long; 0 ends it.</param>
    /// <param name="filter">Only records whose payloads pass, at most <see cref="WireLimits.MaxFilterSize"/> bytes; empty: all.</param>
    public ReadOnlyMemory<byte> Watch(
        in MessageHeader header, ulong? cookie, RecordKey key, ulong watch, uint lifeSeconds, ReadOnlySpan<byte> filter = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Length, WireLimits.MaxFilterSize, nameof(filter));
        MessagePackWriter writer = Request(header, MessageKind.Watch, filter.IsEmpty ? 4 : 5, cookie);
        FieldWriter.Write(ref writer, key.Position);
        writer.Write(watch);
        writer.Write(lifeSeconds);
        if (!filter.IsEmpty)
        {
            writer.Write(filter);
        }

        return Finish(ref writer);
    }

    public ReadOnlyMemory<byte> Watching(
        in MessageHeader header, NodeEndpoint observed, ulong cookie, WatchStatus status, uint lifeSeconds, int maxBytes)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Watching, 4, observed, cookie);
        writer.Write((byte)status);
        writer.Write(lifeSeconds);
        return Finish(ref writer, maxBytes);
    }

    /// <exception cref="ArgumentOutOfRangeException">The record is longer than <see cref="Record.MaxSize"/>.</exception>
    public ReadOnlyMemory<byte> News(in MessageHeader header, ulong? cookie, ulong watch, ReadOnlySpan<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, Record.MaxSize, nameof(record));
        MessagePackWriter writer = Request(header, MessageKind.News, 3, cookie);
        writer.Write(watch);
        writer.Write(record);
        return Finish(ref writer);
    }

    public ReadOnlyMemory<byte> Goodbye(in MessageHeader header, ulong cookie)
    {
        MessagePackWriter writer = Request(header, MessageKind.Goodbye, 1, cookie);
        return Finish(ref writer);
    }

    /// <summary>Fills the request that was just written up with zeros: its sender has no cookie, and pays for the reply.</summary>
    /// <param name="length">The length to reach, at least that of the longest reply wanted.</param>
    public ReadOnlyMemory<byte> Pad(int length = WireLimits.MaxDatagram)
    {
        _buffer.PadTo(length);
        return _buffer.Written;
    }

    /// <param name="header">The header.</param>
    /// <param name="observed">Where the request came from.</param>
    /// <param name="cookie">The cookie of that endpoint.</param>
    /// <param name="publicKey">Our public key, or empty for no proof.</param>
    /// <param name="signature">The signature that proves it.</param>
    /// <param name="maxBytes">The longest datagram allowed.</param>
    /// <param name="inReturn">The transaction of a challenge in return; null: none.</param>
    public ReadOnlyMemory<byte> Pong(
        in MessageHeader header,
        NodeEndpoint observed,
        ulong cookie,
        ReadOnlySpan<byte> publicKey,
        ReadOnlySpan<byte> signature,
        int maxBytes,
        TransactionId? inReturn = null)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Pong, inReturn is null ? 3 : 4, observed, cookie);
        if (publicKey.IsEmpty)
        {
            writer.WriteNil();
        }
        else
        {
            writer.WriteArrayHeader(2);
            writer.Write(publicKey);
            writer.Write(signature);
        }

        if (inReturn is { } transaction)
        {
            writer.Write(transaction.Value);
        }

        return Finish(ref writer, maxBytes);
    }

    /// <param name="header">The header.</param>
    /// <param name="observed">Where the request came from.</param>
    /// <param name="cookie">The cookie of that endpoint.</param>
    /// <param name="status">What became of the record.</param>
    /// <param name="sequence">The sequence of the record now held; 0 when none.</param>
    /// <param name="maxBytes">The longest datagram allowed.</param>
    /// <param name="contacts">Closest first; as many are written as fit.</param>
    public ReadOnlyMemory<byte> Stored(
        in MessageHeader header,
        NodeEndpoint observed,
        ulong cookie,
        StoreStatus status,
        ulong sequence,
        int maxBytes,
        ReadOnlySpan<Contact> contacts = default)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Stored, contacts.IsEmpty ? 4 : 5, observed, cookie);
        writer.Write((byte)status);
        writer.Write(sequence);
        if (!contacts.IsEmpty)
        {
            int room = Room(ref writer, maxBytes);
            if (room < FieldWriter.ListHeaderSize(0))
            {
                return default;
            }

            WriteContacts(ref writer, contacts[..ReplyFitting.Contacts(contacts, room)]);
        }

        return Finish(ref writer, maxBytes);
    }

    public ReadOnlyMemory<byte> Retry(in MessageHeader header, NodeEndpoint observed, ulong cookie, int maxBytes)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Retry, 2, observed, cookie);
        return Finish(ref writer, maxBytes);
    }

    /// <summary>As many of the contacts, which are closest first, as fit.</summary>
    public ReadOnlyMemory<byte> Nodes(
        in MessageHeader header, NodeEndpoint observed, ulong cookie, ReadOnlySpan<Contact> contacts, int maxBytes)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Nodes, 3, observed, cookie);
        int room = Room(ref writer, maxBytes);
        if (room < FieldWriter.ListHeaderSize(0))
        {
            return default;
        }

        WriteContacts(ref writer, contacts[..ReplyFitting.Contacts(contacts, room)]);
        return Finish(ref writer, maxBytes);
    }

    /// <summary>
    /// The first contacts and records that fit. Room goes to <see cref="WireLimits.ReservedContacts"/> contacts, then to
    /// records, then to further contacts. The cursor is set when records were left out or more follow; when records wait
    /// and none fits there is none, and only <paramref name="total"/> tells of them.
    /// </summary>
    /// <param name="header">The header.</param>
    /// <param name="observed">Where the request came from.</param>
    /// <param name="cookie">The cookie of that endpoint.</param>
    /// <param name="contacts">Closest first.</param>
    /// <param name="records">In order of owner and label.</param>
    /// <param name="moreFollow">Whether more records stand behind the last of <paramref name="records"/>.</param>
    /// <param name="total">How many records there are in all.</param>
    /// <param name="maxBytes">The longest datagram allowed.</param>
    /// <param name="recordsWritten">How many of <paramref name="records"/> are in the datagram.</param>
    public ReadOnlyMemory<byte> Values(
        in MessageHeader header,
        NodeEndpoint observed,
        ulong cookie,
        ReadOnlySpan<Contact> contacts,
        ReadOnlySpan<HeldRecord> records,
        bool moreFollow,
        uint total,
        int maxBytes,
        out int recordsWritten)
    {
        MessagePackWriter writer = Reply(header, MessageKind.Values, 6, observed, cookie);
        int room = Room(ref writer, maxBytes) - MessagePackWriter.GetEncodedLength((ulong)total);
        if (!ReplyFitting.TryValues(contacts, records, moreFollow, room, out int contactsWritten, out recordsWritten))
        {
            return default;
        }

        WriteContacts(ref writer, contacts[..contactsWritten]);
        writer.WriteArrayHeader(recordsWritten);
        foreach (HeldRecord held in records[..recordsWritten])
        {
            FieldWriter.Write(ref writer, held);
        }

        FieldWriter.Write(ref writer, ReplyFitting.CursorAfter(records, recordsWritten, moreFollow));
        writer.Write(total);
        return Finish(ref writer, maxBytes);
    }

    private static void WriteContacts(ref MessagePackWriter writer, ReadOnlySpan<Contact> contacts)
    {
        writer.WriteArrayHeader(contacts.Length);
        foreach (Contact contact in contacts)
        {
            FieldWriter.Write(ref writer, contact);
        }
    }

    private MessagePackWriter Request(in MessageHeader header, MessageKind kind, int elements, ulong? cookie)
    {
        MessagePackWriter writer = Begin(header, kind, elements);
        if (cookie is { } known)
        {
            FieldWriter.WriteCookie(ref writer, known);
        }
        else
        {
            writer.WriteNil();
        }

        return writer;
    }

    private MessagePackWriter Reply(
        in MessageHeader header, MessageKind kind, int elements, NodeEndpoint observed, ulong cookie)
    {
        MessagePackWriter writer = Begin(header, kind, elements);
        FieldWriter.Write(ref writer, observed);
        FieldWriter.WriteCookie(ref writer, cookie);
        return writer;
    }

    private MessagePackWriter Begin(in MessageHeader header, MessageKind kind, int elements)
    {
        _buffer.Clear();
        var writer = new MessagePackWriter(_buffer);
        writer.WriteArrayHeader(HeaderElements);
        writer.Write((byte)WireLimits.Version);
        writer.Write(header.Network);
        writer.Write((byte)kind);
        writer.Write(header.Transaction.Value);
        FieldWriter.Write(ref writer, header.Sender);
        writer.Write(header.IsClient ? (byte)1 : (byte)0);
        writer.WriteArrayHeader(elements);
        return writer;
    }

    /// <summary>How many bytes are left after what has been written.</summary>
    private int Room(ref MessagePackWriter writer, int maxBytes)
    {
        writer.Flush();
        return Math.Min(maxBytes, WireLimits.MaxDatagram) - _buffer.Length;
    }

    private ReadOnlyMemory<byte> Finish(ref MessagePackWriter writer, int maxBytes = WireLimits.MaxDatagram)
    {
        writer.Flush();
        Debug.Assert(_buffer.Length <= WireLimits.MaxDatagram, "A message was not measured before it was written.");
        return _buffer.Length <= maxBytes ? _buffer.Written : default;
    }
}
