using System.Runtime.CompilerServices;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// Which genres a node has seen to have several shards: where they are known all are read at once, without waiting for the root to
/// say so. Only saves time: what is wrong here is found out by the next reading. Safe for any thread.
/// </summary>
internal sealed class GenreHints
{
    private const int GenresMax = 256;

    private static readonly ConditionalWeakTable<KademliaNode, GenreHints> ByNode = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, bool> _isSplit = new(StringComparer.Ordinal);

    public static GenreHints Of(KademliaNode node) => ByNode.GetValue(node, static _ => new GenreHints());

    /// <summary>Whether the root had children when it was last read; null: it was not.</summary>
    public bool? IsSplit(string genre)
    {
        lock (_gate)
        {
            return _isSplit.TryGetValue(genre, out bool isSplit) ? isSplit : null;
        }
    }

    public void Note(string genre, bool isSplit)
    {
        lock (_gate)
        {
            if (_isSplit.Count >= GenresMax && !_isSplit.ContainsKey(genre))
            {
                _isSplit.Clear();
            }

            _isSplit[genre] = isSplit;
        }
    }
}
