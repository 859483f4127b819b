using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

[TestFixture]
public sealed class MessageReaderTests
{
    private readonly IncomingMessage _message = new();

    /// <summary>Bodies of every kind with this many unknown elements at the end of every array of fixed form.</summary>
    private static IEnumerable<(MessageKind Kind, byte[] Body)> Bodies(int more)
    {
        Pack Unknown(Pack pack)
        {
            for (int i = 0; i < more; i++)
            {
                pack.Array(1).Raw(0x81).Text("later").Raw(0xC3);
            }

            return pack;
        }

        int later = more == 0 ? 0 : 1;
        byte[] Later(Pack pack) => (later == 0 ? pack : Unknown(pack.Nil())).ToArray();
        Pack Reply(int elements) => new Pack().Array(elements + more).Bytes(Samples.ToBytes(Samples.IPv6)).Bytes(Samples.CookieBytes);
        Pack Request(int elements) => new Pack().Array(elements + more).Bytes(Samples.CookieBytes);
        Pack Cursor(Pack pack) => Unknown(pack.Array(2 + more).Bytes(Samples.IdBytes).Text("l"));
        Pack Contacts(Pack pack) => pack.Array(1).Bytes(Samples.ToBytes(new Contact(Samples.Id, Samples.IPv4)));

        yield return (MessageKind.Ping, Unknown(Request(2).Bytes(Samples.ToBytes(Samples.IPv4))).ToArray());
        yield return (MessageKind.Store, Later(Request(2 + later).Bytes(new byte[300])));
        yield return (MessageKind.FindNode, Unknown(Request(3).Bytes(Samples.IdBytes).Number(3)).ToArray());
        yield return (MessageKind.FindValue, Later(Cursor(Request(5 + later).Bytes(Samples.IdBytes).Number(3).Bytes(Samples.IdBytes))));
        yield return (MessageKind.Goodbye, Unknown(Request(1)).ToArray());
        yield return (MessageKind.Touch, Unknown(Request(2).Bytes(new byte[16])).ToArray());
        yield return (MessageKind.Touched, Unknown(Reply(3).Bytes(new byte[2])).ToArray());
        yield return (MessageKind.Watch, Later(Request(4 + later).Bytes(Samples.IdBytes).Number(ulong.MaxValue).Number(60)));
        yield return (MessageKind.Watching, Unknown(Reply(4).Number(2).Number(60)).ToArray());
        yield return (MessageKind.News, Unknown(Request(3).Number(ulong.MaxValue).Bytes(new byte[300])).ToArray());
        yield return (MessageKind.Pong, Later(Unknown(Reply(3 + later).Array(2 + more).Bytes(new byte[32]).Bytes(new byte[64]))));
        yield return (MessageKind.Stored, Later(Reply(4 + later).Number(7).Number(ulong.MaxValue)));
        yield return (MessageKind.Nodes, Unknown(Contacts(Reply(3))).ToArray());
        yield return (MessageKind.Values,
            Unknown(Cursor(Unknown(Contacts(Reply(6)).Array(1).Array(3 + more).Bytes(new byte[100]).Number(70_000).Number(61))).Number(300))
                .ToArray());
        yield return (MessageKind.Retry, Unknown(Reply(2)).ToArray());
    }

    [Test]
    public void Elements_after_the_known_ones_are_skipped_wherever_an_array_has_a_fixed_form()
    {
        foreach (((MessageKind kind, byte[] known), (_, byte[] longer)) in Bodies(0).Zip(Bodies(2)))
        {
            byte[] plain = Samples.Begin(kind, 7).Raw(known).ToArray();
            byte[] grown = Samples.Begin(kind, 9).Raw(longer).Nil().Array(2).Nil().Number(1).Raw(0xFF, 0xFF).ToArray();

            Assert.That(Read(plain), Is.EqualTo(WireError.None), $"{kind}");
            string expected = WireMessage.From(_message).Describe();
            Assert.That(Read(grown), Is.EqualTo(WireError.None), $"{kind}");
            Assert.That(WireMessage.From(_message).Describe(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void Every_kind_cut_off_anywhere_is_refused()
    {
        foreach ((MessageKind kind, byte[] body) in Bodies(0).Concat(Bodies(2)))
        {
            byte[] datagram = Samples.Begin(kind, 9).Raw(body).Nil().Array(2).Nil().Nil().ToArray();
            for (int length = 0; length < datagram.Length; length++)
            {
                Assert.That(Read(datagram[..length]), Is.EqualTo(WireError.Malformed), $"{kind} cut to {length} bytes");
            }
        }
    }

    [Test]
    public void A_body_with_an_element_missing_is_refused()
    {
        foreach ((MessageKind kind, byte[] body) in Bodies(0))
        {
            int count = body[0] & 0x0F;
            byte[] shorter = [(byte)(0x90 | (count - 1)), .. body[1..]];

            Assert.That(Read(Samples.Begin(kind, 7).Raw(shorter).ToArray()), Is.EqualTo(WireError.Malformed), $"{kind}");
        }
    }

    [Test]
    public void An_element_of_a_wrong_type_is_refused_wherever_it_stands([Values(0xC0, 0xC1, 0xC2, 0x80, 0x90, 0xA0, 0xFF, 0xCA)] int code)
    {
        foreach (MessageKind kind in Bodies(0).Select(body => body.Kind))
        {
            // Nil is allowed in places; followed by the end of the datagram it is refused all the same.
            byte[] start = Samples.Begin(kind, 7).Array(6).Raw((byte)code).ToArray();
            Assert.That(Read(start), Is.EqualTo(WireError.Malformed), $"{kind}");
        }
    }

    [TestCase(0xCC, 200ul)]
    [TestCase(0xCD, 200ul)]
    [TestCase(0xCE, 200ul)]
    [TestCase(0xCF, 200ul)]
    [TestCase(0xD0, 100ul)]
    [TestCase(0xD1, 200ul)]
    [TestCase(0xD2, 200ul)]
    [TestCase(0xD3, 200ul)]
    public void Integers_come_in_any_width(int code, ulong value)
    {
        Assert.That(ReadStored(pack => pack.Number(0).Number(value, (byte)code)), Is.EqualTo(WireError.None));
        Assert.That(_message.Sequence, Is.EqualTo(value));
    }

    [Test]
    public void Negative_integers_are_refused([Values(0xD0, 0xD1, 0xD2, 0xD3)] int code)
    {
        Assert.That(ReadStored(pack => pack.Number(0).Number(ulong.MaxValue, (byte)code)), Is.EqualTo(WireError.Malformed));
        Assert.That(ReadStored(pack => pack.Number(0).Raw(0xFF)), Is.EqualTo(WireError.Malformed));
    }

    [Test]
    public void Every_status_there_is_is_read_and_no_other()
    {
        Assert.That(ReadStored(pack => pack.Number((ulong)StoreStatus.Full).Number(0)), Is.EqualTo(WireError.None));
        Assert.That(ReadStored(pack => pack.Number((ulong)StoreStatus.Full + 1).Number(0)), Is.EqualTo(WireError.Malformed));
        Assert.That(ReadStored(pack => pack.Number(256).Number(0)), Is.EqualTo(WireError.Malformed));
    }

    [TestCase(8, true)]
    [TestCase(9, false)]
    public void What_is_skipped_nests_no_deeper_than_allowed(int depth, bool isRead)
    {
        WireError expected = isRead ? WireError.None : WireError.Malformed;
        byte[] arrays = Enumerable.Repeat((byte)0x91, depth - 1).Append((byte)0x90).ToArray();
        byte[] maps = [.. Enumerable.Repeat(new byte[] { 0x81, 0x01 }, depth - 1).SelectMany(map => map), 0x80];

        foreach (byte[] nested in new[] { arrays, maps })
        {
            byte[] inBody = Samples.Datagram(MessageKind.Goodbye, new Pack().Array(3).Bytes(Samples.CookieBytes).Raw(nested).Nil());
            byte[] after = Samples.Begin(MessageKind.Goodbye, 8).Array(1).Bytes(Samples.CookieBytes).Raw(nested).ToArray();

            Assert.That(Read(inBody), Is.EqualTo(expected));
            Assert.That(Read(after), Is.EqualTo(expected));
        }
    }

    [Test]
    public void A_datagram_of_opening_brackets_is_refused()
    {
        byte[] brackets = Samples.Begin(MessageKind.Goodbye, 8).Array(1).Bytes(Samples.CookieBytes)
            .Raw(Enumerable.Repeat((byte)0x91, 1000).ToArray()).ToArray();

        Assert.That(Read(brackets), Is.EqualTo(WireError.Malformed));
    }

    /// <summary>Every form MessagePack has, as an element to be skipped.</summary>
    private static IEnumerable<byte[]> Forms()
    {
        byte[] four = [1, 2, 3, 4];
        yield return [0x7F];
        yield return [0xE0];
        yield return [0xC0];
        yield return [0xC2];
        yield return [0xC3];
        yield return [0xA2, 1, 2];
        yield return [0x92, 1, 2];
        yield return [0x81, 1, 2];
        foreach (byte code in new byte[] { 0xC4, 0xD9 })
        {
            yield return [code, 4, .. four];
            yield return [(byte)(code + 1), 0, 4, .. four];
            yield return [(byte)(code + 2), 0, 0, 0, 4, .. four];
        }

        yield return [0xC7, 4, 9, .. four];
        yield return [0xC8, 0, 4, 9, .. four];
        yield return [0xC9, 0, 0, 0, 4, 9, .. four];
        yield return [0xCA, .. four];
        yield return [0xCB, .. four, .. four];
        for (int width = 1; width <= 8; width *= 2)
        {
            byte step = (byte)int.Log2(width);
            yield return [(byte)(0xCC + step), .. new byte[width]];
            yield return [(byte)(0xD0 + step), .. new byte[width]];
            yield return [(byte)(0xD4 + step), 9, .. new byte[width]];
        }

        yield return [0xD8, 9, .. new byte[16]];
        yield return [0xDC, 0, 4, .. four];
        yield return [0xDD, 0, 0, 0, 4, .. four];
        yield return [0xDE, 0, 2, .. four];
        yield return [0xDF, 0, 0, 0, 2, .. four];
    }

    [TestCaseSource(nameof(Forms))]
    public void Every_form_of_messagepack_is_skipped_and_cut_off_anywhere_is_refused(byte[] form)
    {
        byte[] datagram = Samples.Begin(MessageKind.Goodbye, 8).Array(1).Bytes(Samples.CookieBytes).Raw(form).ToArray();

        Assert.That(Read(datagram), Is.EqualTo(WireError.None));
        for (int cut = 1; cut <= form.Length; cut++)
        {
            Assert.That(Read(datagram[..^cut]), Is.EqualTo(WireError.Malformed), $"{cut} bytes missing");
        }
    }

    [Test]
    public void The_code_that_messagepack_never_uses_is_refused() =>
        Assert.That(
            Read(Samples.Begin(MessageKind.Goodbye, 8).Array(1).Bytes(Samples.CookieBytes).Raw(0xC1).ToArray()),
            Is.EqualTo(WireError.Malformed));

    [Test]
    public void A_list_that_claims_more_than_there_can_be_is_refused([Values(0xDD, 0xDF, 0xC6, 0xDB, 0xC9)] int code)
    {
        byte[] datagram = Samples.Begin(MessageKind.Goodbye, 8).Array(1).Bytes(Samples.CookieBytes)
            .Raw((byte)code, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0).ToArray();

        Assert.That(Read(datagram), Is.EqualTo(WireError.Malformed));
    }

    [Test]
    public void A_contact_nobody_can_send_to_is_skipped()
    {
        byte[][] unsendable = [
            [192, 0, 2, 1, 0, 0], [0, 0, 0, 0, 1, 1], [224, 0, 0, 1, 1, 1], [255, 255, 255, 255, 1, 1],
            [.. new byte[16], 1, 1], [0xFF, 0x02, .. new byte[14], 1, 1],
        ];
        Pack contacts = Contacts(unsendable.Length + 1);
        foreach (byte[] endpoint in unsendable)
        {
            contacts.Bytes([.. Samples.IdBytes, .. endpoint]);
        }

        contacts.Bytes(Samples.ToBytes(new Contact(Samples.Id, Samples.IPv6)));

        Assert.That(Read(Samples.Datagram(MessageKind.Nodes, contacts)), Is.EqualTo(WireError.None));
        Assert.That(_message.Contacts.ToArray(), Is.EqualTo(new[] { new Contact(Samples.Id, Samples.IPv6) }));
    }

    [Test]
    public void An_IPv4_address_in_IPv6_form_is_refused()
    {
        byte[] mapped = [.. new byte[10], 0xFF, 0xFF, 192, 0, 2, 1, 15, 161];
        Pack contact = Contacts(1).Bytes([.. Samples.IdBytes, .. mapped]);
        Pack challenge = new Pack().Array(2).Nil().Bytes(mapped);
        Pack observed = new Pack().Array(2).Bytes(mapped).Bytes(Samples.CookieBytes);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Read(Samples.Datagram(MessageKind.Nodes, contact)), Is.EqualTo(WireError.Malformed));
            Assert.That(Read(Samples.Datagram(MessageKind.Ping, challenge)), Is.EqualTo(WireError.Malformed));
            Assert.That(Read(Samples.Datagram(MessageKind.Retry, observed)), Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void Lengths_outside_their_limits_are_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (int length in new[] { 0, 19, 20, 25, 27, 37, 39 })
            {
                Pack contact = Contacts(1).Bytes(new byte[length]);
                Assert.That(Read(Samples.Datagram(MessageKind.Nodes, contact)), Is.EqualTo(WireError.Malformed));
            }

            foreach (int length in new[] { 0, 7, 9 })
            {
                Pack cookie = new Pack().Array(1).Bytes(new byte[length]);
                Assert.That(Read(Samples.Datagram(MessageKind.Goodbye, cookie)), Is.EqualTo(WireError.Malformed));
            }

            foreach ((int key, int signature) in new[] { (31, 64), (33, 64), (32, 63), (32, 65), (0, 0) })
            {
                Pack pong = Reply(3).Array(2).Bytes(new byte[key]).Bytes(new byte[signature]);
                Assert.That(Read(Samples.Datagram(MessageKind.Pong, pong)), Is.EqualTo(WireError.Malformed));
            }

            Assert.That(ReadStore(new byte[1000]), Is.EqualTo(WireError.None));
            Assert.That(ReadStore(new byte[1001]), Is.EqualTo(WireError.Malformed));
            Assert.That(ReadStore([]), Is.EqualTo(WireError.None));
            Assert.That(ReadCursor(new byte[64]), Is.EqualTo(WireError.None));
            Assert.That(ReadCursor(new byte[65]), Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void Text_that_is_not_valid_UTF8_is_refused()
    {
        byte[][] invalid = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE8, 0xAA]];

        foreach (byte[] text in invalid)
        {
            Assert.That(ReadCursor(text), Is.EqualTo(WireError.Malformed), Convert.ToHexString(text));
        }
    }

    [TestCase(32, true)]
    [TestCase(33, false)]
    public void Lists_hold_no_more_than_their_limit(int count, bool isRead)
    {
        WireError expected = isRead ? WireError.None : WireError.Malformed;
        Pack contacts = Contacts(count);
        Pack records = Reply(6).Array(0).Array(count);
        for (int i = 0; i < count; i++)
        {
            contacts.Bytes(Samples.ToBytes(new Contact(Samples.Id, Samples.IPv4)));
            records.Array(2).Bytes([1]).Number((ulong)i);
        }

        Assert.That(Read(Samples.Datagram(MessageKind.Nodes, contacts)), Is.EqualTo(expected));
        Assert.That(Read(Samples.Datagram(MessageKind.Values, records.Nil().Number(0))), Is.EqualTo(expected));
    }

    [Test]
    public void Unknown_flags_and_families_are_ignored()
    {
        byte[] datagram = new Pack().Array(7).Number(1).Number(Samples.Network).Number(3).Number(5).Bytes(Samples.IdBytes)
            .Number(ulong.MaxValue).Array(3).Nil().Bytes(Samples.IdBytes).Number(ulong.MaxValue - 1).ToArray();

        Assert.That(Read(datagram), Is.EqualTo(WireError.None));
        Assert.That(_message.Header.IsClient, Is.True);
        Assert.That(_message.Families, Is.EqualTo(AddressFamilies.IPv6));
    }

    [Test]
    public void Another_version_is_told_apart_from_garbage_whatever_follows()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Read([0x91, 0x02]), Is.EqualTo(WireError.OtherVersion));
            Assert.That(Read([0x92, 0x00, 0xC1]), Is.EqualTo(WireError.OtherVersion));
            Assert.That(Read([0x91, 0x01]), Is.EqualTo(WireError.Malformed));
            Assert.That(Read([0x96, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01]), Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void Numbers_too_wide_for_their_field_are_refused()
    {
        byte[] network = new Pack().Array(7).Number(1).Number(1ul << 32 | Samples.Network).Number(1).Number(1).Bytes(Samples.IdBytes)
            .Number(0).Array(2).Nil().Nil().ToArray();
        byte[] kind = new Pack().Array(7).Number(1).Number(Samples.Network).Number(257).Number(1).Bytes(Samples.IdBytes)
            .Number(0).Array(2).Nil().Nil().ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Read(network), Is.EqualTo(WireError.Malformed));
            Assert.That(Read(kind), Is.EqualTo(WireError.Malformed));
            Assert.That(ReadValues(uint.MaxValue, uint.MaxValue), Is.EqualTo(WireError.None));
            Assert.That(ReadValues(1ul << 32, 0), Is.EqualTo(WireError.Malformed));
            Assert.That(ReadValues(0, 1ul << 32), Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void Only_the_kinds_of_the_protocol_are_read()
    {
        for (int kind = 0; kind <= byte.MaxValue; kind++)
        {
            bool isKnown = ((MessageKind)kind).IsRequest() || ((MessageKind)kind).IsReply();
            WireError error = WireError.Malformed;
            foreach ((_, byte[] body) in Bodies(0))
            {
                error = (WireError)Math.Min((int)error, (int)Read(Samples.Begin((MessageKind)kind, 7).Raw(body).ToArray()));
            }

            Assert.That(error, Is.EqualTo(isKnown ? WireError.None : WireError.Malformed), $"kind {kind}");
        }
    }

    [Test]
    public void A_datagram_longer_than_any_is_refused_unread()
    {
        byte[] ping = [.. Samples.Datagram(MessageKind.Ping, new Pack().Array(2).Nil().Nil()), .. new byte[1200]];

        Assert.That(Read(ping[..1200]), Is.EqualTo(WireError.None));
        Assert.That(Read(ping[..1201]), Is.EqualTo(WireError.TooLarge));
        Assert.That(_message.Size, Is.Zero);
    }

    private static Pack Reply(int elements) =>
        new Pack().Array(elements).Bytes(Samples.ToBytes(Samples.IPv4)).Bytes(Samples.CookieBytes);

    private static Pack Contacts(int count) => Reply(3).Array(count);

    private WireError Read(byte[] datagram) => MessageReader.Read(datagram, Samples.Network, _message);

    private WireError ReadStored(Func<Pack, Pack> elements) => Read(Samples.Datagram(MessageKind.Stored, elements(Reply(4))));

    private WireError ReadStore(byte[] record) => Read(Samples.Datagram(MessageKind.Store, new Pack().Array(2).Nil().Bytes(record)));

    private WireError ReadValues(ulong held, ulong total) => Read(Samples.Datagram(
        MessageKind.Values, Reply(6).Array(0).Array(1).Array(2).Bytes([1]).Number(held).Nil().Number(total)));

    private WireError ReadCursor(byte[] label) => Read(Samples.Datagram(
        MessageKind.Values, Reply(6).Array(0).Array(0).Array(2).Bytes(Samples.IdBytes).Text(label).Number(0)));
}
