using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

[TestFixture]
public sealed class RecordCodecTests
{
    private const ulong Day = 86_400_000;

    [Test]
    public void What_is_encoded_is_parsed_as_the_same() =>
        Gen.Select(WireGen.Fields, Gen.Byte.Array[0, 700], Gen.Byte.Array[Record.SignatureSize]).Sample((fields, content, signature) =>
        {
            byte[] payload = fields.IsTombstone ? [] : content;
            byte[] body = new byte[RecordCodec.MaxBodySize];

            int size = RecordCodec.EncodeBody(fields, payload, body);
            Record record = RecordCodec.Assemble(body.AsSpan(0, size), signature);

            var read = new RecordFields(
                record.Network, record.Key, fields.OwnerKey, default, record.Label, record.Sequence, record.Issued,
                record.TimeToLive, record.IsTombstone);
            Assert.That(read, Is.EqualTo(fields));
            Assert.That(record.OwnerKey.Span.SequenceEqual(fields.OwnerKey.Span), Is.True);
            Assert.That(record.Payload.Span.SequenceEqual(payload), Is.True);
            Assert.That(record.Body.SequenceEqual(body.AsSpan(0, size)), Is.True);
            Assert.That(record.Signature.SequenceEqual(signature), Is.True);
        }, iter: 2_000);

    [Test]
    public void The_bytes_are_a_copy()
    {
        byte[] bytes = Samples.RecordOf("a", 5).Bytes.ToArray();
        byte[] original = [.. bytes];

        bool isParsed = RecordCodec.TryParse(bytes, out Record? record, out _);
        Array.Clear(bytes);

        Assert.That(isParsed, Is.True);
        Assert.That(record!.Bytes.ToArray(), Is.EqualTo(original));
    }

    [Test]
    public void A_record_cut_off_anywhere_is_refused()
    {
        byte[] bytes = Samples.RecordOf("label", 50).Bytes.ToArray();

        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(RecordCodec.TryParse(bytes.AsSpan(0, length), out Record? record, out _), Is.False);
            Assert.That(record, Is.Null);
        }
    }

    [Test]
    public void Sizes_are_checked_first()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ErrorOf(new byte[1001]), Is.EqualTo(RecordError.TooLarge));
            Assert.That(ErrorOf(new byte[64]), Is.EqualTo(RecordError.TooShort));
            Assert.That(ErrorOf([]), Is.EqualTo(RecordError.TooShort));
            Assert.That(ErrorOf(new byte[65]), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Samples.RecordOfSize(1000).Bytes.ToArray()), Is.EqualTo(RecordError.None));
        }
    }

    [Test]
    public void Each_field_outside_its_limits_is_named()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ErrorOf(Body(new Fields())), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { Format = 2 })), Is.EqualTo(RecordError.OtherFormat));
            Assert.That(ErrorOf(Body(new Fields { Network = 1ul << 32 })), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields { Key = 19 })), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields { OwnerKey = 31 })), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields { Label = new byte[64] })), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { Label = new byte[65] })), Is.EqualTo(RecordError.InvalidLabel));
            Assert.That(ErrorOf(Body(new Fields { Label = [0xFF] })), Is.EqualTo(RecordError.InvalidLabel));
            Assert.That(ErrorOf(Body(new Fields { Issued = 253_402_300_799_999 })), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { Issued = 253_402_300_800_000 })), Is.EqualTo(RecordError.IssuedOutOfRange));
            Assert.That(ErrorOf(Body(new Fields { Issued = ulong.MaxValue })), Is.EqualTo(RecordError.IssuedOutOfRange));
            Assert.That(ErrorOf(Body(new Fields { TimeToLive = 0 })), Is.EqualTo(RecordError.TimeToLiveOutOfRange));
            Assert.That(ErrorOf(Body(new Fields { TimeToLive = 28_800 })), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { TimeToLive = 28_801 })), Is.EqualTo(RecordError.TimeToLiveOutOfRange));
            Assert.That(ErrorOf(Body(new Fields { Flags = 1 })), Is.EqualTo(RecordError.TombstoneWithPayload));
            Assert.That(ErrorOf(Body(new Fields { Flags = 1, Payload = [] })), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { Flags = ulong.MaxValue - 1 })), Is.EqualTo(RecordError.None));
        }
    }

    [Test]
    public void Further_elements_are_skipped_but_nothing_else_stands_before_the_signature()
    {
        byte[] deep = Enumerable.Repeat((byte)0x91, 9).Append((byte)0x90).ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ErrorOf(Body(new Fields { Elements = 12 }, pack => pack.Nil().Array(1).Nil())), Is.EqualTo(RecordError.None));
            Assert.That(ErrorOf(Body(new Fields { Elements = 11 }, pack => pack.Raw(deep))), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields { Elements = 11 })), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields { Elements = 9 })), Is.EqualTo(RecordError.Malformed));
            Assert.That(ErrorOf(Body(new Fields(), pack => pack.Raw(0))), Is.EqualTo(RecordError.TrailingBytes));
        }
    }

    [Test]
    public void Fields_that_make_no_record_are_a_mistake_of_the_caller()
    {
        RecordFields good = Samples.FieldsOf();
        using (Assert.EnterMultipleScope())
        {
            AssertRefused(good with { OwnerKey = new byte[31] });
            AssertRefused(good with { Label = new string('x', 65) });
            AssertRefused(good with { Label = "\uD800" });
            AssertRefused(good with { Issued = DateTimeOffset.UnixEpoch.AddMilliseconds(-1) });
            AssertRefused(good with { TimeToLive = TimeSpan.FromMilliseconds(999) });
            AssertRefused(good with { TimeToLive = TimeSpan.FromSeconds(28_801) });
            AssertRefused(good with { TimeToLive = TimeSpan.FromSeconds(-1) });
            AssertRefused(good with { IsTombstone = true }, payload: 1);
            AssertRefused(good, payload: 937);
            AssertRefused(good, payload: 900);
            AssertRefused(good, payload: 10, destination: 50);
        }
    }

    [Test]
    public void A_body_that_is_none_or_a_signature_of_another_length_is_not_assembled()
    {
        byte[] body = Samples.RecordOf().Body.ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => RecordCodec.Assemble(body, new byte[63]), Throws.InstanceOf<ArgumentException>());
            Assert.That(() => RecordCodec.Assemble(body.AsSpan(1), new byte[64]), Throws.InstanceOf<ArgumentException>());
        }
    }

    private static void AssertRefused(RecordFields fields, int payload = 0, int destination = 1000) =>
        Assert.That(
            () => RecordCodec.EncodeBody(fields, new byte[payload], new byte[destination]), Throws.InstanceOf<ArgumentException>());

    private static RecordError ErrorOf(byte[] bytes) =>
        RecordCodec.TryParse(bytes, out _, out RecordError error) ? RecordError.None : error;

    private static byte[] Body(Fields fields, Func<Pack, Pack>? more = null)
    {
        Pack pack = new Pack().Array(fields.Elements).Number(fields.Format).Number(fields.Network).Bytes(new byte[fields.Key])
            .Bytes(new byte[fields.OwnerKey]).Text(fields.Label).Number(7).Number(fields.Issued).Number(fields.TimeToLive)
            .Number(fields.Flags).Bytes(fields.Payload);
        return [.. (more is null ? pack : more(pack)).ToArray(), .. new byte[Record.SignatureSize]];
    }

    private sealed record Fields
    {
        public int Elements { get; init; } = 10;

        public ulong Format { get; init; } = 1;

        public ulong Network { get; init; } = Samples.Network;

        public int Key { get; init; } = 20;

        public int OwnerKey { get; init; } = 32;

        public byte[] Label { get; init; } = [0x61];

        public ulong Issued { get; init; } = 20_000 * Day;

        public ulong TimeToLive { get; init; } = 60;

        public ulong Flags { get; init; }

        public byte[] Payload { get; init; } = [1];
    }
}
