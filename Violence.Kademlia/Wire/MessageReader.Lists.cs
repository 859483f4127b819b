using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>Contacts and records: what there may be many of in a message.</summary>
internal static partial class MessageReader
{
    private const int IPv4ContactSize = NodeId.Size + NodeEndpoint.IPv4Size;

    private static bool TryReadContacts(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadList(WireLimits.MaxContacts, out int count))
        {
            return false;
        }

        // Nearly always all of them are of IPv4, and read at once: so many bytes are a contact, whatever is in them.
        if (reader.TryReadRow(count, IPv4ContactSize, out ReadOnlySpan<byte> row))
        {
            for (; !row.IsEmpty; row = row[(FieldReader.BinaryHeaderSize + IPv4ContactSize)..])
            {
                TryAddContact(row.Slice(FieldReader.BinaryHeaderSize, IPv4ContactSize), into);
            }

            return true;
        }

        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadBinary(NodeId.Size, NodeId.Size + NodeEndpoint.IPv6Size, out ReadOnlySpan<byte> bytes) || !TryAddContact(bytes, into))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>Whether it is a contact; one that cannot be sent to is skipped.</returns>
    private static bool TryAddContact(ReadOnlySpan<byte> bytes, IncomingMessage into)
    {
        bool isContact = NodeEndpoint.TryRead(bytes[NodeId.Size..], out NodeEndpoint endpoint);
        if (isContact && endpoint.IsSendable)
        {
            into.Add(new Contact(new NodeId(bytes), endpoint));
        }

        return isContact;
    }

    private static bool TryReadRecords(ref FieldReader reader, IncomingMessage into)
    {
        if (!reader.TryReadList(WireLimits.MaxRecords, out int count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (!reader.TryReadArray(2, out int extra) || !TryReadHeld(ref reader, extra, into))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A record of a VALUES: holders of before the age do not tell it.</summary>
    private static bool TryReadHeld(ref FieldReader reader, int extra, IncomingMessage into)
    {
        if (!TryReadRecord(ref reader, into, isHeld: true))
        {
            return false;
        }

        if (extra == 0 || reader.TryReadNil())
        {
            return extra == 0 || reader.TrySkip(extra - 1);
        }

        bool isRead = reader.TryReadUnsigned(uint.MaxValue, out ulong age);
        into.SetAge((uint)age);
        return isRead && reader.TrySkip(extra - 1);
    }

    private static bool TryReadTotal(ref FieldReader reader, IncomingMessage into)
    {
        bool isRead = reader.TryReadUnsigned(uint.MaxValue, out ulong total);
        into.Total = (uint)total;
        return isRead;
    }

    /// <summary>A record, with the seconds it has been held after it in a VALUES.</summary>
    private static bool TryReadRecord(ref FieldReader reader, IncomingMessage into, bool isHeld)
    {
        if (!reader.TryReadBinary(0, Record.MaxSize, out ReadOnlySpan<byte> bytes))
        {
            return false;
        }

        int start = reader.Position - bytes.Length;
        ulong held = 0;
        if (isHeld && !reader.TryReadUnsigned(uint.MaxValue, out held))
        {
            return false;
        }

        into.AddRecord(start, bytes.Length, (uint)held);
        return true;
    }
}
