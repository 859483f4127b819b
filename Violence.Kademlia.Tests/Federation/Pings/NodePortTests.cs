using System.Net;
using Violence.Kademlia.Federation.Pings;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Pings;

public sealed class NodePortTests
{
    [TestCase("203.0.113.7:1", "203.0.113.7:4001", null, 4001)]
    [TestCase("203.0.113.7:1", "0.0.0.0:4001", "203.0.113.7:9", 9)]
    [TestCase("[2001:db8::7]:1", "[::]:4001", "[2001:db8::7]:9", 9)]
    [TestCase("203.0.113.7:1", "0.0.0.0:4001", null, 4001)]
    [TestCase("203.0.113.7:1", "[::]:4001", null, 4001)]
    [TestCase("203.0.113.7:1", "0.0.0.0:4001", "203.0.113.8:9", null)]
    [TestCase("203.0.113.7:1", "127.0.0.2:4001", null, null)]
    [TestCase("127.0.0.2:1", "127.0.0.2:4001", null, 4001)]
    [TestCase("play.example.org:1", "0.0.0.0:4001", null, 4001)]
    [TestCase("play.example.org:1", "0.0.0.0:4001", "203.0.113.8:9", 9)]
    public void The_port_is_told_when_the_node_is_at_the_servers_host_as_far_as_is_known(string address, string bound, string? external, int? expected) =>
        Assert.That(
            NodePort.For(address, NodeMode.Server, Endpoint(bound), external is null ? null : Endpoint(external)), Is.EqualTo(expected));

    [Test]
    public void A_client_tells_none_since_it_answers_nobody() =>
        Assert.That(NodePort.For("203.0.113.7:1", NodeMode.Client, Endpoint("203.0.113.7:4001"), external: null), Is.Null);

    private static NodeEndpoint Endpoint(string text) => NodeEndpoint.From(IPEndPoint.Parse(text));
}
