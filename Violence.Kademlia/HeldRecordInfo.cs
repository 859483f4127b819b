using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>A record this node holds for the network.</summary>
/// <param name="Record">The record.</param>
/// <param name="HeldFor">How long its owner and label have stood here.</param>
/// <param name="Remaining">How long it will live on unless it is refreshed.</param>
public readonly record struct HeldRecordInfo(Record Record, TimeSpan HeldFor, TimeSpan Remaining);
