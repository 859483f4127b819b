using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>What happened to a place (key, owner and label) of the store.</summary>
internal enum StoreChangeKind
{
    /// <summary>The place now holds this record, with these times and this source, whatever it held before.</summary>
    Kept,

    /// <summary>The place is empty: its record expired, was evicted or dropped.</summary>
    Removed,
}

/// <summary>One change of a store, for whoever saves its records. Applied in order to what was saved, they give what is held.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Stored">The record kept or removed; its key, owner and label are the place.</param>
internal readonly record struct StoreChange(StoreChangeKind Kind, StoredRecord Stored)
{
    public Record Record => Stored.Record;

    public Instant HeldSince => Stored.HeldSince;

    public Instant Expires => Stored.Expires;

    public RecordSource Source => Stored.Source;
}
