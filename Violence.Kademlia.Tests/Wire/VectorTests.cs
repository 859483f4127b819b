using System.Buffers.Binary;
using System.Net;
using System.Text;
using NSec.Cryptography;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Wire;

/// <summary>The vectors of docs/protocol.md, in both directions.</summary>
[TestFixture]
public sealed class VectorTests
{
    private static readonly SignatureAlgorithm Ed25519 = SignatureAlgorithm.Ed25519;

    private static IEnumerable<TestCaseData> Cases(string type) =>
        Vector.OfType(type).Select((vector, i) =>
            new TestCaseData(vector).SetArgDisplayNames($"{vector.Find("kind") ?? vector.Find("reason") ?? type} {i + 1}"));

    [Test]
    public void Every_kind_of_message_has_a_vector()
    {
        IEnumerable<MessageKind> kinds = Vector.OfType("message").Select(vector => WireMessage.Parse(vector).Header.Kind).Distinct();

        Assert.That(kinds, Is.EquivalentTo(Enum.GetValues<MessageKind>().Except([MessageKind.None])));
    }

    [TestCaseSource(nameof(Cases), new object[] { "message" })]
    [TestCaseSource(nameof(Cases), new object[] { "reading" })]
    public void Bytes_are_read_as_the_fields_given(object argument)
    {
        var vector = (Vector)argument;
        var message = new IncomingMessage();

        WireError error = MessageReader.Read(vector.Bytes("bytes"), vector.Hex32("network"), message);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error, Is.EqualTo(WireError.None));
            Assert.That(WireMessage.From(message).Describe(), Is.EqualTo(vector.Description()));
        }
    }

    [TestCaseSource(nameof(Cases), new object[] { "message" })]
    public void Fields_are_written_as_the_bytes_given(object argument)
    {
        var vector = (Vector)argument;

        ReadOnlyMemory<byte> written = WireMessage.Parse(vector).Write(new MessageWriter());

        Assert.That(Convert.ToHexStringLower(written.Span), Is.EqualTo(vector["bytes"]));
    }

    [TestCaseSource(nameof(Cases), new object[] { "refused" })]
    public void Bytes_are_refused_for_the_reason_given(object argument)
    {
        var vector = (Vector)argument;

        WireError error = MessageReader.Read(vector.Bytes("bytes"), vector.Hex32("network"), new IncomingMessage());

        Assert.That(error.ToString(), Is.EqualTo(vector["reason"]));
    }

    [TestCaseSource(nameof(Cases), new object[] { "network" })]
    public void Network_ids_follow_from_names(object argument)
    {
        var vector = (Vector)argument;

        Assert.That(NetworkIds.Of(vector["name"]), Is.EqualTo(vector.Hex32("id")));
    }

    [TestCaseSource(nameof(Cases), new object[] { "key" })]
    public void Record_keys_follow_from_texts(object argument)
    {
        var vector = (Vector)argument;

        Assert.That(RecordKey.FromText(vector["purpose"], vector["text"]), Is.EqualTo(new RecordKey(vector.Id("position"))));
    }

    [TestCaseSource(nameof(Cases), new object[] { "record" })]
    public void Records_are_read_as_the_fields_given(object argument)
    {
        var vector = (Vector)argument;

        bool isParsed = RecordCodec.TryParse(vector.Bytes("bytes"), out Record? record, out RecordError error);

        Assert.That(isParsed, Is.True, error.ToString());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record!.Bytes.ToArray(), Is.EqualTo(vector.Bytes("bytes")));
            Assert.That(FieldsOf(record), Is.EqualTo(FieldsOf(vector, record.OwnerKey)));
            Assert.That(record.OwnerKey.ToArray(), Is.EqualTo(vector.Bytes("owner-key")));
            Assert.That(record.Payload.ToArray(), Is.EqualTo(vector.Bytes("payload")));
            Assert.That(Ed25519.Verify(KeyOf(vector, "owner-key"), Signed(record.Body), record.Signature), Is.True);
        }
    }

    [TestCaseSource(nameof(Cases), new object[] { "record" })]
    public void Records_are_written_and_signed_as_the_bytes_given(object argument)
    {
        var vector = (Vector)argument;
        using Key key = Key.Import(Ed25519, vector.Bytes("seed"), KeyBlobFormat.RawPrivateKey);
        byte[] body = new byte[RecordCodec.MaxBodySize];

        int size = RecordCodec.EncodeBody(FieldsOf(vector, vector.Bytes("owner-key")), vector.Bytes("payload"), body);
        Record record = RecordCodec.Assemble(body.AsSpan(0, size), Ed25519.Sign(key, Signed(body.AsSpan(0, size))));

        Assert.That(Convert.ToHexStringLower(record.Bytes.Span), Is.EqualTo(vector["bytes"]));
    }

    [TestCaseSource(nameof(Cases), new object[] { "proof" })]
    public void Proofs_are_signatures_over_what_the_page_says(object argument)
    {
        var vector = (Vector)argument;
        byte[] challenge = Samples.ToBytes(NodeEndpoint.From(IPEndPoint.Parse(vector["challenge"])));
        byte[] numbers = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, vector.Hex32("network"));
        BinaryPrimitives.WriteUInt64BigEndian(numbers.AsSpan(4), vector.Hex64("transaction"));
        byte[] signed =
        [
            .. "violence-kad proof\n"u8, .. numbers[..4], .. vector.Bytes("prover"), .. vector.Bytes("asker"), .. numbers[4..],
            .. challenge,
        ];

        Assert.That(Ed25519.Verify(KeyOf(vector, "public-key"), signed, vector.Bytes("signature")), Is.True);
    }

    private static byte[] Signed(ReadOnlySpan<byte> body) => [.. Encoding.ASCII.GetBytes("violence-kad record\n"), .. body];

    private static PublicKey KeyOf(Vector vector, string name) =>
        PublicKey.Import(Ed25519, vector.Bytes(name), KeyBlobFormat.RawPublicKey);

    private static RecordFields FieldsOf(Record record) => new(
        record.Network,
        record.Key,
        record.OwnerKey,
        record.Owner,
        record.Label,
        record.Sequence,
        record.Issued,
        record.TimeToLive,
        record.IsTombstone);

    private static RecordFields FieldsOf(Vector vector, ReadOnlyMemory<byte> ownerKey) => new(
        vector.Hex32("network"),
        new RecordKey(vector.Id("key")),
        ownerKey,
        vector.Id("owner"),
        vector["label"],
        vector.Number("sequence"),
        DateTimeOffset.FromUnixTimeMilliseconds((long)vector.Number("issued")),
        TimeSpan.FromSeconds(vector.Number("time-to-live")),
        vector["tombstone"] == "yes");
}
