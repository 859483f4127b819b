using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Watching;

namespace Violence.Kademlia.Node.Demo;

/// <summary>
/// Act 7: the player watches a genre, is told who is there, and hears of a change that a server makes without asking for it. The time
/// of the change runs from the server's call.
/// </summary>
internal sealed class WatchAct : IDemoAct
{
    /// <summary>Longer than a reading takes to come where nobody tells.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    public string Title => "watch";

    public async Task PlayAsync(DemoWorld world, StepLog log, CancellationToken stop)
    {
        DemoServer server = world.Contested;
        DemoNode asker = world.Player ?? world.AskerFor(server);
        log.Expect(2);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        await using IAsyncEnumerator<ServerEvent> events = asker.Directory
            .WatchAsync(new ServerQuery { Genre = server.Info.Genre, Limit = ServerQuery.MaxLimit }, limit.Token)
            .GetAsyncEnumerator(limit.Token);
        await CountAsync(() => HearAsync(ServerEventKind.Joined));
        await CountAsync(async () =>
        {
            await server.UpdateAsync(server.Info with { Players = server.Info.Players == 0 ? 1 : server.Info.Players - 1 }, stop);
            return await HearAsync(ServerEventKind.Changed);
        });

        async Task CountAsync(Func<Task<string?>> hear)
        {
            world.Figures.WatchEventsExpected++;
            if (await log.MeasureAsync(hear) is not null)
            {
                world.Figures.WatchEventsHeard++;
            }
        }

        async Task<string?> HearAsync(ServerEventKind kind)
        {
            try
            {
                while (await events.MoveNextAsync())
                {
                    ServerEvent happened = events.Current;
                    if (happened.Kind == kind && happened.Listing.Owner == server.Announcer.Id && happened.Listing.Server == server.Info)
                    {
                        return null;
                    }
                }
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // Told below.
            }

            return $"{asker} watched {server.Info.Genre} and was not told that {server.Info.Name} has {kind.ToString().ToLowerInvariant()}";
        }
    }
}
