using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Transport;

/// <summary>One received datagram. The payload lies in memory of the queue: it is valid until the next read from it.</summary>
internal readonly record struct Datagram(NodeEndpoint Source, ReadOnlyMemory<byte> Payload);
