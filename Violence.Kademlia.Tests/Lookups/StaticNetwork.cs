using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Lookups;

/// <summary>
/// Nodes that stand still. Each knows its whole neighbourhood, which is the smallest subtree around it with more than
/// k nodes, and up to k nodes of every subtree beyond: what the paper's routing table promises (section 2.2). A lookup
/// that asks the closest node it heard of until that one answers must then end with the true k closest.
/// </summary>
internal sealed class StaticNetwork
{
    public const int K = 20;

    private readonly Dictionary<NodeId, Contact[]> _known = [];

    public StaticNetwork(EntropySource entropy, int count)
    {
        Nodes = [.. Enumerable.Range(0, count).Select(i => new Contact(entropy.NextNodeId(), EndpointOf(i)))];
        foreach (Contact node in Nodes)
        {
            _known.Add(node.Id, KnownTo(node.Id, entropy));
        }
    }

    public Contact[] Nodes { get; }

    public static NodeEndpoint EndpointOf(int number) =>
        NodeEndpoint.FromIPv4([20, (byte)(number >> 16), (byte)(number >> 8), (byte)number], 4000);

    public Contact[] Known(NodeId node) => _known[node];

    /// <summary>What a node answers to FIND_NODE.</summary>
    public Contact[] Answer(NodeId node, NodeId target) => Closest(_known[node], target, K);

    public Contact[] Closest(NodeId target, int count) => Closest(Nodes, target, count);

    private static Contact[] Closest(Contact[] among, NodeId target, int count) =>
        [.. among.OrderBy(contact => contact.Id.DistanceTo(target)).Take(count)];

    private Contact[] KnownTo(NodeId self, EntropySource entropy)
    {
        var known = new List<Contact>();
        // From the nearest subtree outwards: whole ones until there are k, then k of each.
        foreach (var bucket in Nodes.Where(node => node.Id != self).GroupBy(node => node.Id.CommonPrefixLength(self)).OrderByDescending(group => group.Key))
        {
            Contact[] members = [.. bucket];
            if (known.Count >= K)
            {
                Shuffle(members, entropy);
                members = members[..Math.Min(K, members.Length)];
            }

            known.AddRange(members);
        }

        return [.. known];
    }

    private static void Shuffle(Contact[] contacts, EntropySource entropy)
    {
        for (int i = contacts.Length - 1; i > 0; i--)
        {
            int j = entropy.NextInt32(i + 1);
            (contacts[i], contacts[j]) = (contacts[j], contacts[i]);
        }
    }
}
