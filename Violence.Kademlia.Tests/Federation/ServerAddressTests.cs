using CsCheck;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Tests.Federation;

public sealed class ServerAddressTests
{
    [TestCase("203.0.113.7:27015")]
    [TestCase("10.0.0.1:1")]
    [TestCase("127.0.0.1:65535")]
    [TestCase("[2001:db8::1]:27015")]
    [TestCase("[::1]:1")]
    [TestCase("[2001:db8::203.0.113.7]:1")]
    [TestCase("localhost:27015")]
    [TestCase("game-1.example.org:27015")]
    [TestCase("4players.example:27015")]
    [TestCase("1.2.3.4.example:27015")]
    public void Addresses_players_can_connect_to_are_accepted(string address) =>
        Assert.That(ServerAddress.IsValid(address), Is.True);

    [TestCase("", Description = "nothing")]
    [TestCase(":", Description = "neither host nor port")]
    [TestCase(":27015", Description = "no host")]
    [TestCase("203.0.113.7", Description = "no port")]
    [TestCase("203.0.113.7:", Description = "empty port")]
    [TestCase("203.0.113.7:0", Description = "port 0")]
    [TestCase("203.0.113.7:65536", Description = "port too large")]
    [TestCase("203.0.113.7:99999999999", Description = "port beyond int")]
    [TestCase("203.0.113.7:+1", Description = "sign")]
    [TestCase("203.0.113.7: 1", Description = "blank")]
    [TestCase("203.0.113.7:01", Description = "second form of port 1")]
    [TestCase("host:0", Description = "port 0 of a name")]
    [TestCase("203.0.113:27015", Description = "three parts")]
    [TestCase("203.0.113.7.8:27015", Description = "five parts")]
    [TestCase("203.0.113.256:27015", Description = "part too large")]
    [TestCase("203.0.113.07:27015", Description = "octal to some")]
    [TestCase("203.0..7:27015", Description = "empty part")]
    [TestCase("3405803783:27015", Description = "one number")]
    [TestCase("0.0.0.0:27015", Description = "unspecified IPv4")]
    [TestCase("224.0.0.1:27015", Description = "multicast IPv4")]
    [TestCase("255.255.255.255:27015", Description = "broadcast")]
    [TestCase("[::]:27015", Description = "unspecified IPv6")]
    [TestCase("[ff02::1]:27015", Description = "multicast IPv6")]
    [TestCase("[::1]:0", Description = "port 0 of IPv6")]
    [TestCase("2001:db8::1:27015", Description = "IPv6 without brackets")]
    [TestCase("[[::1]]:27015", Description = "brackets twice")]
    [TestCase("[::1:27015", Description = "open bracket")]
    [TestCase("[:27015", Description = "bracket alone")]
    [TestCase("[]:27015", Description = "empty brackets")]
    [TestCase("[fe80::1%eth0]:27015", Description = "scope id")]
    [TestCase("[203.0.113.7]:27015", Description = "IPv4 in brackets")]
    [TestCase("[example.org]:27015", Description = "name in brackets")]
    [TestCase("-host:27015", Description = "leading dash")]
    [TestCase("host-.example:27015", Description = "trailing dash")]
    [TestCase("host..example:27015", Description = "empty label")]
    [TestCase("host.:27015", Description = "trailing dot")]
    [TestCase("under_score:27015", Description = "underscore")]
    [TestCase("hóst:27015", Description = "not ASCII")]
    [TestCase("a b:27015", Description = "blank in name")]
    [TestCase("user@host:27015", Description = "user")]
    [TestCase("http://host:27015", Description = "URL")]
    [TestCase("host\0:27015", Description = "control character")]
    public void Anything_else_is_refused(string address) => Assert.That(ServerAddress.IsValid(address), Is.False);

    [Test]
    public void Host_names_end_at_253_characters_and_labels_at_63()
    {
        string label = new('h', 63);
        string longest = $"{label}.{label}.{label}.{new string('h', 61)}";

        using (Assert.EnterMultipleScope())
        {
            Assert.That(longest, Has.Length.EqualTo(253));
            Assert.That(ServerAddress.IsValid($"{longest}:65535"), Is.True);
            Assert.That(ServerAddress.IsValid($"{longest}h:65535"), Is.False);
            Assert.That(ServerAddress.IsValid($"{label}h:65535"), Is.False);
            Assert.That(ServerAddress.IsValid($"[{new string('0', 300)}::1]:1"), Is.False);
        }
    }

    [Test]
    public void Any_text_is_judged_without_an_exception() =>
        Gen.String[Gen.Char["0123456789abf.:[]%-/ "], 0, 40].Sample(address =>
        {
            _ = ServerAddress.IsValid(address);
        });
}
