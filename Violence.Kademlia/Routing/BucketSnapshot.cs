namespace Violence.Kademlia.Routing;

/// <summary>What one bucket held at one moment, for diagnostics.</summary>
/// <param name="Depth">How many leading bits its contacts share with the own id; in the last bucket at least so many.</param>
/// <param name="Count">Contacts in it.</param>
/// <param name="Capacity">How many it takes before only the K closest to the own id get in.</param>
/// <param name="Failing">Contacts that left the last request unanswered.</param>
/// <param name="Replacements">Candidates that wait behind it.</param>
internal readonly record struct BucketSnapshot(int Depth, int Count, int Capacity, int Failing, int Replacements);
