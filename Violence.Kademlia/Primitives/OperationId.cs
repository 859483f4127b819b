namespace Violence.Kademlia.Primitives;

/// <summary>Names one running operation of the engine (a find, a put, a bootstrap); never used twice by a node.</summary>
internal readonly record struct OperationId(long Value);
