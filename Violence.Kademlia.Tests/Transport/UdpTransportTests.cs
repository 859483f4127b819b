using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

[TestFixture(true)]
[TestFixture(false)]
internal sealed class UdpTransportTests(bool hasOwnThread)
{
    [TestCase("127.0.0.1:0", AddressFamilies.IPv4)]
    [TestCase("[::1]:0", AddressFamilies.IPv6)]
    public void A_datagram_and_its_answer_arrive_with_the_address_of_the_sender(string address, object families)
    {
        RequireLoopback(address);
        using var asker = new TransportProbe(address, hasOwnThread);
        using var answerer = new TransportProbe(address, hasOwnThread);

        bool sent = asker.Transport.Send(answerer.Endpoint, [1, 2, 3]);
        (NodeEndpoint source, byte[] question) = answerer.Next();
        answerer.Transport.Send(source, question);
        (NodeEndpoint from, byte[] answer) = asker.Next();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(sent, Is.True);
            Assert.That(source, Is.EqualTo(asker.Endpoint));
            Assert.That(from, Is.EqualTo(answerer.Endpoint));
            Assert.That(answer, Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(asker.Transport.Families, Is.EqualTo(families));
            Assert.That(asker.Endpoint.Port, Is.Not.Zero);
        }
    }

    [Test]
    public void A_dual_stack_transport_exchanges_datagrams_with_IPv4_and_IPv6()
    {
        RequireLoopback("[::1]:0");
        using var both = new TransportProbe("[::]:0", hasOwnThread);
        using var old = new TransportProbe("127.0.0.1:0", hasOwnThread);
        using var young = new TransportProbe("[::1]:0", hasOwnThread);

        old.Transport.Send(both.EndpointAt(IPAddress.Loopback), [4]);
        (NodeEndpoint fromOld, byte[] four) = both.Next();
        young.Transport.Send(both.EndpointAt(IPAddress.IPv6Loopback), [6]);
        (NodeEndpoint fromYoung, byte[] six) = both.Next();
        both.Transport.Send(fromOld, [44]);
        both.Transport.Send(fromYoung, [66]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(both.Transport.Families, Is.EqualTo(AddressFamilies.Both));
            Assert.That((fromOld, four[0]), Is.EqualTo((old.Endpoint, (byte)4)));
            Assert.That((fromYoung, six[0]), Is.EqualTo((young.Endpoint, (byte)6)));
            Assert.That(old.Next().Payload, Is.EqualTo(new byte[] { 44 }));
            Assert.That(young.Next().Payload, Is.EqualTo(new byte[] { 66 }));
        }
    }

    [Test]
    public void What_has_arrived_and_nobody_has_read_is_known_until_the_end()
    {
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        var local = NodeEndpoint.From(IPEndPoint.Parse("127.0.0.1:0"));
        using UdpTransport idle = UdpTransport.Bind(local, TransportProbe.OptionsFor(hasOwnThread), new Counters());
        bool before = idle.HasWaiting;

        sender.Transport.Send(idle.LocalEndpoint, [1]);

        Assert.That(before, Is.False);
        TransportProbe.WaitUntil(() => idle.HasWaiting, "it arrives");
        idle.Dispose();
        Assert.That(idle.HasWaiting, Is.False);
    }

    [Test]
    public void Any_IPv6_means_any_IPv4_where_the_system_has_no_IPv6()
    {
        var any = NodeEndpoint.From(IPEndPoint.Parse("[::]:0"));
        using var probe = new TransportProbe(UdpSocketFactory.Bind(any, 1 << 16, systemHasIPv6: false), hasOwnThread);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(probe.Transport.Families, Is.EqualTo(AddressFamilies.IPv4));
            Assert.That(probe.Endpoint.ToIPEndPoint().Address, Is.EqualTo(IPAddress.Any));
        }
    }

    [TestCase("127.0.0.1")]
    [TestCase("[::]")]
    public void A_port_in_use_is_an_error_that_names_it(string address)
    {
        RequireLoopback(address + ":0");
        using var first = new TransportProbe(address + ":0", hasOwnThread);

        Assert.That(
            () => new TransportProbe($"{address}:{first.Endpoint.Port}", hasOwnThread),
            Throws.TypeOf<TransportException>().With.Message.Contains($"{first.Endpoint.Port}").And.Message.Contains("already in use"));
    }

    [Test]
    public void An_address_of_another_machine_is_an_error_that_names_it() =>
        Assert.That(() => new TransportProbe("192.0.2.1:0", hasOwnThread), Throws.TypeOf<TransportException>().With.Message.Contains("192.0.2.1"));

    [Test]
    public void A_refused_receive_buffer_is_no_reason_to_fail()
    {
        UdpTransportOptions greedy = Options with { ReceiveBufferBytes = int.MaxValue };

        Assert.That(() => UdpTransport.Bind(NodeEndpoint.From(IPAddress.Loopback, 0), greedy, new Counters()).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Datagrams_longer_than_allowed_are_dropped_and_counted()
    {
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        using var receiver = new TransportProbe(hasOwnThread: hasOwnThread);

        sender.Transport.Send(receiver.Endpoint, new byte[TransportProbe.MaxDatagram + 1]);
        sender.Transport.Send(receiver.Endpoint, new byte[9000]);
        sender.Transport.Send(receiver.Endpoint, new byte[TransportProbe.MaxDatagram]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(receiver.Next().Payload, Has.Length.EqualTo(TransportProbe.MaxDatagram));
            Assert.That(receiver.Counters.Dropped(DropReason.TooLarge), Is.EqualTo(2));
            Assert.That(receiver.Counters.DroppedTotal, Is.EqualTo(2));
        }
    }

    [Test]
    public void Thousands_of_datagrams_arrive_whole_and_in_order()
    {
        const int Batches = 200;
        const int BatchSize = 25;
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        using var receiver = new TransportProbe(hasOwnThread: hasOwnThread);

        for (int batch = 0; batch < Batches; batch++)
        {
            for (int i = 0; i < BatchSize; i++)
            {
                sender.Transport.Send(receiver.Endpoint, Pattern(batch * BatchSize + i));
            }

            // Loopback keeps the order, and loses only what the receive buffer cannot hold: so not more than that at once.
            for (int i = 0; i < BatchSize; i++)
            {
                Assert.That(receiver.Next().Payload.AsSpan().SequenceEqual(Pattern(batch * BatchSize + i)), Is.True);
            }
        }
    }

    [Test]
    public void A_full_queue_drops_and_counts_and_takes_more_once_it_was_read()
    {
        const int FrameBytes = 3 + NodeEndpoint.IPv4Size + 100;
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        var counters = new Counters();
        UdpTransportOptions small = Options with { QueueBytes = 3 * FrameBytes };
        using var receiver = UdpTransport.Bind(NodeEndpoint.From(IPAddress.Loopback, 0), small, counters);
        using var called = new SemaphoreSlim(0);
        receiver.Start(() => called.Release());

        for (int i = 0; i < 10; i++)
        {
            sender.Transport.Send(receiver.LocalEndpoint, new byte[100]);
        }

        TransportProbe.WaitUntil(() => counters.Dropped(DropReason.QueueFull) == 7, "The drops were not counted.");
        int kept = CountQueued(receiver);
        while (called.Wait(TimeSpan.Zero))
        {
        }

        sender.Transport.Send(receiver.LocalEndpoint, new byte[100]);

        // The call for the drops before may come as late as this; then there is another one.
        int again = 0;
        while (again == 0 && called.Wait(TransportProbe.Patience))
        {
            again = CountQueued(receiver);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(kept, Is.EqualTo(3));
            Assert.That(again, Is.EqualTo(1));
            Assert.That(counters.DroppedTotal, Is.EqualTo(7));
        }
    }

    [Test]
    public void Sending_to_a_closed_port_leaves_the_receiver_alive()
    {
        NodeEndpoint closed;
        using (var gone = new TransportProbe(hasOwnThread: hasOwnThread))
        {
            closed = gone.Endpoint;
        }

        using var probe = new TransportProbe(hasOwnThread: hasOwnThread);
        using var other = new TransportProbe(hasOwnThread: hasOwnThread);
        for (int i = 0; i < 20; i++)
        {
            probe.Transport.Send(closed, [1]);
        }

        other.Transport.Send(probe.Endpoint, [2]);

        Assert.That(probe.Next().Payload, Is.EqualTo(new byte[] { 2 }));
    }

    [TestCase("192.0.2.1:0")]
    [TestCase("[2001:db8::7f00:1]:4001")]
    [TestCase("224.0.0.1:4001")]
    public void Sending_where_the_socket_cannot_send_is_refused_and_counted(string destination)
    {
        using var probe = new TransportProbe(hasOwnThread: hasOwnThread);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(probe.Transport.Send(NodeEndpoint.From(IPEndPoint.Parse(destination)), [1]), Is.False);
            Assert.That(probe.Counters.Dropped(DropReason.SendFailed), Is.EqualTo(1));
        }
    }

    [Test]
    public void What_the_system_refuses_to_send_is_counted_and_the_next_datagram_goes_out()
    {
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        using var receiver = new TransportProbe(hasOwnThread: hasOwnThread);

        bool tooLong = sender.Transport.Send(receiver.Endpoint, new byte[70_000]);
        bool next = sender.Transport.Send(receiver.Endpoint, [7]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(tooLong, Is.False);
            Assert.That(next, Is.True);
            Assert.That(sender.Counters.Dropped(DropReason.SendFailed), Is.EqualTo(1));
            Assert.That(receiver.Next().Payload, Is.EqualTo(new byte[] { 7 }));
        }
    }

    private UdpTransportOptions Options => TransportProbe.OptionsFor(hasOwnThread);

    private static int CountQueued(UdpTransport transport)
    {
        int count = 0;
        while (transport.TryRead(out _))
        {
            count++;
        }

        return count;
    }

    private static byte[] Pattern(int number)
    {
        byte[] bytes = new byte[4 + number * 37 % (TransportProbe.MaxDatagram - 3)];
        Array.Fill(bytes, (byte)number);
        BitConverter.TryWriteBytes(bytes, number);
        return bytes;
    }

    private static void RequireLoopback(string address)
    {
        if (address[0] != '[')
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException e)
        {
            Assert.Ignore($"This machine has no IPv6 loopback: {e.Message}");
        }
    }
}
