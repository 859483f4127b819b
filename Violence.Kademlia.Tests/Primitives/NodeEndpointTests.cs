using System.Net;
using System.Net.Sockets;
using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

[TestFixture]
public sealed class NodeEndpointTests
{
    [Test]
    public void Bytes_are_read_as_they_were_written() =>
        PrimitiveGen.Endpoint.Sample(endpoint =>
        {
            byte[] bytes = new byte[NodeEndpoint.IPv6Size];
            int length = endpoint.CopyTo(bytes);
            return length == endpoint.WireSize
                && length == (endpoint.IsIPv4 ? 6 : 18)
                && NodeEndpoint.TryRead(bytes.AsSpan(0, length), out NodeEndpoint read)
                && read == endpoint;
        });

    [Test]
    public void The_framework_form_is_converted_there_and_back() =>
        PrimitiveGen.Endpoint.Sample(endpoint =>
            NodeEndpoint.From(endpoint.ToIPEndPoint()) == endpoint
            && endpoint.ToIPEndPoint().AddressFamily == endpoint.AddressFamily
            && endpoint.ToIPEndPoint().Port == endpoint.Port
            && IPEndPoint.Parse(endpoint.ToString()).Equals(endpoint.ToIPEndPoint()));

    [Test]
    public void The_bytes_are_address_then_port_in_network_order()
    {
        byte[] bytes = new byte[18];
        Of("192.0.2.1:4001").CopyTo(bytes);
        Assert.That(bytes[..6], Is.EqualTo(new byte[] { 192, 0, 2, 1, 0x0F, 0xA1 }));

        Of("[2001:db8::1]:4002").CopyTo(bytes);
        Assert.That(bytes, Is.EqualTo(new byte[] { 0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x0F, 0xA2 }));
    }

    [TestCase("192.0.2.1:4001")]
    [TestCase("[2001:db8::1]:4001")]
    [TestCase("0.0.0.0:0")]
    public void The_text_is_the_usual_one(string text) => Assert.That(Of(text).ToString(), Is.EqualTo(text));

    [Test]
    public void A_mapped_address_counts_as_IPv4_but_is_refused_in_the_long_form()
    {
        NodeEndpoint mapped = NodeEndpoint.From(new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.1"), 4001));
        byte[] bytes = [.. new byte[10], 0xFF, 0xFF, 192, 0, 2, 1, 0x0F, 0xA1];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(mapped, Is.EqualTo(Of("192.0.2.1:4001")));
            Assert.That(mapped.AddressFamily, Is.EqualTo(AddressFamily.InterNetwork));
            Assert.That(mapped.GetHashCode(), Is.EqualTo(Of("192.0.2.1:4001").GetHashCode()));
            Assert.That(NodeEndpoint.TryRead(bytes, out _), Is.False);
        }
    }

    [Test]
    public void Only_6_or_18_bytes_are_an_endpoint()
    {
        foreach (int length in Enumerable.Range(0, 25).Except([6, 18]))
        {
            Assert.That(NodeEndpoint.TryRead(new byte[length], out NodeEndpoint endpoint), Is.False);
            Assert.That(endpoint, Is.EqualTo(default(NodeEndpoint)));
        }
    }

    [Test]
    public void A_scope_id_is_dropped() =>
        Assert.That(NodeEndpoint.From(new IPAddress(IPAddress.Parse("fe80::1").GetAddressBytes(), 7), 1), Is.EqualTo(Of("[fe80::1]:1")));

    [TestCase("192.0.2.1:4001", true)]
    [TestCase("1.0.0.0:1", true)]
    [TestCase("223.255.255.255:65535", true)]
    [TestCase("127.0.0.1:1", true)]
    [TestCase("192.0.2.1:0", false)]
    [TestCase("0.0.0.0:1", false)]
    [TestCase("0.1.2.3:1", false)]
    [TestCase("224.0.0.1:1", false)]
    [TestCase("239.255.255.255:1", false)]
    [TestCase("255.255.255.255:1", false)]
    [TestCase("[2001:db8::1]:1", true)]
    [TestCase("[::1]:1", true)]
    [TestCase("[2001:db8::1]:0", false)]
    [TestCase("[::]:1", false)]
    [TestCase("[ff02::1]:1", false)]
    public void Sendable_is_what_one_node_can_receive_at(string text, bool expected) =>
        Assert.That(Of(text).IsSendable, Is.EqualTo(expected));

    [TestCase("127.0.0.1:1", true)]
    [TestCase("127.255.255.255:1", true)]
    [TestCase("[::1]:1", true)]
    [TestCase("126.255.255.255:1", false)]
    [TestCase("128.0.0.0:1", false)]
    [TestCase("[::2]:1", false)]
    [TestCase("[1::1]:1", false)]
    public void Loopback_is_this_host(string text, bool expected) => Assert.That(Of(text).IsLoopback, Is.EqualTo(expected));

    [TestCase("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0")]
    [TestCase("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0")]
    [TestCase("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0")]
    [TestCase("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0")]
    [TestCase("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0")]
    [TestCase("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0")]
    [TestCase("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fbff:ffff::", "fe00::")]
    [TestCase("fe80::", "febf:ffff::", "fe7f:ffff::", "fec0::")]
    [TestCase("::1", "::1", "::2", "2001:db8::1")]
    public void Private_networks_begin_and_end_where_their_RFCs_say(string first, string last, string before, string behind)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(At(first).IsPrivate, Is.True);
            Assert.That(At(last).IsPrivate, Is.True);
            Assert.That(At(before).IsPrivate, Is.False);
            Assert.That(At(behind).IsPrivate, Is.False);
        }
    }

    [TestCase("192.0.2.1", "192.0.2.255", true)]
    [TestCase("192.0.2.1", "192.0.3.1", false)]
    [TestCase("2001:db8:1::1", "2001:db8:1:ffff::2", true)]
    [TestCase("2001:db8:1::1", "2001:db8:2::1", false)]
    [TestCase("192.0.2.1", "::c000:2", false)]
    [TestCase("0.0.0.1", "::1", false)]
    public void Addresses_of_one_network_share_a_prefix(string left, string right, bool expected) =>
        Assert.That(At(left).NetworkPrefix == At(right).NetworkPrefix, Is.EqualTo(expected));

    [Test]
    public void Equal_means_same_address_and_port()
    {
        NodeEndpoint endpoint = Of("192.0.2.1:4001");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(endpoint == Of("192.0.2.1:4001"), Is.True);
            Assert.That(endpoint != Of("192.0.2.1:4002"), Is.True);
            Assert.That(endpoint != Of("192.0.2.2:4001"), Is.True);
            Assert.That(Of("[1::1]:1") != Of("[2::1]:1"), Is.True);
            Assert.That(endpoint, Is.Not.EqualTo(new object()));
        }
    }

    [Test]
    public void Families_include_the_endpoints_of_their_kind()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (AddressFamilies families in Enum.GetValues<AddressFamilies>())
            {
                Assert.That(families.Includes(At("192.0.2.1")), Is.EqualTo(families is AddressFamilies.IPv4 or AddressFamilies.Both));
                Assert.That(families.Includes(At("2001:db8::1")), Is.EqualTo(families is AddressFamilies.IPv6 or AddressFamilies.Both));
            }
        }
    }

    [Test]
    public void A_contact_reads_as_its_id_and_where_it_is() =>
        Assert.That(new Contact(NodeId.Zero, Of("192.0.2.1:4001")).ToString(), Is.EqualTo($"{NodeId.Zero} at 192.0.2.1:4001"));

    private static NodeEndpoint Of(string text) => NodeEndpoint.From(IPEndPoint.Parse(text));

    private static NodeEndpoint At(string address) => NodeEndpoint.From(IPAddress.Parse(address), 4001);
}
