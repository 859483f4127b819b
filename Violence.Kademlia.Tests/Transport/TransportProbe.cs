using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Transport;

namespace Violence.Kademlia.Tests.Transport;

/// <summary>A started transport that keeps what it receives, for a test to wait for.</summary>
internal sealed class TransportProbe : IDisposable
{
    public const int MaxDatagram = 1200;
    public static readonly TimeSpan Patience = Eventually.Deadline;

    private readonly BlockingCollection<(NodeEndpoint Source, byte[] Payload)> _received = [];

    public TransportProbe(string address = "127.0.0.1:0", bool hasOwnThread = true)
        : this(counters => UdpTransport.Bind(NodeEndpoint.From(IPEndPoint.Parse(address)), OptionsFor(hasOwnThread), counters))
    {
    }

    public TransportProbe(Socket socket, bool hasOwnThread)
        : this(counters => new UdpTransport(socket, OptionsFor(hasOwnThread), counters))
    {
    }

    private TransportProbe(Func<Counters, UdpTransport> open)
    {
        Transport = open(Counters);
        Transport.Start(() =>
        {
            while (Transport.TryRead(out Datagram datagram))
            {
                _received.Add((datagram.Source, datagram.Payload.ToArray()));
            }
        });
    }

    /// <summary>For one with a receive thread of its own, or one that shares the runtime's.</summary>
    public static UdpTransportOptions OptionsFor(bool hasOwnThread) =>
        new() { MaxDatagram = MaxDatagram, Threads = new ReceiveThreads(hasOwnThread ? 1 : 0) };

    public UdpTransport Transport { get; }

    public Counters Counters { get; } = new();

    public NodeEndpoint Endpoint => Transport.LocalEndpoint;

    /// <summary>Where others reach it when it is bound to "any".</summary>
    public NodeEndpoint EndpointAt(IPAddress address) => NodeEndpoint.From(address, (ushort)Endpoint.Port);

    public (NodeEndpoint Source, byte[] Payload) Next() =>
        _received.TryTake(out (NodeEndpoint Source, byte[] Payload) next, Patience) ? next : throw new TimeoutException("Nothing arrived.");

    public static void WaitUntil(Func<bool> condition, string what) =>
        Assert.That(SpinWait.SpinUntil(condition, Patience), Is.True, what);

    public void Dispose() => Transport.Dispose();
}
