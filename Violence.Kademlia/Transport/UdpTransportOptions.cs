namespace Violence.Kademlia.Transport;

/// <summary>The limits of one <see cref="UdpTransport"/>.</summary>
internal sealed record UdpTransportOptions
{
    /// <summary>The longest datagram that is passed on, in bytes; longer ones are dropped and counted.</summary>
    public required int MaxDatagram { get; init; }

    /// <summary>How much may wait for the consumer, in bytes with headers; what comes then is dropped and counted.</summary>
    public int QueueBytes { get; init; } = 1 << 20;

    /// <summary>The receive buffer asked of the system, in bytes. It may grant less.</summary>
    public int ReceiveBufferBytes { get; init; } = 1 << 20;

    /// <summary>How many waiting datagrams are received before the consumer is called.</summary>
    public int BurstLimit { get; init; } = 64;

    /// <summary>Where it takes a thread of its own from; where none is left it receives on the runtime's.</summary>
    public ReceiveThreads Threads { get; init; } = ReceiveThreads.OfProcess;
}
