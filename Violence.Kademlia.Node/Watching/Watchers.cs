using System.Runtime.CompilerServices;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Watching;

namespace Violence.Kademlia.Node.Watching;

/// <summary>The ways to watch a directory.</summary>
internal static class Watchers
{
    public static ServerWatcher Of(ServerDirectory directory) => (query, stop) => EventsAsync(directory.WatchAsync(query, stop), stop);

    /// <summary>The same with the servers' round trips, for people who look at it.</summary>
    public static ServerWatcher WithPings(ServerDirectory directory) =>
        new PingedWatch(Of(directory), directory.QueryAllAsync, TimeProvider.System).WatchAsync;

    private static async IAsyncEnumerable<WatchEvent> EventsAsync(
        IAsyncEnumerable<ServerEvent> events, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (ServerEvent happened in events.WithCancellation(stop))
        {
            yield return new WatchEvent(KindOf(happened.Kind), happened.Listing, ReasonOf(happened.Reason));
        }
    }

    private static WatchKind KindOf(ServerEventKind kind) => kind switch
    {
        ServerEventKind.Joined => WatchKind.Joined,
        ServerEventKind.Changed => WatchKind.Changed,
        _ => WatchKind.Left,
    };

    private static string? ReasonOf(ServerLeaveReason? reason) => reason switch
    {
        ServerLeaveReason.Withdrawn => "withdrawn",
        ServerLeaveReason.Silent => "silent",
        ServerLeaveReason.NoLongerMatches => "no_longer_matches",
        _ => null,
    };
}
