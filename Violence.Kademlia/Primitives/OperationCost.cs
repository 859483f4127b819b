namespace Violence.Kademlia.Primitives;

/// <summary>What an operation took.</summary>
/// <param name="Elapsed">Time from the call to the result.</param>
/// <param name="Requests">Requests sent.</param>
/// <param name="Hops">How many answers in a row led to the closest node: 0 when the answer was at hand, 1 when a known node had it.</param>
public readonly record struct OperationCost(TimeSpan Elapsed, int Requests, int Hops);
