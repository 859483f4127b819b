namespace Violence.Kademlia.Primitives;

/// <summary>A record together with how long its owner and label, and this version of them, have stood at the holder.</summary>
/// <param name="Record">The record.</param>
/// <param name="HeldSeconds">Seconds without a gap, whatever version stood there; readers weigh rival claims to a name by it.</param>
/// <param name="AgeSeconds">Seconds since the holder took this version; readers tell by it whether the owner still renews it. Null: not told.</param>
internal readonly record struct HeldRecord(Record Record, uint HeldSeconds, uint? AgeSeconds = null);
