using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// Reads all shards of a genre, side by side. The root is always read; what stands below a shard that may have more follows as soon as
/// two of its holders say that it is so full. Of a genre that is read for the first time the root's children are asked on the chance: where there
/// are many servers their rows come a round trip sooner, and from everywhere in the genre.
/// </summary>
/// <param name="read">Reads one shard to its end.</param>
/// <param name="hints">What is known from earlier readings.</param>
/// <param name="continuesInline">Whether who waits is continued on the spot (<see cref="KademliaNode.ContinuesInline"/>).</param>
internal sealed class GenreReader(GenreReader.ReadShard read, GenreHints hints, bool continuesInline)
{
    /// <summary>Shards of one reading: what an attacker who fills shard after shard can make a reader ask for.</summary>
    public const int ShardsMax = 600;

    // Not the query's limit: rows that are filtered out or not valid must not use it up.
    private static readonly GetOptions Everything = new() { Mode = GetMode.All, Limit = 10_000 };

    private readonly HashSet<GenreShard> _begun = [];
    private readonly List<Reading> _underWay = [];
    private readonly List<GetResult> _results = [];
    private bool _isCut;

    /// <summary>A reader over a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="filter">What holders may leave out; null: nothing.</param>
    /// <param name="onRecord">Hears of each record as it arrives, from several shards at once.</param>
    public static GenreReader Of(KademliaNode node, byte[]? filter, Action<HeldRecord>? onRecord) =>
        new(
            (shard, onHeldCount, token) => node.GetAsync(shard.Key, Everything, filter, onRecord, token, told => onHeldCount(told.Agreed)),
            GenreHints.Of(node),
            node.ContinuesInline);

    /// <summary>Reads one shard.</summary>
    /// <param name="shard">Which.</param>
    /// <param name="onHeldCount">Hears, while it is being read, how many rows its holders say they have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public delegate Task<GetResult> ReadShard(GenreShard shard, Action<int> onHeldCount, CancellationToken cancellationToken);

    /// <summary>The shards that were read, the root first; those that were read in vain, on the chance, are not among them.</summary>
    public List<GenreShard> Shards { get; } = [];

    /// <summary>Whether all shards were read, each to its end: what was not found is not there, as far as the holders know.</summary>
    public bool IsWhole => !_isCut && _results.TrueForAll(static result => result.IsWhole);

    /// <summary>What all shards have. A row that was just moving may be in it twice.</summary>
    /// <param name="genre">The genre, normalized.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<GetResult>> ReadAsync(string genre, CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var needless = CancellationTokenSource.CreateLinkedTokenSource(all.Token);
        try
        {
            bool isSplit = await ReadAsync(GenreShard.Root(genre), all, needless, cancellationToken).ConfigureAwait(false);
            hints.Note(genre, isSplit);
            Shards.RemoveAll(shard => !isSplit && !shard.IsRoot);
            Shards.Sort(static (left, right) => left.Path.Length.CompareTo(right.Path.Length));
            return _results;
        }
        finally
        {
            // One has failed or the caller gave up: nobody waits for the others, and what became of them is nobody's news.
            if (_underWay.Count > 0)
            {
                Cancel(all);
            }

            foreach (Reading reading in _underWay)
            {
                await ((Task)reading.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>Whether the root has children.</returns>
    private async Task<bool> ReadAsync(
        GenreShard root, CancellationTokenSource all, CancellationTokenSource needless, CancellationToken cancellationToken)
    {
        Begin(root, all.Token);
        if (hints.IsSplit(root.Genre) != false)
        {
            BeginChildren(root, needless.Token);
        }

        bool isSplit = false;
        while (_underWay.Count > 0)
        {
            await Task.WhenAny(_underWay.SelectMany(static reading => reading.Awaited)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = _underWay.Count - 1; i >= 0; i--)
            {
                Reading reading = _underWay[i];

                // Asked once: it may end while its children are begun, and is taken in the next round then.
                bool isOver = reading.Result.IsCompleted;
                GetResult? result = isOver ? await ResultOf(reading, needless.Token).ConfigureAwait(false) : null;
                if (reading.TakeHasMore(result))
                {
                    BeginChildren(reading.Shard, reading.Token);
                    isSplit |= reading.Shard.IsRoot;
                }

                if (!isOver)
                {
                    continue;
                }

                _underWay.Remove(reading);
                if (result is not null)
                {
                    _results.Add(result);
                    Shards.Add(reading.Shard);
                }

                if (reading.Shard.IsRoot && !isSplit)
                {
                    Cancel(needless);
                }
            }
        }

        return isSplit;
    }

    /// <summary>On the spot: <see cref="CancellationTokenSource.CancelAsync"/> would go to the thread pool, which simulations do without.</summary>
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    /// <summary>Null when it was given up because it turned out to be needless.</summary>
    private static async Task<GetResult?> ResultOf(Reading reading, CancellationToken needless) =>
        reading.Result.IsCanceled && needless.IsCancellationRequested ? null : await reading.Result.ConfigureAwait(false);

    private void BeginChildren(GenreShard shard, CancellationToken cancellationToken)
    {
        foreach (GenreShard child in shard.Children)
        {
            Begin(child, cancellationToken);
        }
    }

    private void Begin(GenreShard shard, CancellationToken cancellationToken)
    {
        if (_begun.Count >= ShardsMax)
        {
            _isCut |= !_begun.Contains(shard);
        }
        else if (_begun.Add(shard))
        {
            _underWay.Add(new Reading(shard, read, continuesInline, cancellationToken));
        }
    }

    /// <summary>A shard that is being read.</summary>
    private sealed class Reading
    {
        private readonly TaskCompletionSource _hasMore;
        private bool _isTaken;

        public Reading(GenreShard shard, ReadShard read, bool continuesInline, CancellationToken cancellationToken)
        {
            Shard = shard;
            Token = cancellationToken;
            _hasMore = new TaskCompletionSource(continuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
            Result = read(shard, OnHeldCount, cancellationToken);
        }

        public GenreShard Shard { get; }

        /// <summary>Ends what stands below it as well: a guess that was in vain leaves nothing running.</summary>
        public CancellationToken Token { get; }

        public Task<GetResult> Result { get; }

        public IEnumerable<Task> Awaited => _isTaken ? [Result] : [Result, _hasMore.Task];

        /// <summary>Whether it is known by now, and was not before, that there may be more below.</summary>
        public bool TakeHasMore(GetResult? result)
        {
            bool isNews = !_isTaken && (_hasMore.Task.IsCompleted || (result is not null && HasMore(result.HeldCount)));
            _isTaken |= isNews;
            return isNews;
        }

        private bool HasMore(int heldCount) => Shard.CanSplit && heldCount >= GenreShard.MayHaveMore;

        private void OnHeldCount(int heldCount)
        {
            if (HasMore(heldCount))
            {
                _hasMore.TrySetResult();
            }
        }
    }
}
