using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

[TestFixture]
public sealed class RoundTripTests
{
    [Test]
    public void What_is_written_is_read_as_the_same() =>
        WireGen.Message.Sample(message =>
        {
            var read = new IncomingMessage();
            byte[] datagram = message.Write(new MessageWriter()).ToArray();

            WireError error = MessageReader.Read(datagram, message.Header.Network, read);

            Assert.That(error, Is.EqualTo(WireError.None));
            Assert.That(read.Size, Is.EqualTo(datagram.Length));
            Assert.That(WireMessage.From(read).Describe(), Is.EqualTo(message.Describe()));
        }, iter: 5_000);

    [Test]
    public void A_message_cut_off_anywhere_is_refused() =>
        WireGen.Message.Sample(message =>
        {
            var read = new IncomingMessage();
            byte[] datagram = message.Write(new MessageWriter()).ToArray();
            for (int length = 0; length < datagram.Length; length++)
            {
                WireError error = MessageReader.Read(datagram.AsMemory(0, length), message.Header.Network, read);
                Assert.That(error, Is.EqualTo(WireError.Malformed), $"cut to {length} bytes");
            }
        }, iter: 300);

    [Test]
    public void Padding_fills_the_datagram_with_zeros_and_changes_nothing() =>
        WireGen.Message.Where(message => message.Header.Kind.IsRequest()).Sample(message =>
        {
            var writer = new MessageWriter();
            LeaveTracesIn(writer);
            byte[] bare = message.Write(writer).ToArray();

            ReadOnlyMemory<byte> padded = writer.Pad();

            var read = new IncomingMessage();
            WireError error = MessageReader.Read(padded, message.Header.Network, read);
            Assert.That(error, Is.EqualTo(WireError.None));
            Assert.That(padded.Length, Is.EqualTo(1200));
            Assert.That(padded.Span[..bare.Length].SequenceEqual(bare), Is.True);
            Assert.That(padded.Span[bare.Length..].ContainsAnyExcept((byte)0), Is.False);
            Assert.That(WireMessage.From(read).Describe(), Is.EqualTo(message.Describe()));
        }, iter: 500);

    [Test]
    public void Records_come_through_store_and_values_byte_by_byte() =>
        WireGen.RecordWithPayload(700).Sample(record =>
        {
            var writer = new MessageWriter();
            var read = new IncomingMessage();

            MessageReader.Read(writer.Store(Samples.Header, Samples.Cookie, record.Bytes.Span), Samples.Network, read);
            byte[] stored = read.RecordAt(0).ToArray();
            ReadOnlyMemory<byte> values = writer.Values(
                Samples.Header, Samples.IPv4, Samples.Cookie, [], Samples.Held(record), false, 1, 1200, out _);
            MessageReader.Read(values, Samples.Network, read);

            Assert.That(stored, Is.EqualTo(record.Bytes.ToArray()));
            Assert.That(read.RecordAt(0).ToArray(), Is.EqualTo(record.Bytes.ToArray()));
        }, iter: 500);

    [Test]
    public void The_kind_written_is_the_methods_not_the_headers()
    {
        var read = new IncomingMessage();
        MessageHeader header = Samples.Header with { Kind = MessageKind.Values };

        MessageReader.Read(new MessageWriter().Goodbye(header, Samples.Cookie), Samples.Network, read);

        Assert.That(read.Header, Is.EqualTo(header with { Kind = MessageKind.Goodbye }));
    }

    [Test]
    public void A_record_too_long_to_store_is_a_mistake_of_the_caller() =>
        Assert.That(
            () => new MessageWriter().Store(Samples.Header, null, new byte[Record.MaxSize + 1]),
            Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void What_does_not_fit_into_the_buffer_is_a_mistake_in_the_writer_and_not_written() =>
        Assert.That(
            () => new MessageWriter().Pong(Samples.Header, Samples.IPv4, 1, new byte[1300], new byte[64], 1200),
            Throws.InvalidOperationException);

    [Test]
    public void Nothing_of_an_earlier_message_is_left_after_the_next_or_after_an_error()
    {
        var writer = new MessageWriter();
        var read = new IncomingMessage();
        byte[] values = writer.Values(
            Samples.Header with { IsClient = true }, Samples.IPv4, Samples.Cookie, Samples.Contacts(3),
            Samples.Held(Samples.RecordOf("a")), true, 9, 1200, out _).ToArray();
        byte[] pong = writer.Pong(Samples.Header, Samples.IPv4, Samples.Cookie, new byte[32], new byte[64], 1200).ToArray();
        byte[] find = writer.FindValue(
            Samples.Header, 1, new RecordKey(Samples.Id), AddressFamilies.Both, Samples.Id, new RecordCursor(Samples.Id, "a")).ToArray();
        byte[] stored = writer.Stored(Samples.Header, Samples.IPv4, Samples.Cookie, StoreStatus.Full, 5, 1200).ToArray();
        byte[] ping = writer.Ping(Samples.Header, null, null).ToArray();
        string fresh = Everything(ping);

        foreach (byte[] earlier in new[] { values, pong, find, stored })
        {
            MessageReader.Read(earlier, Samples.Network, read);
            MessageReader.Read(ping, Samples.Network, read);
            Assert.That(Everything(read), Is.EqualTo(fresh));

            MessageReader.Read(earlier, Samples.Network, read);
            MessageReader.Read(earlier.AsMemory(0, earlier.Length - 1), Samples.Network, read);
            Assert.That(Everything(read), Is.EqualTo(Everything(new IncomingMessage())));
        }
    }

    private static string Everything(byte[] datagram)
    {
        var read = new IncomingMessage();
        MessageReader.Read(datagram, Samples.Network, read);
        return Everything(read);
    }

    private static string Everything(IncomingMessage read) =>
        $"{read.Header} {read.Size} {read.HasCookie} {read.Cookie} {read.Observed} {read.Challenge} {read.Target} {read.Families} "
        + $"{read.Owner} {read.Cursor} {read.HasProof} {read.PublicKey.Length} {read.Signature.Length} {read.Status} "
        + $"{read.Sequence} {read.ContactCount} {read.RecordCount} {read.Total}";

    private static void LeaveTracesIn(MessageWriter writer)
    {
        byte[] ones = Enumerable.Repeat((byte)0xFF, Record.MaxSize).ToArray();
        writer.Store(Samples.Header, Samples.Cookie, ones);
    }
}
