using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

[TestFixture]
public sealed class UdpSocketAddressTests
{
    [TestCase("192.0.2.1:4001", AddressFamily.InterNetwork)]
    [TestCase("[2001:db8::1:2]:65535", AddressFamily.InterNetworkV6)]
    public void The_bytes_are_those_of_the_framework(string text, AddressFamily family)
    {
        var endPoint = IPEndPoint.Parse(text);
        var written = new SocketAddress(family);
        UdpSocketAddress.Write(NodeEndpoint.From(endPoint), written);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(endPoint.Serialize()));
            Assert.That(UdpSocketAddress.TryRead(endPoint.Serialize(), out NodeEndpoint read), Is.True);
            Assert.That(read, Is.EqualTo(NodeEndpoint.From(endPoint)));
        }
    }

    [Test]
    public void An_IPv4_endpoint_takes_its_mapped_form_in_an_IPv6_address()
    {
        var endpoint = NodeEndpoint.From(IPEndPoint.Parse("192.0.2.1:4001"));
        var written = new SocketAddress(AddressFamily.InterNetworkV6);
        UdpSocketAddress.Write(endpoint, written);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(IPEndPoint.Parse("[::ffff:192.0.2.1]:4001").Serialize()));
            Assert.That(UdpSocketAddress.TryRead(written, out NodeEndpoint read), Is.True);
            Assert.That(read, Is.EqualTo(endpoint));
        }
    }

    [Test]
    public void Nothing_of_the_last_address_remains_when_another_is_written_over_it()
    {
        var address = new SocketAddress(AddressFamily.InterNetworkV6);
        UdpSocketAddress.Write(NodeEndpoint.From(IPEndPoint.Parse("[2001:db8::1:2]:65535")), address);
        UdpSocketAddress.Write(NodeEndpoint.From(IPEndPoint.Parse("192.0.2.1:1")), address);

        Assert.That(address, Is.EqualTo(IPEndPoint.Parse("[::ffff:192.0.2.1]:1").Serialize()));
    }

    [Test]
    public void An_address_that_is_cut_short_or_of_another_family_is_none([Values(0, 2, 7)] int size)
    {
        var cut = new SocketAddress(AddressFamily.InterNetwork) { Size = size };
        var other = new SocketAddress(AddressFamily.Unix, 32);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(UdpSocketAddress.TryRead(cut, out _), Is.False);
            Assert.That(UdpSocketAddress.TryRead(other, out _), Is.False);
        }
    }
}
