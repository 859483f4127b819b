using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>
/// Carries datagrams between this node and others; may lose, reorder and repeat them, as UDP does.
/// One consumer at a time reads and one sender at a time sends: the caller sees to that (they may be different threads
/// from call to call, and the receiving thread itself inside the callback).
/// </summary>
internal interface IDatagramTransport : IDisposable
{
    /// <summary>Where this transport receives, with the real port; the address may be "any".</summary>
    NodeEndpoint LocalEndpoint { get; }

    /// <summary>Which kinds of address it can send to.</summary>
    AddressFamilies Families { get; }

    /// <summary>Begins to receive. To be called once.</summary>
    /// <param name="datagramsAvailable">
    /// Called on the receiving thread after a burst was queued, and never again once <see cref="IDisposable.Dispose"/>
    /// returned. It must not throw, and must not wait for the thread that disposes.
    /// </param>
    void Start(Action datagramsAvailable);

    /// <summary>
    /// Takes the next queued datagram. Read until it returns false: only then has the queue all of its memory back.
    /// </summary>
    bool TryRead(out Datagram datagram);

    /// <summary>
    /// Whether datagrams have arrived that nobody has read: queued, or at the host still. One that is on its way from there to the
    /// queue at this moment may be missed. May be asked any time.
    /// </summary>
    bool HasWaiting { get; }

    /// <summary>Hands a datagram to the network. False, and counted, when the system refused it; never throws.</summary>
    bool Send(NodeEndpoint destination, ReadOnlySpan<byte> datagram);
}
