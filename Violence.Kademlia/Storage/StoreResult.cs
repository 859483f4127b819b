using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>What became of a record that was put, and the sequence of the record held afterwards.</summary>
/// <param name="Status">What the store did.</param>
/// <param name="Sequence">Sequence of the record now held of this key, owner and label; 0 when none is.</param>
internal readonly record struct StoreResult(StoreStatus Status, ulong Sequence);

/// <summary>A record as it lies in the store: for persistence and diagnostics.</summary>
/// <param name="Record">The record.</param>
/// <param name="HeldSince">Since when its owner and label have stood under its key without a gap.</param>
/// <param name="Expires">When it goes unless it is refreshed or replaced.</param>
/// <param name="Source">Whose account it is on.</param>
internal readonly record struct StoredRecord(Record Record, Instant HeldSince, Instant Expires, RecordSource Source);
