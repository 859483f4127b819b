using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>A reply is never longer than it may be, and uses the room it has.</summary>
[TestFixture]
public sealed class ReplySizeTests
{
    private static readonly Gen<HeldRecord> Held =
        Gen.Select(WireGen.RecordWithPayload(300), Gen.UInt, Gen.UInt.Nullable(), (record, held, age) => new HeldRecord(record, held, age));

    /// <summary>Header 40, body 1, observed 8, cookie 10.</summary>
    private const int Fixed = 59;

    private readonly MessageWriter _writer = new();
    private readonly IncomingMessage _read = new();

    [Test]
    public void No_reply_is_longer_than_allowed() =>
        Gen.Select(WireGen.Contact.Array[0, 40], Held.Array[0, 40], Gen.Bool, Gen.UInt).Sample(
            (contacts, records, moreFollow, total) =>
            {
                var writer = new MessageWriter();
                for (int room = 0; room <= 1200; room++)
                {
                    Check(writer.Nodes(Samples.Header, Samples.IPv6, 1, contacts, room), room, "NODES");
                    Check(
                        writer.Values(Samples.Header, Samples.IPv6, 1, contacts, records, moreFollow, total, room, out _),
                        room,
                        "VALUES");
                    Check(writer.Pong(Samples.Header, Samples.IPv6, 1, new byte[32], new byte[64], room), room, "PONG");
                    Check(writer.Pong(Samples.Header, Samples.IPv6, 1, new byte[32], new byte[64], room, new TransactionId(total)), room, "PONG with a challenge");
                    Check(writer.Stored(Samples.Header, Samples.IPv6, 1, StoreStatus.Full, total, room), room, "STORED");
                    Check(writer.Retry(Samples.Header, Samples.IPv6, 1, room), room, "RETRY");
                }
            },
            iter: 40);

    [Test]
    public void A_reply_is_empty_only_when_its_smallest_form_does_not_fit()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Least(room => _writer.Retry(Samples.Header, Samples.IPv4, 1, room)), Is.EqualTo(Fixed));
            Assert.That(Least(room => _writer.Pong(Samples.Header, Samples.IPv4, 1, [], [], room)), Is.EqualTo(Fixed + 1));
            Assert.That(
                Least(room => _writer.Stored(Samples.Header, Samples.IPv4, 1, StoreStatus.Stored, 0, room)), Is.EqualTo(Fixed + 2));
            Assert.That(Least(room => _writer.Nodes(Samples.Header, Samples.IPv4, 1, Samples.Contacts(9), room)), Is.EqualTo(Fixed + 1));
            Assert.That(Least(room => Values(room, 9, Samples.Held(Samples.RecordOf()))), Is.EqualTo(Fixed + 4));
        }
    }

    [Test]
    public void More_room_than_a_datagram_has_is_not_used()
    {
        HeldRecord[] records = Enumerable.Repeat(Samples.Held(Samples.RecordOf())[0], 32).ToArray();

        Assert.That(Values(int.MaxValue, 40, records).Length, Is.LessThanOrEqualTo(1200));
        Assert.That(_writer.Nodes(Samples.Header, Samples.IPv6, 1, Samples.Contacts(40, isIPv6: true), int.MaxValue).Length,
            Is.LessThanOrEqualTo(1200));
    }

    [Test]
    public void Nodes_holds_the_closest_contacts_that_fit_and_not_one_fewer()
    {
        Contact[] contacts = Samples.Contacts(40);
        for (int room = 60; room <= 1200; room++)
        {
            Read(_writer.Nodes(Samples.Header, Samples.IPv4, 1, contacts, room));
            int count = Enumerable.Range(0, 33).Last(n => Fixed + (n < 16 ? 1 : 3) + (28 * n) <= room);

            Assert.That(_read.Contacts.ToArray(), Is.EqualTo(contacts[..count]), $"room for {room} bytes");
        }
    }

    [Test]
    public void Values_keeps_eight_contacts_then_records_then_further_contacts()
    {
        Record[] records = Enumerable.Range(0, 5).Select(i => Samples.RecordOf($"{i}", payload: 20)).ToArray();

        Read(Values(1200, 20, Samples.Held(records)));

        int used = Fixed + 1 + records.Sum(record => 1 + 2 + record.Size + 1) + 1 + 1;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_read.RecordCount, Is.EqualTo(5));
            Assert.That(_read.ContactCount, Is.InRange(8, 19));
            Assert.That(_read.ContactCount, Is.EqualTo((1200 - used - 1) / 28));
            Assert.That(_read.Cursor, Is.Null);
        }
    }

    [Test]
    public void Values_leaves_out_records_before_the_reserved_contacts_and_names_the_last_one_written()
    {
        Record[] records = Enumerable.Range(0, 9).Select(i => Samples.RecordOf($"label {i}", payload: 200)).ToArray();

        ReadOnlyMemory<byte> datagram = _writer.Values(
            Samples.Header, Samples.IPv4, 1, Samples.Contacts(20), Samples.Held(records), false, 9, 1200, out int written);
        Read(datagram);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(_read.RecordCount).And.InRange(1, 8));
            Assert.That(_read.ContactCount, Is.GreaterThanOrEqualTo(8));
            Assert.That(_read.Cursor, Is.EqualTo(new RecordCursor(records[written - 1].Owner, records[written - 1].Label)));
            Assert.That(_read.Total, Is.EqualTo(9));
        }
    }

    [Test]
    public void Values_holds_as_many_records_as_fit_beside_eight_contacts_and_not_one_fewer()
    {
        HeldRecord[] records = Enumerable.Repeat(Samples.Held(Samples.RecordOf("x"))[0], 6).ToArray();
        int each = 1 + 2 + records[0].Record.Size + 1;
        int cursor = 1 + 22 + 2;
        int others = Fixed + 1 + (8 * 28) + 1 + 1;
        for (int room = others + 1; room <= 1200; room++)
        {
            int expected = Enumerable.Range(0, 7).Last(n => others + (n * each) + (n is 0 or 6 ? 1 : cursor) <= room);
            if (expected == 0 && Fixed + 1 + 1 + 1 + each + cursor <= room)
            {
                expected = 1;
            }

            _writer.Values(Samples.Header, Samples.IPv4, 1, Samples.Contacts(20), records, false, 6, room, out int written);

            Assert.That(written, Is.EqualTo(expected), $"room for {room} bytes");
        }
    }

    [Test]
    public void Values_gives_a_long_first_record_the_room_of_the_contacts()
    {
        HeldRecord[] records = Samples.Held(Samples.RecordOfSize(1000));

        Read(_writer.Values(Samples.Header, Samples.IPv4, 1, Samples.Contacts(20), records, false, 1, 1200, out int written));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(1));
            Assert.That(_read.RecordCount, Is.EqualTo(1));
            Assert.That(_read.Cursor, Is.Null);
            Assert.That(_read.ContactCount, Is.InRange(1, 7));
        }
    }

    [Test]
    public void The_longest_record_with_the_longest_label_and_a_cursor_fits_when_there_are_no_contacts()
    {
        Record record = Samples.RecordOfSize(1000, new string('x', 64));

        ReadOnlyMemory<byte> datagram = _writer.Values(
            Samples.Header, Samples.IPv6, 1, [], [new HeldRecord(record, uint.MaxValue)], true, uint.MaxValue, 1200, out int written);
        Read(datagram);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Size, Is.EqualTo(1000));
            Assert.That(written, Is.EqualTo(1));
            Assert.That(_read.RecordAt(0).Span.SequenceEqual(record.Bytes.Span), Is.True);
            Assert.That(_read.Cursor, Is.EqualTo(new RecordCursor(record.Owner, record.Label)));
        }
    }

    [Test]
    public void The_last_record_is_written_when_it_fits_only_because_no_cursor_is_needed()
    {
        // Behind the first record a cursor of 23 + 66 bytes would be needed; the second record takes less than its own cursor.
        HeldRecord[] records = Samples.Held(Samples.RecordOf(new string('x', 64)), Samples.RecordOf());
        int exact = Fixed + 1 + 1 + records.Sum(held => 1 + 2 + held.Record.Size + 1) + 1 + 1;

        ReadOnlyMemory<byte> datagram = _writer.Values(Samples.Header, Samples.IPv4, 1, [], records, false, 2, exact, out int written);

        Assert.That(written, Is.EqualTo(2));
        Assert.That(datagram.Length, Is.EqualTo(exact));
    }

    [Test]
    public void Values_is_cut_to_the_limits_of_a_reply()
    {
        HeldRecord[] records = Enumerable.Range(0, 40).Select(i => new HeldRecord(Samples.RecordOf($"{i}"), 0)).ToArray();
        Record[] small = records.Select(held => held.Record).ToArray();

        int fits = ReplyFitting.TryValues(
            Samples.Contacts(40), records, false, 100_000, out int contactCount, out int recordCount) ? recordCount : -1;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(small, Has.Length.EqualTo(40));
            Assert.That(fits, Is.EqualTo(WireLimits.MaxRecords));
            Assert.That(contactCount, Is.EqualTo(WireLimits.MaxContacts));
        }
    }

    [Test]
    public void Walking_on_by_the_cursor_gives_every_record_once()
    {
        Record[] records = Enumerable.Range(0, 60).Select(i => Samples.RecordOf($"{i:d2}", payload: 37 * i % 500)).ToArray();
        List<string> seen = [];
        RecordCursor? cursor = new RecordCursor(NodeId.Zero, "");
        for (int replies = 0; replies < 60 && cursor is { } after; replies++)
        {
            HeldRecord[] rest = Samples.Held(records.Where(record => string.CompareOrdinal(record.Label, after.Label) > 0).ToArray());
            Read(_writer.Values(
                Samples.Header, Samples.IPv4, 1, [], rest.AsSpan(0, Math.Min(32, rest.Length)), rest.Length > 32, 60, 1200, out _));
            for (int i = 0; i < _read.RecordCount; i++)
            {
                bool isParsed = RecordCodec.TryParse(_read.RecordAt(i).Span, out Record? record, out _);
                seen.Add(isParsed ? record!.Label : "not a record");
            }

            cursor = _read.Cursor;
        }

        Assert.That(seen, Is.EqualTo(records.Select(record => record.Label)));
    }

    private static void Check(ReadOnlyMemory<byte> datagram, int room, string kind)
    {
        if (datagram.Length > room)
        {
            Assert.Fail($"{kind} of {datagram.Length} bytes in a room of {room}");
        }

        if (datagram.Length != 0 && MessageReader.Read(datagram, Samples.Network, new IncomingMessage()) != WireError.None)
        {
            Assert.Fail($"{kind} of {datagram.Length} bytes is not readable");
        }
    }

    private static int Least(Func<int, ReadOnlyMemory<byte>> write) =>
        Enumerable.Range(0, 1201).First(room => !write(room).IsEmpty);

    private ReadOnlyMemory<byte> Values(int room, int contacts, HeldRecord[] records) => _writer.Values(
        Samples.Header, Samples.IPv4, 1, Samples.Contacts(contacts), records, false, (uint)records.Length, room, out _);

    private void Read(ReadOnlyMemory<byte> datagram) =>
        Assert.That(MessageReader.Read(datagram.ToArray(), Samples.Network, _read), Is.EqualTo(WireError.None));
}
