using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Requests;

/// <summary>A request whose soft or hard time-out has passed.</summary>
/// <param name="Transaction">The request's transaction.</param>
/// <param name="Endpoint">Where it was sent.</param>
/// <param name="Expected">The id that was asked; null for a seed, whose id is not known beforehand.</param>
/// <param name="Kind">The request's kind.</param>
/// <param name="Request">What the caller keeps with it.</param>
/// <param name="IsSoft">True: late, but still in flight. False: given up; a later answer is unsolicited.</param>
internal readonly record struct Due<TRequest>(
    TransactionId Transaction, NodeEndpoint Endpoint, NodeId? Expected, MessageKind Kind, TRequest Request, bool IsSoft)
    where TRequest : struct;
