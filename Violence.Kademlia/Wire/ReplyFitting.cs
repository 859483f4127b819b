using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>
/// Decides how much of a reply goes into a given room, in bytes. Always a prefix: what is left out is the farthest
/// contacts and the last records.
/// </summary>
internal static class ReplyFitting
{
    /// <summary>How many of the contacts fit, together with the header of their list.</summary>
    public static int Contacts(ReadOnlySpan<Contact> contacts, int room) => Contacts(contacts, room, out _);

    /// <summary>How many contacts and records fit, together with the headers of their lists and the cursor.</summary>
    /// <returns>False when not even empty lists fit.</returns>
    public static bool TryValues(
        ReadOnlySpan<Contact> contacts,
        ReadOnlySpan<HeldRecord> records,
        bool moreFollow,
        int room,
        out int contactCount,
        out int recordCount)
    {
        contactCount = 0;
        recordCount = 0;
        int emptyList = FieldWriter.ListHeaderSize(0);
        int emptyRecords = emptyList + SizeOfCursor(null);
        if (room < emptyList + emptyRecords)
        {
            return false;
        }

        ReadOnlySpan<Contact> reserved = contacts[..Math.Min(contacts.Length, WireLimits.ReservedContacts)];
        Contacts(reserved, room - emptyRecords, out int contactBytes);
        recordCount = Records(records, moreFollow, room - contactBytes, out int recordBytes);
        if (recordCount == 0 && records.Length > 0)
        {
            // A long record that doesn't fit beside them goes before the contacts: the asker came for it.
            recordCount = Records(records[..1], moreFollow || records.Length > 1, room - emptyList, out recordBytes);
        }

        contactCount = Contacts(contacts, room - recordBytes);
        return true;
    }

    /// <summary>What the asker continues after, when <paramref name="count"/> of the records are in the reply.</summary>
    public static RecordCursor? CursorAfter(ReadOnlySpan<HeldRecord> records, int count, bool moreFollow) =>
        count > 0 && (moreFollow || count < records.Length)
            ? new RecordCursor(records[count - 1].Record.Owner, records[count - 1].Record.Label)
            : null;

    private static int Contacts(ReadOnlySpan<Contact> contacts, int room, out int size)
    {
        int most = Math.Min(contacts.Length, WireLimits.MaxContacts);
        int count = 0;
        int bytes = 0;
        size = FieldWriter.ListHeaderSize(0);
        while (count < most)
        {
            bytes += FieldWriter.SizeOf(contacts[count]);
            int withHeader = FieldWriter.ListHeaderSize(count + 1) + bytes;
            if (withHeader > room)
            {
                break;
            }

            count++;
            size = withHeader;
        }

        return count;
    }

    /// <summary>
    /// The largest number that fits. One more record can take less room than one fewer, when it is the last and no
    /// cursor is needed, so the first that does not fit is not the end.
    /// </summary>
    private static int Records(ReadOnlySpan<HeldRecord> records, bool moreFollow, int room, out int size)
    {
        int most = Math.Min(records.Length, WireLimits.MaxRecords);
        int best = 0;
        int bytes = 0;
        size = FieldWriter.ListHeaderSize(0) + SizeOfCursor(null);
        for (int count = 1; count <= most && bytes <= room; count++)
        {
            bytes += FieldWriter.SizeOf(records[count - 1]);
            int all = FieldWriter.ListHeaderSize(count) + bytes + SizeOfCursor(CursorAfter(records, count, moreFollow));
            if (all <= room)
            {
                best = count;
                size = all;
            }
        }

        return best;
    }

    private static int SizeOfCursor(RecordCursor? cursor) => cursor is { } after ? FieldWriter.SizeOf(after) : 1;
}
