using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>One change of the records a node keeps alive, for whoever saves them.</summary>
/// <param name="IsKept">Whether it is kept alive, with this schedule and these holders; else it no longer is.</param>
/// <param name="Record">The record; its key, owner and label are the place.</param>
/// <param name="Due">When it is published next.</param>
/// <param name="Holders">Who held it when that was last reported.</param>
internal readonly record struct OwnedChange(bool IsKept, Record Record, Instant Due, IReadOnlyList<Contact> Holders);
