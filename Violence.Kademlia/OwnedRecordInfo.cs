using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <summary>A record of a node's own that it keeps alive.</summary>
/// <param name="Record">The record as it was last signed; a tombstone until enough nodes have it.</param>
/// <param name="Remaining">What is left of its time to live by the wall clock. Before that ends it is signed anew, if this run of the node has put it.</param>
/// <param name="NextPublication">When its copies are seen to next; zero when that is due.</param>
/// <param name="Holders">Who was last known to have it.</param>
public sealed record OwnedRecordInfo(Record Record, TimeSpan Remaining, TimeSpan NextPublication, IReadOnlyList<Contact> Holders)
{
    internal static TimeSpan LifeOf(Record record, DateTimeOffset utc) => Ahead(record.TimeToLive - (utc - record.Issued));

    internal static TimeSpan Ahead(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;
}
