using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Checkers;

/// <summary>Who is really closest to a position: by looking at every node there is.</summary>
internal static class ClosestNodes
{
    /// <summary>The closest of the nodes that others can reach, closest first.</summary>
    public static List<SimulatedNode> Of(IReadOnlyList<SimulatedNode> up, NodeId target, int count, SimulatedNode? except = null)
    {
        var closest = new List<(Distance Distance, SimulatedNode Node)>(count + 1);
        for (int i = 0; i < up.Count; i++)
        {
            SimulatedNode node = up[i];
            Distance distance = node.Id.DistanceTo(target);
            if (node == except || node.IsBehindNat || node.Engine.Config.IsClient
                || (closest.Count == count && distance >= closest[^1].Distance))
            {
                continue;
            }

            int place = closest.Count;
            while (place > 0 && distance < closest[place - 1].Distance)
            {
                place--;
            }

            closest.Insert(place, (distance, node));
            if (closest.Count > count)
            {
                closest.RemoveAt(count);
            }
        }

        return closest.ConvertAll(static entry => entry.Node);
    }
}
