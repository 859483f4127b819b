using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>
/// Where one server's row stands, and where it may still stand after a move or a change that was cancelled half-way. Only one call at
/// a time.
/// </summary>
internal sealed class GenreRow(KademliaNode node, string label)
{
    /// <summary>Publications between two looks at how full the shards are: some minutes with the default lease.</summary>
    private const int ReviewEvery = 5;

    private readonly GenrePlace _place = new((shard, token) => node.CountAsync(shard.Key, GenreShard.Full, token), node.Id, label);
    private readonly EntropySource _entropy = node.NewEntropy();
    private readonly List<GenreShard> _standsIn = [];
    private int _sinceReview;

    /// <summary>Puts the row where it belongs, and takes it from everywhere else once it is there.</summary>
    public async Task<PutResult> PublishAsync(string genre, byte[] row, CancellationToken cancellationToken)
    {
        GenreShard shard = await ChooseAsync(genre, cancellationToken).ConfigureAwait(false);
        bool isNew = !_standsIn.Contains(shard);
        if (isNew)
        {
            // Before it is put: a put that is given up may have reached somebody.
            _standsIn.Add(shard);
        }

        PutOptions options = new() { Label = label };
        PutResult result = isNew
            ? await node.PutAsync(shard.Key, row, options, cancellationToken).ConfigureAwait(false)
            : await node.RenewAsync(shard.Key, row, options, cancellationToken).ConfigureAwait(false);
        foreach (GenreShard left in _standsIn.Where(other => other != shard).ToArray())
        {
            if (result.Holders.Count == 0 && string.Equals(left.Genre, genre, StringComparison.Ordinal))
            {
                // Nobody took it: who looks finds the server where it was, until it is somewhere else.
                continue;
            }

            await node.WithdrawAsync(left.Key, label, cancellationToken).ConfigureAwait(false);
            _standsIn.Remove(left);
        }

        return result;
    }

    /// <summary>Takes the row back from everywhere.</summary>
    public Task WithdrawAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_standsIn.Select(shard => node.WithdrawAsync(shard.Key, label, cancellationToken)));

    private async Task<GenreShard> ChooseAsync(string genre, CancellationToken cancellationToken)
    {
        int last = _standsIn.FindLastIndex(shard => string.Equals(shard.Genre, genre, StringComparison.Ordinal));
        if (last < 0)
        {
            _sinceReview = 0;
            if (FindKept(genre) is { } kept)
            {
                // How full the shards are by now is looked at with the next publication.
                _sinceReview = ReviewEvery - 1;
                return kept;
            }

            return await _place.FindAsync(genre, cancellationToken).ConfigureAwait(false);
        }

        if (++_sinceReview < ReviewEvery)
        {
            return _standsIn[last];
        }

        _sinceReview = 0;
        return await _place.ReviewAsync(_standsIn[last], _entropy.NextDouble(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the row stood before the node was started anew: it is still kept alive there. In the middle of a move that was several
    /// shards; of the others it is taken from.
    /// </summary>
    private GenreShard? FindKept(string genre)
    {
        GenreShard? first = null;
        for (GenreShard shard = GenreShard.Root(genre); ; shard = shard.ChildOf(node.Id, label))
        {
            if (node.KeepsAlive(shard.Key, label))
            {
                if (first is null)
                {
                    first = shard;
                }
                else
                {
                    _standsIn.Add(shard);
                }
            }

            if (!shard.CanSplit)
            {
                return first;
            }
        }
    }
}
