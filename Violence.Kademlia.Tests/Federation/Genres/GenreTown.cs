using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Genres;

/// <summary>
/// Servers of one genre and holders that know everything at once: who stands where, and whose tombstone still does. A round is the time between two looks
/// of a server at its place; a tombstone stays for as many as fit into eight hours.
/// </summary>
internal sealed class GenreTown
{
    public const string Genre = "arena";

    /// <summary>Rounds of five minutes.</summary>
    public const int TombstoneRounds = 96;

    private readonly EntropySource _entropy = EntropySource.Seeded(7);
    private readonly SortedDictionary<int, GenreShard> _places = [];
    private readonly Dictionary<GenreShard, Dictionary<int, int>> _marks = [];
    private int _round;
    private int _next;

    public int Count => _places.Count;

    public IEnumerable<GenreShard> Places => _places.Values;

    /// <summary>The most servers that stand in one shard.</summary>
    public int Fullest => _places.Values.GroupBy(static shard => shard).Max(static shard => shard.Count());

    /// <summary>One after the other, each seeing those before.</summary>
    public async Task ComeAsync(int servers)
    {
        for (int i = 0; i < servers; i++)
        {
            Put(_next, await Place(_next).FindAsync(Genre, default));
            _next++;
        }
    }

    /// <summary>All before anybody sees anybody.</summary>
    public void ComeAtOnce(int servers)
    {
        for (int i = 0; i < servers; i++)
        {
            Put(_next++, GenreShard.Root(Genre));
        }
    }

    public void Leave(int servers)
    {
        int[] all = [.. _places.Keys];
        for (int i = 0; i < servers; i++)
        {
            int other = i + _entropy.NextInt32(all.Length - i);
            (all[i], all[other]) = (all[other], all[i]);
            Withdraw(all[i], _places[all[i]]);
            _places.Remove(all[i]);
        }
    }

    /// <summary>Every server looks at its place, and so much time passes.</summary>
    public async Task RoundAsync()
    {
        foreach ((int server, GenreShard current) in _places.ToArray())
        {
            GenreShard next = await Place(server).ReviewAsync(current, _entropy.NextDouble(), default);
            if (next != current)
            {
                Put(server, next);
                Withdraw(server, current);
            }
        }

        _round++;
        foreach (Dictionary<int, int> marks in _marks.Values)
        {
            foreach ((int server, int until) in marks.ToArray())
            {
                if (until <= _round)
                {
                    marks.Remove(server);
                }
            }
        }
    }

    /// <summary>Who stands in a shard that somebody reads who knows nothing of the genre.</summary>
    public async Task<int> FoundAsync()
    {
        var reader = new GenreReader(ReadAsync, new GenreHints(), continuesInline: true);
        await reader.ReadAsync(Genre, default);
        HashSet<GenreShard> read = [.. reader.Shards];
        return _places.Values.Count(read.Contains);
    }

    private Task<GetResult> ReadAsync(GenreShard shard, Action<int> onHeldCount, CancellationToken cancellationToken) =>
        Task.FromResult(DirectorySamples.Found(Array.Empty<Record>()) with { HeldCount = CountOf(shard) });

    private GenrePlace Place(int server) =>
        new((shard, _) => Task.FromResult<int?>(CountOf(shard)), DirectorySamples.Owner((uint)server), $"server {server}");

    /// <summary>As holders count: tombstones as well.</summary>
    private int CountOf(GenreShard shard) => _marks.TryGetValue(shard, out Dictionary<int, int>? marks) ? marks.Count : 0;

    private void Put(int server, GenreShard shard)
    {
        Marks(shard)[server] = int.MaxValue;
        _places[server] = shard;
    }

    private void Withdraw(int server, GenreShard shard) => Marks(shard)[server] = _round + TombstoneRounds;

    private Dictionary<int, int> Marks(GenreShard shard)
    {
        if (!_marks.TryGetValue(shard, out Dictionary<int, int>? marks))
        {
            _marks.Add(shard, marks = []);
        }

        return marks;
    }
}
