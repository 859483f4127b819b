using System.Security.Cryptography;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// One of the keys that the rows of a genre stand under. A genre begins with one, the root; while that is full, newcomers stand one
/// level down, in the one of four that the hash of owner and name tells, and so on. Who is there already stays. So a genre splits
/// without anybody moving or deciding it, and a full shard is the sign by which readers know that there are more below.
/// </summary>
/// <param name="Genre">The genre, normalized.</param>
/// <param name="Path">The way from the root, one digit from 0 to 3 a level; empty: the root.</param>
internal readonly record struct GenreShard(string Genre, string Path)
{
    public const int FanOut = 4;

    /// <summary>Rows from which on newcomers go further down.</summary>
    public const int Full = 64;

    /// <summary>
    /// Rows from which on readers look below. Rows vanish by withdrawal, which leaves a tombstone that is counted, or after hours: whoever is below
    /// moves up (<see cref="HasRoomAgain"/>) long before a shard that was full has come down to this.
    /// </summary>
    public const int MayHaveMore = 48;

    /// <summary>Rows below which those who stand further down move up again.</summary>
    public const int HasRoomAgain = 56;

    /// <summary>
    /// Rows below which all who look move up. Tombstones are counted, so those below think that they are more than they are, and take their
    /// time; and many rows that went together expire together.
    /// </summary>
    public const int RunsOut = 52;

    /// <summary>Rows from which on some of them go further down: many came at once, each before it could see the others.</summary>
    public const int Crowded = 2 * Full;

    /// <summary>About so many stay then: by far enough that also where fewer do readers look below.</summary>
    public const int Remaining = Full + (Full / 2);

    /// <summary>4,096 shards at the bottom, a quarter of a million rows; there a shard holds what its holders have room for.</summary>
    private const int MaxDepth = 6;

    public RecordKey Key => Path.Length == 0 ? DirectoryKeys.Genre(Genre) : DirectoryKeys.GenreShard(Genre, Path);

    public bool IsRoot => Path.Length == 0;

    public bool CanSplit => Path.Length < MaxDepth;

    public IEnumerable<GenreShard> Children
    {
        get
        {
            for (int digit = 0; digit < FanOut; digit++)
            {
                yield return Child(digit);
            }
        }
    }

    public static GenreShard Root(string genre) => new(genre, "");

    /// <summary>The child a server's row belongs to. By a hash, so that shards below one fill evenly whatever servers are called.</summary>
    public GenreShard ChildOf(NodeId owner, string label)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(owner, label, hash);
        return Child(hash[Path.Length] % FanOut);
    }

    /// <summary>
    /// Where in the order of those that stay here a server's row comes, from 0 to below 1: the same whenever it is asked, and another
    /// on every level.
    /// </summary>
    public double RankOf(NodeId owner, string label)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(owner, label, hash);
        ReadOnlySpan<byte> rank = hash.Slice(MaxDepth + (3 * Path.Length), 3);
        return ((rank[0] << 16) | (rank[1] << 8) | rank[2]) / (double)(1 << 24);
    }

    private static void Hash(NodeId owner, string label, Span<byte> hash)
    {
        Span<byte> server = stackalloc byte[NodeId.Size + Record.MaxLabelSize];
        owner.CopyTo(server);
        int size = NodeId.Size + Encoding.UTF8.GetBytes(label, server[NodeId.Size..]);
        SHA256.HashData(server[..size], hash);
    }

    private GenreShard Child(int digit) => this with { Path = Path + (char)('0' + digit) };
}
