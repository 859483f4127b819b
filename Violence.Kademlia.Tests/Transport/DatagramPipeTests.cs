using System.Net;
using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Primitives;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

[TestFixture]
public sealed class DatagramPipeTests
{
    private static readonly NodeEndpoint IPv4 = NodeEndpoint.From(IPAddress.Parse("192.0.2.7"), 4001);
    private static readonly NodeEndpoint IPv6 = NodeEndpoint.From(IPAddress.Parse("2001:db8::7"), 4002);

    [Test]
    public void An_empty_pipe_has_nothing_to_read()
    {
        var pipe = new DatagramPipe(1000);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(pipe.TryRead(out _), Is.False);
            Assert.That(pipe.TryRead(out _), Is.False);
            Assert.That(pipe.QueuedBytes, Is.Zero);
        }
    }

    [Test]
    public void A_datagram_is_seen_only_after_the_flush()
    {
        var pipe = new DatagramPipe(1000);
        pipe.TryWrite(IPv4, [1, 2, 3]);

        bool before = pipe.TryRead(out _);
        pipe.Flush();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(pipe.TryRead(out Datagram datagram), Is.True);
            Assert.That(datagram.Source, Is.EqualTo(IPv4));
            Assert.That(datagram.Payload.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        }
    }

    [Test]
    public void Datagrams_come_out_as_they_went_in_whatever_the_lengths_and_the_pace()
    {
        // Each step writes so many datagrams, then reads so many: the pipe goes through all states of its segments.
        Gen<(int Length, bool IsIPv4, int Reads)[]> steps = Gen.Select(Gen.Int[0, 1200], Gen.Bool, Gen.Int[0, 3]).Array[0, 300];
        steps.Sample(sequence =>
        {
            var pipe = new DatagramPipe(int.MaxValue);
            var expected = new Queue<(NodeEndpoint Source, byte[] Payload)>();
            byte mark = 0;
            foreach ((int length, bool isIPv4, int reads) in sequence)
            {
                NodeEndpoint source = isIPv4 ? IPv4 : IPv6;
                byte[] payload = Enumerable.Repeat(++mark, length).ToArray();
                Assert.That(pipe.TryWrite(source, payload), Is.True);
                expected.Enqueue((source, payload));
                pipe.Flush();
                for (int i = 0; i < reads; i++)
                {
                    AssertNext(pipe, expected);
                }
            }

            while (expected.Count > 0)
            {
                AssertNext(pipe, expected);
            }

            AssertNext(pipe, expected);
            Assert.That(pipe.QueuedBytes, Is.Zero, "All of it was given back.");
        });
    }

    [Test]
    public void A_full_pipe_takes_nothing_more_until_it_was_read()
    {
        const int FrameBytes = 3 + NodeEndpoint.IPv4Size + 100;
        var pipe = new DatagramPipe(2 * FrameBytes);
        byte[] payload = new byte[100];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(pipe.TryWrite(IPv4, payload), Is.True);
            Assert.That(pipe.TryWrite(IPv4, payload), Is.True);
            Assert.That(pipe.QueuedBytes, Is.EqualTo(2 * FrameBytes));
            Assert.That(pipe.TryWrite(IPv4, []), Is.False);
            pipe.Flush();
            Assert.That(Drain(pipe), Is.EqualTo(2));
            Assert.That(pipe.TryWrite(IPv4, payload), Is.True);
        }
    }

    [Test]
    public void A_datagram_longer_than_the_bound_or_than_udp_allows_never_fits()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new DatagramPipe(100).TryWrite(IPv4, new byte[100]), Is.False);
            Assert.That(new DatagramPipe(int.MaxValue).TryWrite(IPv4, new byte[ushort.MaxValue + 1]), Is.False);
            Assert.That(() => new DatagramPipe(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void Nothing_is_allocated_per_datagram()
    {
        var pipe = new DatagramPipe(1 << 20);
        byte[] payload = new byte[700];

        Assert.That(Allocations.Of(() => Pass(pipe, payload)), Is.Zero);
    }

    [Test]
    public void One_thread_can_write_while_another_reads()
    {
        const int Count = 50_000;
        var pipe = new DatagramPipe(20_000);
        var writer = new Thread(() =>
        {
            byte[] payload = new byte[256];
            for (int i = 0; i < Count; i++)
            {
                BitConverter.TryWriteBytes(payload, i);
                int length = 4 + i % 250;
                while (!pipe.TryWrite(IPv4, payload.AsSpan(0, length)))
                {
                    Thread.Yield();
                }

                pipe.Flush();
            }
        });
        writer.Start();

        int next = 0;
        int wrong = 0;
        bool finished = SpinWait.SpinUntil(
            () =>
            {
                while (pipe.TryRead(out Datagram datagram))
                {
                    bool intact = BitConverter.ToInt32(datagram.Payload.Span) == next && datagram.Payload.Length == 4 + next % 250;
                    wrong += intact ? 0 : 1;
                    next++;
                }

                return next == Count;
            },
            TransportProbe.Patience);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(finished, Is.True);
            Assert.That(wrong, Is.Zero);
        }
    }

    private static void Pass(DatagramPipe pipe, byte[] payload)
    {
        for (int i = 0; i < 20; i++)
        {
            pipe.TryWrite(i % 2 == 0 ? IPv4 : IPv6, payload);
        }

        pipe.Flush();
        Drain(pipe);
    }

    private static int Drain(DatagramPipe pipe)
    {
        int count = 0;
        while (pipe.TryRead(out _))
        {
            count++;
        }

        return count;
    }

    private static void AssertNext(DatagramPipe pipe, Queue<(NodeEndpoint Source, byte[] Payload)> expected)
    {
        bool read = pipe.TryRead(out Datagram datagram);
        Assert.That(read, Is.EqualTo(expected.Count > 0));
        if (read)
        {
            (NodeEndpoint source, byte[] payload) = expected.Dequeue();
            Assert.That(datagram.Source, Is.EqualTo(source));
            Assert.That(datagram.Payload.Span.SequenceEqual(payload), Is.True);
        }
    }
}
