using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.Browser;
using Violence.Kademlia.Node.Watching;
using Violence.Kademlia.Tests.Node.Watching;

namespace Violence.Kademlia.Tests.Node.Browser;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BrowserLoopTests
{
    private readonly FakeConsole _console = new();
    private readonly Channel<WatchEvent> _duel = Channel.CreateUnbounded<WatchEvent>();
    private readonly List<string> _watched = [];

    [Test]
    public async Task Events_are_shown_as_they_come_keys_change_the_screen_and_q_gives_it_back()
    {
        Task browsing = BrowseAsync(CancellationToken.None);
        await _console.SeeAsync("0 of 0 servers");

        _duel.Writer.TryWrite(WatchSamples.Joined("alpha"));
        await _console.SeeAsync("alpha");
        _duel.Writer.TryWrite(WatchSamples.Joined("bravo", players: 16));
        await _console.SeeAsync("2 of 2 servers");
        _console.Press("f");
        await _console.SeeAsync("1 of 2 servers");
        int taken = _console.Taken;
        _console.Press("q");
        await browsing;

        Assert.That((taken, _console.Taken), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task Another_tab_watches_its_genre_and_what_comes_late_from_the_other_is_not_shown()
    {
        Task browsing = BrowseAsync(CancellationToken.None);
        _duel.Writer.TryWrite(WatchSamples.Joined("alpha"));
        await _console.SeeAsync("alpha");

        _console.Press("Tab");
        string fps = await _console.SeeAsync("1 of 1 servers");
        _console.Press("q");
        await browsing;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_watched, Is.EqualTo(new[] { "duel", "fps" }));
            Assert.That(fps, Does.Contain("[fps]").And.Contain("of-fps").And.Not.Contain("alpha"));
        }
    }

    [Test]
    public async Task A_watch_that_ends_is_told_on_the_screen()
    {
        Task browsing = BrowseAsync(CancellationToken.None);
        _duel.Writer.Complete(new InvalidOperationException("no\u001b more"));

        await _console.SeeAsync("the watch has ended: no more");
        _console.Press("q");
        await browsing;
    }

    [Test]
    public async Task A_new_size_of_the_window_is_noticed()
    {
        Task browsing = BrowseAsync(CancellationToken.None);
        await _console.SeeAsync("address");

        _console.Size = (10, 24);
        await _console.SeeAsync("0 of 0 se…");
        _console.Press("q");
        await browsing;
    }

    [Test]
    public async Task Stopped_it_gives_the_screen_back_too()
    {
        using var stop = new CancellationTokenSource();
        Task browsing = BrowseAsync(stop.Token);
        await _console.SeeAsync("0 of 0 servers");

        await stop.CancelAsync();
        await browsing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(_console.Taken, Is.Zero);
    }

    private Task BrowseAsync(CancellationToken stop) =>
        new BrowserLoop(WatchAsync, genre => new ServerQuery { Genre = genre }, _console, TimeProvider.System)
            .RunAsync(new BrowserState { Genres = ["duel", "fps"] }, stop);

    private async IAsyncEnumerable<WatchEvent> WatchAsync(ServerQuery query, [EnumeratorCancellation] CancellationToken stop)
    {
        _watched.Add(query.Genre);
        if (query.Genre == "fps")
        {
            yield return WatchSamples.Joined("of-fps");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        }

        await foreach (WatchEvent happened in _duel.Reader.ReadAllAsync(stop))
        {
            yield return happened;
        }
    }
}
