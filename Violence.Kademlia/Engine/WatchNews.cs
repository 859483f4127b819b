using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine;

/// <summary>What a watch has to tell.</summary>
/// <param name="Record">A record that has changed, verified; null: only <paramref name="Holders"/> or <paramref name="IsGap"/> is news.</param>
/// <param name="Holders">How many holders have promised to tell; with none nothing will be heard.</param>
/// <param name="IsGap">Whether news may have been lost before this one: the key is to be read anew.</param>
internal readonly record struct WatchNews(Record? Record, int Holders, bool IsGap = false);
