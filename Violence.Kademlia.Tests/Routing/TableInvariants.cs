using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>What must be true of a routing table at any time, told from what it shows of itself.</summary>
internal static class TableInvariants
{
    public static void Require(bool condition, string rule)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"Broken: {rule}");
        }
    }

    /// <summary>What an entry says of its contact, without its links.</summary>
    public static (Contact Contact, Instant FirstSeen, Instant LastSeen, byte Failures) Told(BucketEntry entry) =>
        (entry.Contact, entry.FirstSeen, entry.LastSeen, entry.Failures);

    public static void Check(RoutingTable table, RoutingLimits limits)
    {
        BucketEntry[] entries = table.Entries();
        BucketSnapshot[] buckets = table.Buckets();
        Require(entries.Length == table.Count && buckets.Sum(bucket => bucket.Count) == table.Count, "all counts agree");
        Require(entries.DistinctBy(entry => entry.Contact.Id).Count() == entries.Length, "an id occurs once");
        Require(entries.DistinctBy(entry => entry.Contact.Endpoint).Count() == entries.Length, "an endpoint occurs once");
        Require(!table.Contains(Self), "self is not in its own table");
        Require(
            entries.All(entry => table.TryGet(entry.Contact.Id, out BucketEntry found) && Told(found) == Told(entry)),
            "all are found");
        Require(
            table.Closest(Self, entries.Length + 1, onlyReliable: false).ToHashSet().SetEquals(entries.Select(entry => entry.Contact)),
            "a walk meets all");
        Require(buckets[^1].Count < limits.K, "a full last bucket splits");

        int start = 0;
        for (int index = 0; index < buckets.Length; index++)
        {
            CheckBucket(table, limits, index, buckets[index], entries[start..(start + buckets[index].Count)]);
            start += buckets[index].Count;
        }
    }

    private static void CheckBucket(RoutingTable table, RoutingLimits limits, int index, BucketSnapshot bucket, BucketEntry[] entries)
    {
        bool isLast = index == table.BucketCount - 1;
        bool IsCovered(NodeId id) => isLast ? Self.CommonPrefixLength(id) >= index : Self.CommonPrefixLength(id) == index;
        Require(bucket.Depth == index && bucket.Capacity == limits.CapacityAt(index), "buckets stand at their depth");
        Require(entries.All(entry => IsCovered(entry.Contact.Id)), "each contact is in the bucket its prefix says");
        Require(bucket.Count <= bucket.Capacity + limits.K, "no bucket exceeds its capacity and K");
        Require(bucket.Failing == entries.Count(entry => !entry.IsReliable), "failing contacts are counted");
        Require(entries.All(entry => entry.Failures < limits.FailuresToForget), "the dead are forgotten");
        Require(entries.Zip(entries.Skip(1)).All(pair => pair.First.LastSeen <= pair.Second.LastSeen), "least recently seen first");

        Contact[] waiting = table.Replacements(index);
        Require(waiting.Length <= limits.ReplacementsPerBucket && waiting.Length == bucket.Replacements, "replacements are bounded");
        Require(waiting.All(contact => IsCovered(contact.Id) && !table.Contains(contact.Id)), "who waits is not in, but belongs here");
        Require(waiting.DistinctBy(contact => contact.Id).Count() == waiting.Length, "an id waits once");
        Require(waiting.DistinctBy(contact => contact.Endpoint).Count() == waiting.Length, "an endpoint waits once");
        Require(
            waiting.Where(contact => !contact.Endpoint.IsPrivate)
                .GroupBy(contact => contact.Endpoint.NetworkPrefix)
                .All(network => network.Count() <= limits.SubnetContactsPerBucket),
            "no network fills the replacements");
    }
}
