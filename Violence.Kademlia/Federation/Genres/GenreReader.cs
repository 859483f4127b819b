using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// Reads all shards of a genre, side by side. The root is always read; what stands below a shard that may have more follows as soon as
/// that is known. A genre that is read for the first time has some of the root's children, drawn by lot, asked on the
/// chance: where there are many servers their rows come a round trip sooner, and from everywhere in the genre.
/// </summary>
/// <param name="read">Reads one shard to its end.</param>
/// <param name="hints">What is known from earlier readings.</param>
/// <param name="entropy">Draws the children.</param>
internal sealed class GenreReader(GenreReader.ReadShard read, GenreHints hints, EntropySource entropy)
{
    /// <summary>Children that are asked before it is known whether there are any.</summary>
    public const int OnTheChance = 4;

    /// <summary>Shards of one reading: what an attacker who fills shard after shard can make a reader ask for.</summary>
    private const int ShardsMax = 600;

    // Not the query's limit: rows that are filtered out or not valid must not use it up.
    private static readonly GetOptions Everything = new() { Mode = GetMode.All, Limit = 10_000 };

    private readonly HashSet<GenreShard> _begun = [];
    private readonly List<(GenreShard Shard, Task<GetResult> Reading)> _underWay = [];
    private readonly List<GetResult> _results = [];

    /// <summary>A reader over a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="filter">What holders may leave out; null: nothing.</param>
    /// <param name="onRecord">Hears of each record as it arrives, from several shards at once.</param>
    public static GenreReader Of(KademliaNode node, byte[]? filter, Action<HeldRecord>? onRecord) =>
        new((shard, token) => node.GetAsync(shard.Key, Everything, filter, onRecord, token), GenreHints.Of(node), node.NewEntropy());

    public delegate Task<GetResult> ReadShard(GenreShard shard, CancellationToken cancellationToken);

    /// <summary>The shards that were read, the root first; those that were read in vain, on the chance, are not among them.</summary>
    public List<GenreShard> Shards { get; } = [];

    /// <summary>What all shards have. A row that was just moving may be in it twice.</summary>
    /// <param name="genre">The genre, normalized.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<GetResult>> ReadAsync(string genre, CancellationToken cancellationToken)
    {
        GenreShard root = GenreShard.Root(genre);
        bool? wasSplit = hints.IsSplit(genre);
        using var needless = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Begin(root, cancellationToken);
        GenreShard[] guesses = wasSplit switch
        {
            true => [.. root.Children],
            false => [],
            null => Draw(root),
        };
        foreach (GenreShard guess in guesses)
        {
            Begin(guess, needless.Token);
        }

        bool isSplit = false;
        while (_underWay.Count > 0)
        {
            await Task.WhenAny(_underWay.Select(static reading => reading.Reading)).ConfigureAwait(false);
            for (int i = _underWay.Count - 1; i >= 0; i--)
            {
                (GenreShard shard, Task<GetResult> reading) = _underWay[i];
                if (!reading.IsCompleted)
                {
                    continue;
                }

                _underWay.RemoveAt(i);
                if (reading.IsCanceled && !cancellationToken.IsCancellationRequested)
                {
                    continue;
                }

                GetResult result = await reading.ConfigureAwait(false);
                bool goesOn = shard.CanSplit && result.HeldCount >= GenreShard.MayHaveMore;
                if (shard.IsRoot)
                {
                    isSplit = goesOn;
                    hints.Note(genre, goesOn);
                    _results.Insert(0, result);
                    Shards.Insert(0, shard);
                    if (!goesOn)
                    {
#pragma warning disable CA1849 // CancelAsync would go to the thread pool, which simulations do without.
                        needless.Cancel();
#pragma warning restore CA1849
                    }
                }
                else
                {
                    _results.Add(result);
                    Shards.Add(shard);
                }

                if (goesOn)
                {
                    BeginChildren(shard, cancellationToken);
                }
            }
        }

        if (!isSplit)
        {
            Shards.RemoveAll(static shard => !shard.IsRoot);
        }

        return _results;
    }

    private GenreShard[] Draw(GenreShard root)
    {
        GenreShard[] children = [.. root.Children];
        for (int i = 0; i < OnTheChance; i++)
        {
            int pick = i + entropy.NextInt32(children.Length - i);
            (children[i], children[pick]) = (children[pick], children[i]);
        }

        return children[..OnTheChance];
    }

    private void BeginChildren(GenreShard shard, CancellationToken cancellationToken)
    {
        foreach (GenreShard child in shard.Children)
        {
            Begin(child, cancellationToken);
        }
    }

    private void Begin(GenreShard shard, CancellationToken cancellationToken)
    {
        if (_begun.Count < ShardsMax && _begun.Add(shard))
        {
            _underWay.Add((shard, read(shard, cancellationToken)));
        }
    }
}
