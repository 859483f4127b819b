using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>Whatever arrives, reading does not throw, and what was accepted can be looked at in full.</summary>
[TestFixture]
public sealed class HostileInputTests
{
    /// <summary>Made once: most of the time would go into making them.</summary>
    private static readonly Gen<byte[]> Valid = Gen.OneOf(WireGen.Message
        .Select(message => (message with { Header = message.Header with { Network = Samples.Network } })
            .Write(new MessageWriter()).ToArray())
        .Array[1_000]
        .Single(_ => true, "0N0XIzNsQ0O2"));

    /// <summary>Bytes that begin elements more often than others, so that a body gets further than its first.</summary>
    private static readonly Gen<byte> Code = Gen.OneOf(
        Gen.Byte,
        Gen.OneOf<byte>(0x00, 0x90, 0x91, 0x92, 0x93, 0xC0, 0xC4, 0xC5, 0xD9, 0xDC, 0xDD, 0xDF, 0xCF, 0x06, 0x08, 0x14, 0x20));

    private static readonly Gen<(int Kind, int At, byte Value)[]> Mutations =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 1200], Code).Array[1, 4];

    [Test]
    public void Random_bytes_never_throw() =>
        Gen.Byte.Array[0, 200].Sample(TryRead, iter: 40_000);

    [Test]
    public void Random_elements_behind_a_valid_header_never_throw() =>
        Gen.Select(Gen.OneOf(Enum.GetValues<MessageKind>()), Code.Array[0, 120]).Sample(
            (kind, body) => TryRead(Samples.Begin(kind, 7).Raw(body).ToArray()), iter: 60_000);

    [Test]
    public void Mutated_messages_never_throw() =>
        Gen.Select(Valid, Mutations).Sample((datagram, mutations) => TryRead(Mutate(datagram, mutations)), iter: 60_000);

    [Test]
    public void Mutated_records_never_throw() =>
        Gen.Select(WireGen.SmallRecord, Mutations).Sample(
            (record, mutations) =>
            {
                byte[] bytes = Mutate(record.Bytes.ToArray(), mutations);
                bool isParsed = RecordCodec.TryParse(bytes, out Record? parsed, out RecordError error);
                Assert.That(isParsed, Is.EqualTo(error == RecordError.None));
                Assert.That(parsed is null || parsed.Bytes.Span.SequenceEqual(bytes), Is.True);
            },
            iter: 20_000);

    private static byte[] Mutate(byte[] bytes, (int Kind, int At, byte Value)[] mutations)
    {
        List<byte> mutated = [.. bytes];
        foreach ((int kind, int at, byte value) in mutations)
        {
            int index = at % (mutated.Count + 1);
            switch (kind)
            {
                case 0 when index < mutated.Count:
                    mutated[index] = value;
                    break;
                case 1 when index < mutated.Count:
                    mutated[index] ^= (byte)(1 << (value & 7));
                    break;
                case 2:
                    mutated.Insert(index, value);
                    break;
                case 3 when index < mutated.Count:
                    mutated.RemoveAt(index);
                    break;
                default:
                    mutated.RemoveRange(index, mutated.Count - index);
                    break;
            }
        }

        return [.. mutated];
    }

    private static void TryRead(byte[] datagram)
    {
        var message = new IncomingMessage();

        WireError error = MessageReader.Read(datagram, Samples.Network, message);
        Assert.That(error == WireError.None, Is.EqualTo(message.Header.Kind != MessageKind.None));
        if (error == WireError.None)
        {
            Assert.That(WireMessage.From(message).Describe(), Is.Not.Empty);
        }
    }
}
