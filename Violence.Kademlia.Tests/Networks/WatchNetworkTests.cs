using System.Text;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Watching;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Federation;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>Hearing of changes over real sockets.</summary>
[TestFixture]
public sealed class WatchNetworkTests : DirectoryFixture
{
    [Test]
    public async Task A_watcher_hears_servers_join_change_and_leave()
    {
        await AnnounceAsync(Network[2], Server("Early", "watched"));
        await using var watcher = new Watcher(Directory(9).WatchAsync, new ServerQuery { Genre = "watched", Region = "unknown" });
        await watcher.ToldAsync("Joined Early 0");

        ServerInfo server = Server("Late", "watched");
        ServerAnnouncement announcement = await AnnounceAsync(Network[3], server);
        await watcher.ToldAsync("Joined Late 0");
        await announcement.UpdateAsync(server with { Players = 5 });
        await watcher.ToldAsync("Changed Late 5");
        await announcement.UpdateAsync(server with { Players = 5, Region = "eu-west" });
        await watcher.ToldAsync("Left Late 5 NoLongerMatches");
        await announcement.UpdateAsync(server with { Players = 6 });
        await watcher.ToldAsync("Joined Late 6");
        await announcement.WithdrawAsync();
        await watcher.ToldAsync("Left Late 6 Withdrawn");

        Assert.That(watcher.Told, Is.Unique);
    }

    [Test]
    public async Task The_genre_is_read_again_every_lease()
    {
        var clock = new VirtualClock();
        ServerDirectory directory = new(Network[10], new ServerDirectoryOptions { TimeProvider = clock });
        await AnnounceAsync(Network[2], Server("Steady", "watched-lease"));
        await using var watcher = new Watcher(directory.WatchAsync, new ServerQuery { Genre = "watched-lease" });
        await watcher.ToldAsync("Joined Steady 0");

        TimeSpan first = await clock.TimerAsync(static due => due > TimeSpan.FromSeconds(30));
        clock.Advance(first);
        TimeSpan second = await clock.TimerAsync(static due => due > TimeSpan.FromSeconds(30));

        Assert.That(second, Is.Not.EqualTo(first), "each is drawn anew");
        Assert.That((TimeSpan[])[first, second], Is.All.InRange(TimeSpan.FromSeconds(95), TimeSpan.FromSeconds(144)));
        Assert.That(watcher.Told, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_client_hears_records_as_they_change()
    {
        KademliaNode client = await Network.AddAsync(static options => options with { Mode = NodeMode.Client });
        RecordKey key = RecordKey.FromText("test", "watched record");
        using var enough = new CancellationTokenSource(Eventually.Deadline);
        await using IAsyncEnumerator<Record> records = client.WatchAsync(key, cancellationToken: enough.Token).GetAsyncEnumerator(enough.Token);
        Task<bool> next = records.MoveNextAsync().AsTask();

        // That it watches shows in what it hears: put until it does.
        for (int i = 0; !next.IsCompleted; i++)
        {
            await Network[4].PutAsync(key, Encoding.ASCII.GetBytes($"{i}"));
            await Task.Delay(50, enough.Token);
        }

        Assert.That(await next, Is.True);
        Assert.That((records.Current.Key, records.Current.Owner), Is.EqualTo((key, Network[4].Id)));
        await Network[4].WithdrawAsync(key);
        while (!records.Current.IsTombstone)
        {
            Assert.That(await records.MoveNextAsync(), Is.True);
        }
    }

    [Test]
    public async Task A_reader_that_is_too_slow_is_told_of_the_gap()
    {
        RecordKey key = RecordKey.FromText("test", "watched slowly");
        int gaps = 0;
        using var enough = new CancellationTokenSource(Eventually.Deadline);
        WatchOptions options = new() { QueueLength = 2, OnGap = () => gaps++ };
        await using IAsyncEnumerator<Record> records = Network[5].WatchAsync(key, options, enough.Token).GetAsyncEnumerator(enough.Token);
        Task<bool> next = records.MoveNextAsync().AsTask();
        for (int i = 0; !next.IsCompleted; i++)
        {
            await Network[4].PutAsync(key, Encoding.ASCII.GetBytes($"{i}"));
            await Task.Delay(50, enough.Token);
        }

        await next;
        for (int i = 0; i < 10; i++)
        {
            await Network[4].PutAsync(key, Encoding.ASCII.GetBytes($"more {i}"));
        }

        for (int i = 0; gaps == 0; i++)
        {
            next = records.MoveNextAsync().AsTask();
            while (!next.IsCompleted)
            {
                await Network[4].PutAsync(key, Encoding.ASCII.GetBytes($"even more {i++}"));
            }

            await next;
        }

        Assert.That(gaps, Is.EqualTo(1));
    }

    [Test]
    public async Task A_watch_ends_with_the_node_and_with_the_reader()
    {
        KademliaNode node = await Network.AddAsync();
        using var stop = new CancellationTokenSource();
        ServerQuery query = new() { Genre = "watched-end" };
        await using var cancelled = new Watcher((asked, _) => new ServerDirectory(node).WatchAsync(asked, stop.Token), query);
        await using var stopped = new Watcher(new ServerDirectory(node).WatchAsync, query);
        await AnnounceAsync(Network[2], Server("Steady", "watched-end"));
        await cancelled.ToldAsync("Joined Steady 0");
        await stopped.ToldAsync("Joined Steady 0");

        await stop.CancelAsync();
        await node.DisposeAsync();

        Assert.That(await cancelled.EndAsync(), Is.InstanceOf<OperationCanceledException>());
        Assert.That(await stopped.EndAsync(), Is.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Options_out_of_range_and_queries_that_are_none_are_refused_at_the_call()
    {
        Assert.That(() => Network[0].WatchAsync(default, new WatchOptions { QueueLength = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Network[0].WatchAsync(default, new WatchOptions { QueueLength = 10_001 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Directory(0).WatchAsync(new ServerQuery { Genre = "" }), Throws.ArgumentException);
    }

    /// <summary>Reads a watch in the background until it is disposed of.</summary>
    private sealed class Watcher : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly List<string> _told = [];
        private readonly Task<Exception?> _reading;

        public Watcher(Func<ServerQuery, CancellationToken, IAsyncEnumerable<ServerEvent>> watch, ServerQuery query) =>
            _reading = ReadAsync(watch(query, _end.Token));

        /// <summary>What was told: what happened, to whom, with how many players, and why.</summary>
        public IReadOnlyList<string> Told
        {
            get
            {
                lock (_told)
                {
                    return [.. _told];
                }
            }
        }

        public async Task ToldAsync(string expected) => await Eventually.HoldsAsync(
            $"the last that was told is '{expected}'", _ => Task.FromResult(Told), told => told.Count > 0 && told[^1] == expected, told => string.Join(", ", told));

        /// <summary>How it ended.</summary>
        public async Task<Exception?> EndAsync() => await _reading.WaitAsync(Eventually.Deadline);

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _reading;
            _end.Dispose();
        }

        private async Task<Exception?> ReadAsync(IAsyncEnumerable<ServerEvent> events)
        {
            try
            {
                await foreach (ServerEvent change in events)
                {
                    lock (_told)
                    {
                        _told.Add($"{change.Kind} {change.Listing.Server.Name} {change.Listing.Server.Players} {change.Reason}".TrimEnd());
                    }
                }

                return null;
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
            {
                return end;
            }
        }
    }
}
