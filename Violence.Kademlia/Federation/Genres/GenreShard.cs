using System.Security.Cryptography;
using System.Text;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// One of the keys that the rows of a genre stand under. A genre begins with one, the root; while that is full, newcomers stand one
/// level down, in the one of 16 that the hash of owner and name tells, and so on. Who is there already stays. So a genre splits
/// without anybody moving or deciding it, and a full shard is the sign by which readers know that there are more below.
/// </summary>
/// <param name="Genre">The genre, normalized.</param>
/// <param name="Path">The way from the root, one hexadecimal digit a level; empty: the root.</param>
internal readonly record struct GenreShard(string Genre, string Path)
{
    public const int FanOut = 16;

    /// <summary>Rows from which on newcomers go further down.</summary>
    public const int Full = 128;

    /// <summary>
    /// Rows from which on readers look below. Rows vanish by withdrawal, which leaves a tombstone that is counted, or after hours: whoever is below
    /// moves up (<see cref="HasRoomAgain"/>) long before a shard that was full has come down to this.
    /// </summary>
    public const int MayHaveMore = 96;

    /// <summary>Rows below which those who stand further down move up again.</summary>
    public const int HasRoomAgain = 112;

    /// <summary>Rows from which on some of them go further down: many came at once, each before it could see the others.</summary>
    public const int Crowded = 2 * Full;

    /// <summary>4,096 shards, half a million rows.</summary>
    private const int MaxDepth = 3;

    private const string Digits = "0123456789abcdef";

    public RecordKey Key => Path.Length == 0 ? DirectoryKeys.Genre(Genre) : DirectoryKeys.GenreShard(Genre, Path);

    public bool IsRoot => Path.Length == 0;

    public bool CanSplit => Path.Length < MaxDepth;

    public IEnumerable<GenreShard> Children
    {
        get
        {
            foreach (char digit in Digits)
            {
                yield return this with { Path = Path + digit };
            }
        }
    }

    public static GenreShard Root(string genre) => new(genre, "");

    /// <summary>The child a server's row belongs to. By a hash, so that shards below one fill evenly whatever servers are called.</summary>
    public GenreShard ChildOf(NodeId owner, string label)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> server = stackalloc byte[NodeId.Size + Record.MaxLabelSize];
        owner.CopyTo(server);
        int size = NodeId.Size + Encoding.UTF8.GetBytes(label, server[NodeId.Size..]);
        SHA256.HashData(server[..size], hash);
        int digit = (Path.Length & 1) == 0 ? hash[Path.Length / 2] >> 4 : hash[Path.Length / 2] & 0x0F;
        return this with { Path = Path + Digits[digit] };
    }
}
