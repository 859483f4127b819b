namespace Violence.Kademlia.Primitives;

/// <summary>A record that a get found.</summary>
/// <param name="Record">The record, verified.</param>
/// <param name="Holders">How many of the nodes asked had it.</param>
/// <param name="HeldFor">
/// How long holders have had this owner and label without a gap: the lower median of what they say, over all that hold
/// anything under the key; who does not hold this counts with zero. Rival claims to one name are weighed by it.
/// </param>
public readonly record struct FoundRecord(Record Record, int Holders, TimeSpan HeldFor);
