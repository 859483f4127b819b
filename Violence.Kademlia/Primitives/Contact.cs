using System.Runtime.InteropServices;

namespace Violence.Kademlia.Primitives;

/// <summary>A node as others know it: its id and the UDP address it answers at.</summary>
/// <param name="Id">The node's position in the key space.</param>
/// <param name="Endpoint">Where it receives.</param>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
public readonly record struct Contact(NodeId Id, NodeEndpoint Endpoint)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} at {Endpoint}";
}
