using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation;

/// <summary>Addresses that mean another host to everybody else have no place on a public network.</summary>
public sealed class AddressScopeTests
{
    [TestCase("127.0.0.1:1", true)]
    [TestCase("127.7.7.7:1", true)]
    [TestCase("10.1.2.3:1", true)]
    [TestCase("172.31.0.1:1", true)]
    [TestCase("172.32.0.1:1", false)]
    [TestCase("192.168.1.1:1", true)]
    [TestCase("100.64.0.1:1", true)]
    [TestCase("169.254.1.1:1", true)]
    [TestCase("[::1]:1", true)]
    [TestCase("[fe80::1]:1", true)]
    [TestCase("[fd12::1]:1", true)]
    [TestCase("[::ffff:192.168.0.1]:1", true)]
    [TestCase("[2001:db8::1]:1", false)]
    [TestCase("[::ffff:203.0.113.1]:1", false)]
    [TestCase("203.0.113.1:1", false)]
    [TestCase("localhost:1", true)]
    [TestCase("LocalHost:1", true)]
    [TestCase("a.localhost:1", true)]
    [TestCase("play.example.org:1", false)]
    [TestCase("10.example.org:1", false)]
    public void Private_are_all_that_do_not_mean_one_host_to_everybody(string address, bool expected) =>
        Assert.That(ServerAddress.IsPrivate(address), Is.EqualTo(expected));

    [Test]
    public void The_refusal_names_field_value_and_rule()
    {
        ServerInfo lan = DirectorySamples.Arena with { Address = "192.168.1.1:1" };

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => ServerInfoValidator.Require(lan, "server", AddressScope.PublicOnly))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.Message, Does.Contain("Address is \"192.168.1.1:1\"").And.Contain("AllowPrivateAddresses"));
            Assert.That(() => ServerInfoValidator.Require(lan, "server"), Throws.Nothing);
            Assert.That(() => ServerInfoValidator.Require(DirectorySamples.Arena with { Address = null! }, "server", AddressScope.PublicOnly), Throws.ArgumentException);
        }
    }

    [Test]
    public void Readers_on_a_public_network_leave_such_rows_out()
    {
        ServerInfo lan = DirectorySamples.Arena with { Address = "10.0.0.1:1" };
        NodeId owner = DirectorySamples.Owner(1);
        ServerQuery query = new() { Genre = lan.Genre };
        Record entry = DirectorySamples.GenreRecord(lan, owner);
        ServerNameText name = new(DirectoryText.NormalizeName(lan.Name), null);

        using (Assert.EnterMultipleScope())
        {
            foreach ((AddressScope scope, int expected) in new[] { (AddressScope.Any, 1), (AddressScope.PublicOnly, 0) })
            {
                Assert.That(DirectoryReading.Query(query, DirectorySamples.Found(entry), scope), Has.Count.EqualTo(expected));
                Assert.That(new ServerStream(query, scope).TryAccept(entry, out _), Is.EqualTo(expected == 1));
                Assert.That(
                    DirectoryReading.Lookup(name, DirectorySamples.Found(DirectorySamples.NameRecord(lan, owner)), scope).Status,
                    Is.EqualTo(expected == 1 ? ServerLookupStatus.Found : ServerLookupStatus.NotFound));
            }
        }
    }
}
