using Violence.Kademlia.Federation;

namespace Violence.Kademlia.Node.Watching;

/// <summary>The ways to watch a directory.</summary>
internal static class Watchers
{
    public static ServerWatcher Of(ServerDirectory directory) =>
        new Polling(directory.QueryAllAsync, Polling.DefaultPause, TimeProvider.System).WatchAsync;

    /// <summary>The same with the servers' round trips, for people who look at it.</summary>
    public static ServerWatcher WithPings(ServerDirectory directory) =>
        new PingedWatch(Of(directory), directory.QueryAllAsync, TimeProvider.System).WatchAsync;
}
