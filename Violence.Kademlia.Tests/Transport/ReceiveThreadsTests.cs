using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

/// <summary>Who gets a receive thread, and what only such a thread can meet.</summary>
[TestFixture]
internal sealed class ReceiveThreadsTests
{
    [Test]
    public void The_first_transports_have_a_thread_and_the_others_share_until_one_is_disposed()
    {
        var threads = new ReceiveThreads(max: 2);
        UdpTransport[] transports = [Open(threads), Open(threads), Open(threads)];
        transports[0].Dispose();
        transports[0].Dispose();
        UdpTransport[] later = [Open(threads), Open(threads)];
        UdpTransport[] all = [.. transports, .. later];
        foreach (UdpTransport transport in all)
        {
            transport.Dispose();
        }

        Assert.That(all.Select(static transport => transport.HasOwnThread), Is.EqualTo(new[] { true, true, false, true, false }));
    }

    [Test]
    public void A_socket_that_keeps_failing_is_tried_again_and_its_pause_ends_with_Dispose()
    {
        // A non-blocking socket fails every receive that finds nothing.
        Socket socket = UdpReceiverTests.BoundSocket();
        socket.Blocking = false;
        using var probe = new TransportProbe(socket, hasOwnThread: true);
        using var sender = new TransportProbe();
        TransportProbe.WaitUntil(() => probe.Transport.ReceiveErrors >= 5, "No error reached the receiver.");

        sender.Transport.Send(probe.Endpoint, [3]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(probe.Next().Payload, Is.EqualTo(new byte[] { 3 }));
            Assert.That(() => UdpReceiverTests.DisposeInTime(probe.Transport), Throws.Nothing);
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    [NonParallelizable]
    public void Nothing_is_allocated_per_datagram_sent_or_received(bool hasOwnThread)
    {
        const int WarmUp = 2_000;
        const int Window = 1_000;
        const int Windows = 10;
        using UdpTransport asker = Open(new ReceiveThreads(hasOwnThread ? 1 : 0));
        using UdpTransport answerer = Open(new ReceiveThreads(hasOwnThread ? 1 : 0));
        using var done = new ManualResetEventSlim();
        byte[] question = new byte[600];
        int exchanges = 0;
        long before = 0;
        List<long> allocated = new(Windows);
        answerer.Start(() => Echo(answerer));
        asker.Start(() =>
        {
            while (asker.TryRead(out _))
            {
                exchanges++;
                if (exchanges >= WarmUp && exchanges % Window == 0 && allocated.Count < Windows)
                {
                    // Of the whole process, because threads change: nothing else runs beside this test.
                    long soFar = GC.GetTotalAllocatedBytes(precise: true);
                    if (exchanges > WarmUp)
                    {
                        allocated.Add(soFar - before);
                    }

                    before = GC.GetTotalAllocatedBytes(precise: true);
                    if (allocated.Count == Windows)
                    {
                        done.Set();
                    }
                }

                asker.Send(answerer.LocalEndpoint, question);
            }
        });

        asker.Send(answerer.LocalEndpoint, question);

        Assert.That(done.Wait(TransportProbe.Patience), Is.True);

        // The runtime has its own moments; what is allocated per datagram shows in every window, a thousand times.
        Assert.That(allocated.Min(), Is.LessThan(Window));
    }

    private static void Echo(UdpTransport transport)
    {
        while (transport.TryRead(out Datagram datagram))
        {
            transport.Send(datagram.Source, datagram.Payload.Span);
        }
    }

    private static UdpTransport Open(ReceiveThreads threads) => UdpTransport.Bind(
        NodeEndpoint.From(IPAddress.Loopback, 0), TransportProbe.OptionsFor(hasOwnThread: true) with { Threads = threads }, new Counters());
}
