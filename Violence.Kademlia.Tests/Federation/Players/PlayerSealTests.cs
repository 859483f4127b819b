using CsCheck;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Players;

/// <summary>Who can find and read a row.</summary>
[TestFixture]
internal sealed class PlayerSealTests
{
    private static readonly NodeId Owner = DirectorySamples.Owner(7);
    private static readonly PlayerPlaceKey Key = PlayerSamples.Keys.Of("p-123");

    [Test]
    public void Who_knows_id_and_secret_finds_and_reads_the_row()
    {
        byte[] bytes = PlayerSamples.Seal(Key, Owner, PlayerSamples.Row);

        PlayerPlaceKey again = new PlayerKeys("a secret of the community").Of("p-123");

        Assert.That(again.Position, Is.EqualTo(Key.Position));
        Assert.That(PlayerSeal.TryOpen(again, Owner, bytes, out byte[]? row), Is.True);
        Assert.That(PlayerRowCodec.TryDecode(row, out PlayerRow? read) ? read : null, Is.EqualTo(PlayerSamples.Row));
    }

    [TestCase("p-124", "a secret of the community")]
    [TestCase("P-123", "a secret of the community")]
    [TestCase("p-123", "another secret")]
    public void With_another_id_or_secret_the_row_stands_elsewhere_and_stays_closed(string id, string secret)
    {
        byte[] bytes = PlayerSamples.Seal(Key, Owner, PlayerSamples.Row);

        PlayerPlaceKey other = new PlayerKeys(secret).Of(id);

        Assert.That(other.Position, Is.Not.EqualTo(Key.Position));
        Assert.That(PlayerSeal.TryOpen(Key with { SealingKey = other.SealingKey }, Owner, bytes, out _), Is.False);
    }

    [Test]
    public void The_keys_are_those_of_the_documentation()
    {
        // Computed with another implementation of HMAC.
        PlayerPlaceKey key = new PlayerKeys("dust and gold").Of("p-123");

        using (Assert.EnterMultipleScope())
        {
            Assert.That($"{key.Position}", Is.EqualTo("5e14512ef58a11a14ac07b919f322654b7998f19"));
            Assert.That(Convert.ToHexStringLower(key.SealingKey.Span), Is.EqualTo("0c085bb7c3595e4d3afe5d284b2b20c58d94b4b3ecc882a83432c6de67b947ee"));
        }
    }

    [Test]
    public void A_row_moved_to_another_owner_or_key_stays_closed()
    {
        byte[] bytes = PlayerSamples.Seal(Key, Owner, PlayerSamples.Row);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(PlayerSeal.TryOpen(Key, DirectorySamples.Owner(8), bytes, out _), Is.False);
            Assert.That(PlayerSeal.TryOpen(Key with { Position = new RecordKey(Owner) }, Owner, bytes, out _), Is.False);
        }
    }

    [Test]
    public void A_change_of_any_bit_is_noticed()
    {
        byte[] bytes = PlayerSamples.Seal(Key, Owner, PlayerSamples.Row);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(PlayerSeal.TryOpen(Key, Owner, changed, out _), Is.False, $"bit {bit}");
        }
    }

    [Test]
    public void Any_bytes_are_no_row_and_no_fault() => Gen.Byte.Array[0, 1_000].Sample(bytes =>
        !PlayerSeal.TryOpen(Key, Owner, bytes, out _) && (!PlayerRowCodec.TryDecode(bytes, out PlayerRow? row) || row.ServerName.Length > 0));

    [Test]
    public void The_name_of_the_network_stands_in_for_a_secret_and_is_no_secret_of_that_text()
    {
        RecordKey inNetwork = PlayerKeys.OfNetwork("violence").Of("p-123").Position;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(PlayerKeys.OfNetwork("violence").Of("p-123").Position, Is.EqualTo(inNetwork));
            Assert.That(PlayerKeys.OfNetwork("other").Of("p-123").Position, Is.Not.EqualTo(inNetwork));
            Assert.That(new PlayerKeys("violence").Of("p-123").Position, Is.Not.EqualTo(inNetwork));
        }
    }

    [Test]
    public void Rows_come_back_as_they_went_and_are_no_longer_than_told()
    {
        DirectorySamples.Servers.Sample(server =>
        {
            PlayerRow row = new(server.Name, server.Address, DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123));
            return PlayerRowCodec.TryDecode(PlayerRowCodec.Encode(row), out PlayerRow? read) && read == row;
        });
        PlayerRow longest = new(DirectorySamples.Longest.Name, DirectorySamples.Longest.Address, DateTimeOffset.MaxValue);

        Assert.That(PlayerRowCodec.Encode(longest), Has.Length.LessThanOrEqualTo(PlayerRowCodec.LongestWritten));
    }

    [TestCase("", "h:1")]
    [TestCase("bell\u0007", "h:1")]
    [TestCase("a", "0.0.0.0:1")]
    [TestCase("a", "h")]
    public void Rows_that_break_the_directorys_rules_are_not_read(string name, string address) =>
        Assert.That(PlayerRowCodec.TryDecode(PlayerRowCodec.Encode(new PlayerRow(name, address, DateTimeOffset.UnixEpoch)), out _), Is.False);
}
