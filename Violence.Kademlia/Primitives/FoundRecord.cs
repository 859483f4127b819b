namespace Violence.Kademlia.Primitives;

/// <summary>A record that a get found.</summary>
/// <param name="Record">The record, verified.</param>
/// <param name="Holders">How many of the nodes asked had it.</param>
/// <param name="HeldFor">
/// How long holders have had this owner and label without a gap: the lower median of what they say, over all that hold
/// anything under the key and were asked for this; who does not hold it counts with zero. Rival claims to one name are weighed by it.
/// </param>
public readonly record struct FoundRecord(Record Record, int Holders, TimeSpan HeldFor)
{
    /// <summary>
    /// How long ago this very version reached its holders: the lower median of what those say that have it and tell. A refresh by
    /// the same bytes does not make it younger; only its owner can, by signing anew. By the holders' own clocks, in whole
    /// seconds; a copy that another than the owner brought is as old as its date of issue says. Null: none of them tells.
    /// </summary>
    public TimeSpan? Age { get; init; }
}
