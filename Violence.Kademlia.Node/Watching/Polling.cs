using System.Runtime.CompilerServices;
using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Watching;

/// <summary>Watches by asking again and again, and telling what differs: for networks whose holders push nothing.</summary>
/// <param name="query">Lists the servers that are there now.</param>
/// <param name="pause">Between two queries.</param>
/// <param name="time">The clock.</param>
internal sealed class Polling(
    Func<ServerQuery, CancellationToken, Task<IReadOnlyList<ServerListing>>> query, TimeSpan pause, TimeProvider time)
{
    /// <summary>A row may be missed once, when a holder is slow: only the second time in a row means that the server has left.</summary>
    private const int MissesMax = 2;

    public static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(5);

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ServerQuery wanted, [EnumeratorCancellation] CancellationToken stop)
    {
        ServerList known = ServerList.Empty;
        Dictionary<ServerKey, int> misses = [];
        while (true)
        {
            IReadOnlyList<ServerListing> now = await query(wanted, stop);
            foreach (WatchEvent happened in known.Compare(now))
            {
                var key = ServerKey.Of(happened.Listing);
                if (happened.Kind == WatchKind.Left && (misses[key] = misses.GetValueOrDefault(key) + 1) < MissesMax)
                {
                    continue;
                }

                known = known.Apply(happened);
                yield return happened;
            }

            foreach (ServerListing listing in now)
            {
                misses.Remove(ServerKey.Of(listing));
            }

            foreach (ServerKey gone in misses.Keys.Where(key => !known.Servers.ContainsKey(key)).ToArray())
            {
                misses.Remove(gone);
            }

            await Task.Delay(pause, time, stop);
        }
    }
}
