using Violence.Kademlia.Node.CommandLine;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class ValuesTests
{
    [TestCase("play.example.org:4001", true)]
    [TestCase("localhost:1", true)]
    [TestCase("my_host:65535", true)]
    [TestCase("192.0.2.1:4001", true)]
    [TestCase("[2001:db8::1]:4001", true)]
    [TestCase("2001:db8::1:4001", false)]
    [TestCase("[192.0.2.1]:4001", false)]
    [TestCase("192.0.2.1:0", false)]
    [TestCase("192.0.2.1:65536", false)]
    [TestCase("192.0.2.1:+80", false)]
    [TestCase("192.0.2.1:", false)]
    [TestCase("192.0.2.256:80", false)]
    [TestCase("192.0.2:80", false)]
    [TestCase("1:2", false)]
    [TestCase(":4001", false)]
    [TestCase("", false)]
    [TestCase("a b:1", false)]
    [TestCase("[::1:80", false)]
    [TestCase("[]:80", false)]
    public void A_seed_is_a_host_and_a_port(string text, bool valid) =>
        Assert.That(Values.TryHostAndPort(text, out _), Is.EqualTo(valid));

    [TestCase("127.0.0.1:4001", "127.0.0.1:4001")]
    [TestCase("0.0.0.0:0", "0.0.0.0:0")]
    [TestCase("[::]:4001", "[::]:4001")]
    [TestCase("[::1]:0", "[::1]:0")]
    [TestCase("127.0.0.1", null)]
    [TestCase("::1", null)]
    [TestCase("4001", null)]
    [TestCase("127.1:4001", null)]
    [TestCase("example.org:4001", null)]
    public void An_address_to_listen_on_is_an_ip_and_a_port(string text, string? expected)
    {
        bool valid = Values.TryListen(text, out var endPoint);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(valid, Is.EqualTo(expected is not null));
            Assert.That(endPoint?.ToString(), Is.EqualTo(expected));
        }
    }

    [TestCase("0.1", true)]
    [TestCase("5", true)]
    [TestCase("5.5", true)]
    [TestCase("0.09", false)]
    [TestCase("5.6", false)]
    [TestCase("-1", false)]
    [TestCase("1e0", false)]
    [TestCase("NaN", false)]
    [TestCase("", false)]
    public void Seconds_are_plain_numbers_within_their_limits(string text, bool valid) =>
        Assert.That(Values.TrySeconds(text, 0.1, 5.5, out _), Is.EqualTo(valid));
}
