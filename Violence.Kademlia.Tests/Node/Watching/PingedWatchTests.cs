using Microsoft.Extensions.Time.Testing;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Watching;

[TestFixture]
internal sealed class PingedWatchTests
{
    private static readonly ServerQuery Duel = new() { Genre = "duel" };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task A_pinged_watch_tells_events_and_measurements_and_ends_as_its_watch_does()
    {
        FakeTimeProvider time = new();
        TaskCompletionSource isMeasured = new();
        ServerListing near = WatchSamples.Listing("one") with { Ping = TimeSpan.FromMilliseconds(3) };
        using var stop = new CancellationTokenSource(Patience);
        var watch = new PingedWatch(
            (_, token) => OneThenFailAsync(token), (query, _) => Task.FromResult<IReadOnlyList<ServerListing>>(query.OrderBy == ServerOrder.Ping ? [near] : []), time);

        List<WatchKind> told = [];
        Exception? failure = null;
        try
        {
            await foreach (WatchEvent happened in watch.WatchAsync(Duel, stop.Token))
            {
                told.Add(happened.Kind);
                if (happened.Kind == WatchKind.Measured)
                {
                    isMeasured.SetResult();
                }
            }
        }
        catch (InvalidOperationException ended)
        {
            failure = ended;
        }

        Assert.That(told, Is.EquivalentTo(new[] { WatchKind.Joined, WatchKind.Measured }));
        Assert.That(failure?.Message, Is.EqualTo("over"));

        async IAsyncEnumerable<WatchEvent> OneThenFailAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            yield return WatchSamples.Joined("one");
            await isMeasured.Task.WaitAsync(token);
            throw new InvalidOperationException("over");
        }
    }
}
