using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Genres;

/// <summary>Decides in which shard of a genre a server's row stands, by how many rows the holders of each have.</summary>
/// <param name="count">How many rows a shard has; null when nobody could be asked.</param>
/// <param name="owner">Whose row.</param>
/// <param name="label">The row's label.</param>
internal sealed class GenrePlace(Func<GenreShard, CancellationToken, Task<int?>> count, NodeId owner, string label)
{
    /// <summary>For a row that stands nowhere yet: the first on its way from the root that is not full.</summary>
    public async Task<GenreShard> FindAsync(string genre, CancellationToken cancellationToken)
    {
        GenreShard shard = GenreShard.Root(genre);
        while (shard.CanSplit && await count(shard, cancellationToken).ConfigureAwait(false) >= GenreShard.Full)
        {
            shard = shard.ChildOf(owner, label);
        }

        return shard;
    }

    /// <summary>
    /// Where a row should stand from now on: further up when there is room again, further down when it is crowded, and else where it
    /// is. Everybody below sees the room, so each takes it with such a chance that about as many move as it holds; where readers will soon
    /// not look below any more nobody waits for that.
    /// </summary>
    /// <param name="current">Where it stands.</param>
    /// <param name="chance">0 to 1, drawn anew for every call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<GenreShard> ReviewAsync(GenreShard current, double chance, CancellationToken cancellationToken)
    {
        // Nobody there to ask, or nothing there though this row should be: no time to move.
        if (await count(current, cancellationToken).ConfigureAwait(false) is not { } here || here == 0)
        {
            return current;
        }

        GenreShard above = GenreShard.Root(current.Genre);
        double below = here;
        for (int level = 0; level < current.Path.Length; level++)
        {
            below *= GenreShard.FanOut;
        }

        while (above != current)
        {
            if (await count(above, cancellationToken).ConfigureAwait(false) is not { } rows)
            {
                return current;
            }

            if (rows < GenreShard.RunsOut || chance < (GenreShard.HasRoomAgain - rows) / below)
            {
                return above;
            }

            above = above.ChildOf(owner, label);
            below /= GenreShard.FanOut;
        }

        // Not by chance: who has gone down leaves a tombstone that counts for hours, and with a new draw each time all would follow.
        bool goesDown = current.CanSplit && here >= GenreShard.Crowded && current.RankOf(owner, label) < (double)(here - GenreShard.Remaining) / here;
        return goesDown ? current.ChildOf(owner, label) : current;
    }
}
