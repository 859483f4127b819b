using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Wire;

/// <summary>What every datagram begins with, apart from the version.</summary>
/// <param name="Network">The network's id, see <see cref="NetworkIds"/>.</param>
/// <param name="Kind">The kind of message.</param>
/// <param name="Transaction">Drawn by the requester; a reply repeats it.</param>
/// <param name="Sender">The sender's id.</param>
/// <param name="IsClient">Whether the sender only asks, and must not enter a table.</param>
internal readonly record struct MessageHeader(
    uint Network,
    MessageKind Kind,
    TransactionId Transaction,
    NodeId Sender,
    bool IsClient);
