using Microsoft.Extensions.Time.Testing;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Watching;

[TestFixture]
internal sealed class PollingTests
{
    private static readonly ServerQuery Duel = new() { Genre = "duel" };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task What_differs_between_two_answers_is_told_and_a_row_missed_once_is_not_gone()
    {
        ServerListing one = WatchSamples.Listing("one");
        ServerListing two = WatchSamples.Listing("two");
        Queue<ServerListing[]> answers = new([[one, two], [one], [one, two], [WatchSamples.Listing("one", players: 4, sequence: 2)], [], []]);
        using var stop = new CancellationTokenSource(Patience);

        List<string> told = [];
        var polling = new Polling((_, _) => Task.FromResult<IReadOnlyList<ServerListing>>(answers.Dequeue()), TimeSpan.Zero, TimeProvider.System);
        await foreach (WatchEvent happened in polling.WatchAsync(Duel, stop.Token))
        {
            told.Add($"{happened.Kind} {happened.Listing.Server.Name} {happened.Listing.Server.Players}");
            if (told.Count == 5)
            {
                break;
            }
        }

        Assert.That(told, Is.EqualTo(new[] { "Joined one 0", "Joined two 0", "Changed one 4", "Left two 0", "Left one 4" }));
    }

    [Test]
    public async Task It_asks_again_after_the_pause_and_not_before()
    {
        FakeTimeProvider time = new();
        int asked = 0;
        using var stop = new CancellationTokenSource();
        var polling = new Polling(
            (_, _) => Task.FromResult<IReadOnlyList<ServerListing>>([WatchSamples.Listing("one", players: asked++, sequence: (ulong)asked)]), Polling.DefaultPause, time);
        await using IAsyncEnumerator<WatchEvent> events = polling.WatchAsync(Duel, stop.Token).GetAsyncEnumerator();
        await events.MoveNextAsync();

        ValueTask<bool> next = events.MoveNextAsync();
        time.Advance(Polling.DefaultPause - TimeSpan.FromMilliseconds(1));
        int early = asked;
        time.Advance(TimeSpan.FromMilliseconds(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await next, Is.True);
            Assert.That((early, asked), Is.EqualTo((1, 2)));
        }

        await stop.CancelAsync();
    }

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
