using System.Net;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;

namespace Violence.Kademlia.Tests.Routing;

/// <summary>Contacts at chosen depths around one own id, each at an endpoint of its own.</summary>
internal static class Neighbourhood
{
    public static readonly NodeId Self = EntropySource.Seeded(2002).NextNodeId();

    /// <summary>Small enough that a few contacts fill buckets.</summary>
    public static readonly RoutingLimits Small = new()
    {
        K = 4,
        FarCapacities = [12, 8],
        ReplacementsPerBucket = 5,
        SubnetContactsPerBucket = 2,
        SubnetContactsPerTable = 4,
        FailuresToRemove = 2,
        FailuresToForget = 4,
    };

    /// <summary>An id that shares exactly <paramref name="depth"/> bits with the own one.</summary>
    public static NodeId IdAt(int depth, int number) =>
        Self.Sibling(depth, EntropySource.Seeded((ulong)(depth * 100_003 + number)).NextNodeId());

    /// <summary>A contact at a depth, in a private network (so that no quota concerns it).</summary>
    public static Contact At(int depth, int number) => new(IdAt(depth, number), Private(depth * 1000 + number));

    public static NodeEndpoint Private(int number) => IPv4(10, (byte)(number >> 16), (byte)(number >> 8), (byte)number);

    /// <summary>An address in one of the public networks 198.18.0.0/24, 198.18.1.0/24 and so on.</summary>
    public static NodeEndpoint Public(int network, int host) => IPv4(198, 18, (byte)network, (byte)host);

    public static NodeEndpoint IPv6(int network, int host) =>
        NodeEndpoint.From(IPAddress.Parse($"2001:db8:{network:x}::{host:x}"), 4000);

    public static Instant Second(double seconds) => Instant.FromMilliseconds((long)(seconds * 1000));

    public static RoutingTable Table(RoutingLimits? limits = null) => new(Self, limits ?? Small);

    /// <summary>Adds contacts one second apart, beginning at second 1.</summary>
    public static RoutingTable TableOf(RoutingLimits limits, params IEnumerable<Contact> contacts)
    {
        var table = new RoutingTable(Self, limits);
        int second = 1;
        foreach (Contact contact in contacts)
        {
            table.Add(contact, Second(second++));
        }

        return table;
    }

    /// <summary>A table of <see cref="Small"/> limits whose bucket at <paramref name="depth"/> is full, and who is in it.</summary>
    public static RoutingTable FullAt(int depth, out Contact[] members)
    {
        // K contacts deeper down keep the rule of the K closest out of the way.
        Contact[] deeper = [.. Enumerable.Range(0, Small.K).Select(number => At(depth + 1 + number, 0))];
        members = [.. Enumerable.Range(0, Small.CapacityAt(depth)).Select(number => At(depth, number))];
        return TableOf(Small, [.. deeper, .. members]);
    }

    public static void Fail(this RoutingTable table, Contact contact, int times = 1)
    {
        for (int time = 0; time < times; time++)
        {
            table.Failed(contact.Id, contact.Endpoint, Second(100_000), out _);
        }
    }

    public static Contact[] Closest(
        this RoutingTable table,
        NodeId target,
        int count,
        AddressFamilies families = AddressFamilies.Both,
        NodeId exclude = default,
        bool onlyReliable = true)
    {
        var destination = new Contact[count];
        return destination[..table.Closest(target, destination, families, exclude, onlyReliable)];
    }

    private static NodeEndpoint IPv4(byte a, byte b, byte c, byte d) => NodeEndpoint.From(new IPAddress([a, b, c, d]), 4000);
}
