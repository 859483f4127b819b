using System.Security.Cryptography;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Players;

/// <summary>Where the rows of one player stand, and the key they are sealed with.</summary>
/// <param name="Position">The key of the records.</param>
/// <param name="SealingKey">32 bytes.</param>
internal sealed record PlayerPlaceKey(RecordKey Position, ReadOnlyMemory<byte> SealingKey);

/// <summary>
/// What a community's secret makes of players' ids. Neither the id nor the secret can be had back from a position but by
/// trying: whoever knows the secret can try ids, and whoever knows an id can try secrets. Pure.
/// </summary>
internal sealed class PlayerKeys
{
    private const string DefaultPurpose = "players of the network ";

    private readonly byte[] _root = new byte[SHA256.HashSizeInBytes];
    private readonly byte[] _locator = new byte[SHA256.HashSizeInBytes];

    /// <param name="secret">The community's secret.</param>
    public PlayerKeys(string secret)
    {
        HKDF.Extract(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), "players in the directory 1"u8, _root);
        HKDF.Expand(HashAlgorithmName.SHA256, _root, _locator, "position"u8);
    }

    /// <summary>For a community that has no secret: everybody in the network can derive it.</summary>
    public static PlayerKeys OfNetwork(string network) => new(DefaultPurpose + network);

    /// <param name="playerId">A valid id: ASCII, so that it has one form in bytes.</param>
    public PlayerPlaceKey Of(string playerId)
    {
        byte[] id = Encoding.ASCII.GetBytes(playerId);
        Span<byte> position = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_locator, id, position);
        byte[] sealing = new byte[PlayerSeal.KeySize];
        HKDF.Expand(HashAlgorithmName.SHA256, _root, sealing, [.. "seal\n"u8, .. id]);
        return new PlayerPlaceKey(new RecordKey(new NodeId(position[..NodeId.Size])), sealing);
    }
}
