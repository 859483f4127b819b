using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using static Violence.Kademlia.Tests.Routing.Neighbourhood;

namespace Violence.Kademlia.Tests.Routing;

[TestFixture]
public sealed class RoutingLimitsTests
{
    [Test]
    public void The_far_buckets_are_large_and_all_others_hold_K()
    {
        RoutingLimits limits = RoutingLimits.Default;

        Assert.That(Enumerable.Range(0, 7).Select(limits.CapacityAt), Is.EqualTo(new[] { 512, 256, 128, 64, 32, 20, 20 }));
    }

    [Test]
    public void No_bucket_is_smaller_than_K() =>
        Assert.That(new RoutingLimits { K = 50, FarCapacities = [60, 10] }.CapacityAt(1), Is.EqualTo(50));

    [Test]
    public void A_whole_network_fits_the_table_that_is_made_for_it()
    {
        var entropy = EntropySource.Seeded(8);
        RoutingTable table = TableOf(
            RoutingLimits.WholeNetwork,
            Enumerable.Range(0, 5000).Select(number => new Contact(entropy.NextNodeId(), Private(number))));

        Assert.That(table.Count, Is.EqualTo(5000));
    }

    [Test]
    public void A_table_takes_less_than_16_KB_for_127_contacts_and_1_KB_while_it_is_empty()
    {
        using (Assert.EnterMultipleScope())
        {
            // No less than the entries, 64 bytes each: else something else was measured.
            Assert.That(BytesOfTable(127, RoutingLimits.Default), Is.InRange(127 * 64, 16 * 1024));
            Assert.That(BytesOfTable(127, RoutingLimits.WholeNetwork), Is.InRange(127 * 64, 16 * 1024));
            Assert.That(BytesOfTable(0, RoutingLimits.WholeNetwork), Is.InRange(1, 1024));
        }
    }

    /// <summary>The middle one of three tries: memory is that of the whole process, where something else may be taken or let go of.</summary>
    private static double BytesOfTable(int contacts, RoutingLimits limits) =>
        Enumerable.Range(0, 3).Select(_ => BytesOfTableOnce(contacts, limits)).Order().ElementAt(1);

    private static double BytesOfTableOnce(int contacts, RoutingLimits limits)
    {
        var entropy = EntropySource.Seeded(8);
        var tables = new RoutingTable[200];
        Contact[] random = [.. Enumerable.Range(0, contacts).Select(number => new Contact(entropy.NextNodeId(), Private(number)))];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int index = 0; index < tables.Length; index++)
        {
            tables[index] = TableOf(limits, random);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(tables);
        return (after - before) / (double)tables.Length;
    }
}
