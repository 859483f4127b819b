using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

/// <summary>How receiving starts, what it survives, and how it ends.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class UdpReceiverTests(bool hasOwnThread)
{
    [Test]
    public void An_error_of_the_socket_does_not_end_receiving()
    {
        // A connected UDP socket is told of every ICMP "port unreachable": a receive error by anybody's will.
        using Socket socket = BoundSocket();
        NodeEndpoint peer;
        using (var gone = new TransportProbe(hasOwnThread: hasOwnThread))
        {
            peer = gone.Endpoint;
        }

        socket.Connect(peer.ToIPEndPoint());
        using var probe = new TransportProbe(socket, hasOwnThread);
        TransportProbe.WaitUntil(
            () =>
            {
                probe.Transport.Send(peer, [1]);
                return probe.Transport.ReceiveErrors >= 3;
            },
            "No error reached the receiver.");
        using var back = new TransportProbe(peer.ToString(), hasOwnThread);
        back.Transport.Send(probe.Endpoint, [2]);

        Assert.That(probe.Next().Payload, Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public void A_receive_time_out_is_no_error()
    {
        Socket socket = BoundSocket();
        socket.ReceiveTimeout = 1;
        using var probe = new TransportProbe(socket, hasOwnThread);
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);

        for (byte i = 0; i < 100; i++)
        {
            sender.Transport.Send(probe.Endpoint, [i]);
            Assert.That(probe.Next().Payload, Is.EqualTo(new[] { i }));
        }

        Assert.That(probe.Transport.ReceiveErrors, Is.Zero);
    }

    [Test]
    public void Dispose_ends_receiving_when_no_wake_up_datagram_gets_through()
    {
        // A connected socket takes datagrams from its peer alone, so not its own.
        using Socket socket = BoundSocket();
        socket.Connect(IPAddress.Loopback, 9);
        var probe = new TransportProbe(socket, hasOwnThread);

        DisposeInTime(probe.Transport);
    }

    [TestCase("127.0.0.1:0")]
    [TestCase("0.0.0.0:0")]
    [TestCase("[::]:0")]
    public void Dispose_in_the_middle_of_traffic_ends_it_and_no_callback_follows(string address)
    {
        for (int round = 0; round < 20; round++)
        {
            int afterwards = 0;
            bool disposed = false;
            using var called = new SemaphoreSlim(0);
            var transport = UdpTransport.Bind(NodeEndpoint.From(IPEndPoint.Parse(address)), Options, new Counters());
            NodeEndpoint target = NodeEndpoint.From(IPAddress.Loopback, (ushort)transport.LocalEndpoint.Port);
            transport.Start(() =>
            {
                afterwards += Volatile.Read(ref disposed) ? 1 : 0;
                while (transport.TryRead(out _))
                {
                    called.Release();
                }
            });
            bool stop = false;
            using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
            var flood = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    sender.Transport.Send(target, new byte[50]);
                }
            });
            flood.Start();
            bool busy = called.Wait(TransportProbe.Patience);

            DisposeInTime(transport);
            Volatile.Write(ref disposed, true);
            bool sent = transport.Send(target, [1]);
            Volatile.Write(ref stop, true);
            flood.Join();

            using (Assert.EnterMultipleScope())
            {
                Assert.That(busy, Is.True);
                Assert.That(sent, Is.False);
                Assert.That(afterwards, Is.Zero);
            }
        }
    }

    [Test]
    public void Dispose_waits_for_a_callback_that_is_running()
    {
        using var inside = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        bool finished = false;
        var transport = UdpTransport.Bind(NodeEndpoint.From(IPAddress.Loopback, 0), Options, new Counters());
        transport.Start(() =>
        {
            inside.Set();
            release.Wait(TransportProbe.Patience);
            Volatile.Write(ref finished, true);
        });
        sender.Transport.Send(transport.LocalEndpoint, [1]);
        bool entered = inside.Wait(TransportProbe.Patience);
        bool finishedFirst = false;
        var disposer = new Thread(() =>
        {
            transport.Dispose();
            finishedFirst = Volatile.Read(ref finished);
        });
        disposer.Start();
        bool returnedEarly = disposer.Join(TimeSpan.FromMilliseconds(250));
        release.Set();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entered, Is.True);
            Assert.That(returnedEarly, Is.False);
            Assert.That(disposer.Join(TransportProbe.Patience), Is.True);
            Assert.That(finishedFirst, Is.True);
        }
    }

    [Test]
    public void Dispose_may_be_called_from_the_callback()
    {
        using var sender = new TransportProbe(hasOwnThread: hasOwnThread);
        using var returned = new ManualResetEventSlim();
        var transport = UdpTransport.Bind(NodeEndpoint.From(IPAddress.Loopback, 0), Options, new Counters());
        transport.Start(() =>
        {
            transport.Dispose();
            returned.Set();
        });

        sender.Transport.Send(transport.LocalEndpoint, [1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(returned.Wait(TransportProbe.Patience), Is.True);
            Assert.That(() => DisposeInTime(transport), Throws.Nothing);
        }
    }

    [Test]
    public void Dispose_frees_the_port_and_may_be_repeated_also_before_the_start()
    {
        var started = new TransportProbe(hasOwnThread: hasOwnThread);
        DisposeInTime(started.Transport);
        DisposeInTime(started.Transport);
        var idle = UdpTransport.Bind(started.Endpoint, Options, new Counters());
        DisposeInTime(idle);
        DisposeInTime(idle);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => idle.Start(() => { }), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(idle.TryRead(out _), Is.False);
        }
    }

    [Test]
    public void A_transport_starts_once()
    {
        using var probe = new TransportProbe(hasOwnThread: hasOwnThread);

        Assert.That(() => probe.Transport.Start(() => { }), Throws.InvalidOperationException);
    }

    private UdpTransportOptions Options => TransportProbe.OptionsFor(hasOwnThread);

    internal static Socket BoundSocket() => UdpSocketFactory.Bind(NodeEndpoint.From(IPAddress.Loopback, 0), 1 << 16, systemHasIPv6: false);

    internal static void DisposeInTime(UdpTransport transport)
    {
        // On a thread of its own: a Dispose that hangs must fail the test instead of hanging it.
        var disposer = new Thread(transport.Dispose) { IsBackground = true };
        disposer.Start();
        Assert.That(disposer.Join(TransportProbe.Patience), Is.True, "Dispose did not return.");
        Assert.That(
            () => UdpTransport.Bind(transport.LocalEndpoint, TransportProbe.OptionsFor(hasOwnThread: false), new Counters()).Dispose(),
            Throws.Nothing,
            "The socket is still open.");
    }
}
