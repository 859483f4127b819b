using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

[TestFixture]
public sealed class UdpSocketErrorTests
{
    [Test]
    public void A_single_error_costs_no_pause_and_repeated_ones_up_to_a_quarter_of_a_second()
    {
        var backoff = default(ReceiveBackoff);

        double[] pauses = Enumerable.Range(0, 12).Select(_ => backoff.Failed(SocketError.Fault).TotalMilliseconds).ToArray();

        Assert.That(pauses, Is.EqualTo(new double[] { 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256 }));
    }

    [Test]
    public void A_success_begins_the_pauses_anew()
    {
        var backoff = default(ReceiveBackoff);
        backoff.Failed(SocketError.Fault);
        backoff.Failed(SocketError.Fault);
        backoff.Succeeded();

        Assert.That(backoff.Failed(SocketError.Fault), Is.EqualTo(TimeSpan.Zero));
    }

    [TestCase(SocketError.ConnectionReset)]
    [TestCase(SocketError.NetworkReset)]
    [TestCase(SocketError.ConnectionRefused)]
    [TestCase(SocketError.HostUnreachable)]
    [TestCase(SocketError.NetworkUnreachable)]
    public void What_others_can_cause_at_will_never_slows_the_receiver_down(SocketError error)
    {
        var backoff = default(ReceiveBackoff);
        backoff.Failed(error);
        backoff.Failed(error);

        Assert.That(backoff.Failed(error), Is.EqualTo(TimeSpan.Zero));
    }

    [TestCase(SocketError.AddressAlreadyInUse, "already in use", "another port")]
    [TestCase(SocketError.AddressNotAvailable, "not an address of this machine", "0.0.0.0")]
    [TestCase(SocketError.AccessDenied, "does not allow", "1024")]
    [TestCase(SocketError.TooManyOpenSockets, "cannot be opened", "TooManyOpenSockets")]
    public void A_failed_bind_says_where_why_and_what_to_do(SocketError error, string why, string what)
    {
        string message = UdpSocketFactory.Explain(IPEndPoint.Parse("192.0.2.1:4001"), new SocketException((int)error));

        Assert.That(message, Does.Contain("192.0.2.1").And.Contains("4001").And.Contains(why).And.Contains(what));
    }

    [TestCase(SocketError.AddressFamilyNotSupported, true)]
    [TestCase(SocketError.AddressNotAvailable, true)]
    [TestCase(SocketError.AddressAlreadyInUse, false)]
    [TestCase(SocketError.AccessDenied, false)]
    public void Only_missing_IPv6_makes_a_dual_stack_socket_fall_back_to_IPv4(SocketError error, bool falls) =>
        Assert.That(UdpSocketErrors.MeansNoIPv6(error), Is.EqualTo(falls));
}
