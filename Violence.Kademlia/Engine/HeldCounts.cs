namespace Violence.Kademlia.Engine;

/// <summary>How many records holders say they have under a key, by those that have answered so far.</summary>
/// <param name="Agreed">The lower median: so many there are by the word of two or more.</param>
/// <param name="Most">The largest number told; one alone may have made it up.</param>
internal readonly record struct HeldCounts(int Agreed, int Most);
