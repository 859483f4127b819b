using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>Elements that came after the first version of a message: others may leave them out.</summary>
[TestFixture]
public sealed class LaterElementsTests
{
    private readonly IncomingMessage _message = new();

    [Test]
    public void An_age_is_a_number_of_32_bits_or_not_told()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ReadAge(pack => pack.Number(uint.MaxValue)), Is.EqualTo((WireError.None, (uint?)uint.MaxValue)));
            Assert.That(ReadAge(pack => pack.Nil()), Is.EqualTo((WireError.None, (uint?)null)));
            Assert.That(ReadAge(pack => pack.Number(1ul << 32)).Error, Is.EqualTo(WireError.Malformed));
            Assert.That(ReadAge(pack => pack.Text("9")).Error, Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void An_age_is_of_its_own_record()
    {
        Pack records = Reply().Array(0).Array(2).Array(3).Bytes([1]).Number(5).Number(6).Array(2).Bytes([2]).Number(7).Nil().Number(2);
        Assert.That(MessageReader.Read(Samples.Datagram(MessageKind.Values, records), Samples.Network, _message), Is.EqualTo(WireError.None));

        Assert.That((_message.AgeAt(0), _message.AgeAt(1)), Is.EqualTo(((uint?)6, (uint?)null)));
        Assert.That((_message.HeldAt(0), _message.HeldAt(1)), Is.EqualTo((5u, 7u)));
    }

    [TestCase(0, true)]
    [TestCase(128, true)]
    [TestCase(129, false)]
    public void A_filter_has_128_bytes_at_most(int length, bool isRead)
    {
        Assert.That(ReadFilter(pack => pack.Bytes(new byte[length])), Is.EqualTo(isRead ? WireError.None : WireError.Malformed));
        Assert.That(_message.Filter.Length, Is.EqualTo(isRead ? length : 0));
    }

    [Test]
    public void A_filter_of_another_form_is_refused_and_nil_is_none()
    {
        Assert.That(ReadFilter(pack => pack.Text("x")), Is.EqualTo(WireError.Malformed));
        Assert.That(ReadFilter(pack => pack.Nil()), Is.EqualTo(WireError.None));
        Assert.That(_message.Filter.IsEmpty, Is.True);
    }

    [Test]
    public void A_longer_filter_is_not_written()
    {
        Assert.That(
            () => new MessageWriter().FindValue(Samples.Header, 1, new RecordKey(Samples.Id), AddressFamilies.Both, null, null, new byte[129]),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void What_a_store_asks_for_beside_is_a_number_and_what_its_answer_names_are_contacts()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ReadStore(pack => pack.Number(2)), Is.EqualTo(WireError.None));
            Assert.That(_message.Families, Is.EqualTo(AddressFamilies.IPv6));
            Assert.That(ReadStore(pack => pack.Text("2")), Is.EqualTo(WireError.Malformed));
            Assert.That(ReadStored(pack => pack.Array(0)), Is.EqualTo(WireError.None));
            Assert.That(ReadStored(pack => pack.Number(0)), Is.EqualTo(WireError.Malformed));
        }
    }

    [Test]
    public void A_challenge_in_return_is_a_number_of_64_bits_or_none()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ReadPong(pack => pack.Number(ulong.MaxValue)), Is.EqualTo((WireError.None, (ulong?)ulong.MaxValue)));
            Assert.That(ReadPong(pack => pack.Number(0)), Is.EqualTo((WireError.None, (ulong?)0)));
            Assert.That(ReadPong(pack => pack.Nil()), Is.EqualTo((WireError.None, (ulong?)null)));
            Assert.That(ReadPong(pack => pack.Text("7")).Error, Is.EqualTo(WireError.Malformed));
            Assert.That(ReadPong(pack => pack.Bytes(new byte[8])).Error, Is.EqualTo(WireError.Malformed));
        }
    }

    private (WireError Error, ulong? InReturn) ReadPong(Func<Pack, Pack> inReturn)
    {
        Pack body = inReturn(new Pack().Array(4).Bytes(Samples.ToBytes(Samples.IPv4)).Bytes(Samples.CookieBytes).Nil());
        WireError error = MessageReader.Read(Samples.Datagram(MessageKind.Pong, body), Samples.Network, _message);
        return (error, _message.InReturn?.Value);
    }

    private WireError ReadStore(Func<Pack, Pack> families) => MessageReader.Read(
        Samples.Datagram(MessageKind.Store, families(new Pack().Array(3).Nil().Bytes([1]))), Samples.Network, _message);

    private WireError ReadStored(Func<Pack, Pack> contacts) => MessageReader.Read(
        Samples.Datagram(MessageKind.Stored, contacts(new Pack().Array(5).Bytes(Samples.ToBytes(Samples.IPv4)).Bytes(Samples.CookieBytes).Number(0).Number(0))),
        Samples.Network,
        _message);

    private static Pack Reply() => new Pack().Array(6).Bytes(Samples.ToBytes(Samples.IPv4)).Bytes(Samples.CookieBytes);

    private (WireError Error, uint? Age) ReadAge(Func<Pack, Pack> age)
    {
        Pack body = age(Reply().Array(0).Array(1).Array(3).Bytes([1]).Number(0)).Nil().Number(0);
        WireError error = MessageReader.Read(Samples.Datagram(MessageKind.Values, body), Samples.Network, _message);
        return (error, error == WireError.None ? _message.AgeAt(0) : null);
    }

    private WireError ReadFilter(Func<Pack, Pack> filter)
    {
        Pack body = filter(new Pack().Array(6).Nil().Bytes(Samples.IdBytes).Number(3).Nil().Nil());
        return MessageReader.Read(Samples.Datagram(MessageKind.FindValue, body), Samples.Network, _message);
    }
}
