using System.Security.Cryptography;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class RecordTests
{
    private static readonly RecordFields Fields = new(
        1, new RecordKey(new NodeId(1, 2, 3)), new byte[32], new NodeId(4, 5, 6), "label", 7, DateTimeOffset.UnixEpoch,
        TimeSpan.FromHours(1), false);

    [Test]
    public void A_key_is_a_hash_over_purpose_and_text()
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("violence-kad key\nserver-name\nKöln"));

        Assert.That(RecordKey.FromText("server-name", "Köln"), Is.EqualTo(new RecordKey(new NodeId(hash))));
    }

    [Test]
    public void A_text_has_another_key_for_every_purpose()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(RecordKey.FromText("a", "x"), Is.Not.EqualTo(RecordKey.FromText("b", "x")));
            Assert.That(RecordKey.FromText("a", "x"), Is.Not.EqualTo(RecordKey.FromText("a", "y")));
            Assert.That(() => RecordKey.FromText(null!, "x"), Throws.ArgumentNullException);
            Assert.That(() => RecordKey.FromText("a", null!), Throws.ArgumentNullException);
        }
    }

    [Test]
    public void A_key_reads_as_its_position() =>
        Assert.That(new RecordKey(new NodeId(1, 2, 3)).ToString(), Is.EqualTo(new NodeId(1, 2, 3).ToString()));

    [Test]
    public void A_record_is_its_bytes_in_three_parts()
    {
        byte[] bytes = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        var record = new Record(bytes, Fields, 10, 5);
        byte[] hash = new byte[32];
        record.Hash(hash);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Size, Is.EqualTo(100));
            Assert.That(record.Body.ToArray(), Is.EqualTo(bytes[..36]));
            Assert.That(record.Signature.ToArray(), Is.EqualTo(bytes[36..]));
            Assert.That(record.Payload.ToArray(), Is.EqualTo(bytes[10..15]));
            Assert.That(hash, Is.EqualTo(SHA256.HashData(bytes)));
        }
    }

    [Test]
    public void Records_are_the_same_when_all_their_bytes_are()
    {
        byte[] bytes = new byte[100];
        var record = new Record(bytes, Fields, 0, 0);
        byte[] other = [.. bytes];
        other[^1] = 1;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.SameBytes(new Record([.. bytes], Fields with { Sequence = 9 }, 0, 0)), Is.True);
            Assert.That(record.SameBytes(new Record(other, Fields, 0, 0)), Is.False);
        }
    }
}
