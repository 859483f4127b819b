namespace Violence.Kademlia.Primitives;

/// <summary>A record together with how long its owner and label have stood at the holder without a gap.</summary>
/// <param name="Record">The record.</param>
/// <param name="HeldSeconds">Seconds; readers weigh rival claims to a name by it.</param>
internal readonly record struct HeldRecord(Record Record, uint HeldSeconds);
