using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Players;

/// <summary>Rows of players as they stand in the network. Records are unsigned: nothing here verifies.</summary>
internal static class PlayerSamples
{
    public static readonly PlayerKeys Keys = new("a secret of the community");

    public static PlayerRow Row { get; } = new("Arena One", "203.0.113.7:27015", DirectorySamples.Issued - TimeSpan.FromMinutes(5));

    public static byte[] Nonce { get; } = [.. Enumerable.Range(1, PlayerSeal.NonceSize).Select(i => (byte)i)];

    public static byte[] Seal(PlayerPlaceKey key, NodeId owner, PlayerRow row) =>
        PlayerSeal.Close(key, owner, PlayerRowCodec.Encode(row), Nonce);

    /// <summary>What a get finds of one server's word.</summary>
    public static FoundRecord Found(PlayerPlaceKey key, NodeId owner, PlayerRow row, int heldSeconds = 60, int holders = 3, string label = "") =>
        Found(key, owner, Seal(key, owner, row), heldSeconds, holders, label);

    public static FoundRecord Found(PlayerPlaceKey key, NodeId owner, byte[]? payload, int heldSeconds = 60, int holders = 3, string label = "") =>
        new(DirectorySamples.Record(key.Position, owner, label, 1, payload), holders, TimeSpan.FromSeconds(heldSeconds));

    public static PlayerLookupResult Read(PlayerPlaceKey key, params FoundRecord[] records) =>
        PlayerReading.Read(key, GetStatus.Found, records, default);
}
