using CsCheck;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Primitives;

internal static class PrimitiveGen
{
    private static readonly Gen<NodeId> Even =
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt, (high, middle, low) => new NodeId(high, middle, low));

    /// <summary>Ids with few bits set too, so that equal words and equal ids come up.</summary>
    public static readonly Gen<NodeId> Id = Gen.OneOf(
        Even,
        Gen.Select(Gen.ULong[0, 1], Gen.ULong[0, 1], Gen.UInt[0, 1], (high, middle, low) => new NodeId(high, middle, low)));

    public static readonly Gen<NodeEndpoint> Endpoint = Gen.OneOf(
        Gen.Select(Gen.Byte.Array[4], Gen.UShort, (address, port) => NodeEndpoint.FromIPv4(address, port)),
        Gen.Select(Gen.Byte.Array[16], Gen.UShort, (address, port) => NodeEndpoint.FromIPv6(address, port)));
}
