using System.Runtime.CompilerServices;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Federation.Genres;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Watching;

/// <summary>
/// Runs a <see cref="ServerWatch"/> over a node: watches the shards of a genre and reads them now and then. One flow: whatever happens first is taken,
/// its events handed out, and the next awaited. The clock is the options'; nothing else waits.
/// </summary>
internal sealed class DirectoryWatch(KademliaNode node, ServerQuery query, ServerDirectoryOptions options)
{
    /// <summary>Changes that may wait while the reader is at others; beyond that the genre is read anew.</summary>
    private const int QueueLength = 1_000;

    /// <summary>Shards that are watched; what stands in others is read.</summary>
    private const int ShardsMax = 128;

    /// <summary>How long the first reading waits for holders that promise to tell, so that nothing falls between the two.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Between two readings while not all shards have a holder that tells.</summary>
    private static readonly TimeSpan UncoveredPause = TimeSpan.FromSeconds(20);

    /// <summary>Before a reading that is to find what was missed.</summary>
    private static readonly TimeSpan GapPause = TimeSpan.FromSeconds(1);

    private readonly ServerWatch _watch = new(query);
    private readonly byte[]? _filter = ServerFilter.Of(query);
    private readonly EntropySource _entropy = node.NewEntropy();
    private readonly long _start = options.TimeProvider.GetTimestamp();
    private readonly List<Ear> _ears = [];
    private bool _wasCovered;
    private TimeSpan _nextReading = Patience;

    private TimeSpan Now => options.TimeProvider.GetElapsedTime(_start);

    private bool IsCovered => _ears.TrueForAll(static ear => ear.Holders > 0);

    public async IAsyncEnumerable<ServerEvent> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var alarm = new Alarm(options.TimeProvider, node.ContinuesInline);
        Task<Reading>? reading = null;
        List<ServerEvent> events = [];
        try
        {
            Listen(GenreShard.Root(query.Genre), gone.Token);
            while (true)
            {
                if (reading is null && _nextReading <= Now)
                {
                    _watch.BeginReading();
                    reading = ReadAsync(gone.Token);
                }

                Task timeOrReading = reading ?? alarm.At(_nextReading, Now);
                await Task.WhenAny([.. _ears.Select(static ear => ear.Next), timeOrReading]).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                foreach (Ear ear in _ears)
                {
                    while (ear.Next.IsCompleted)
                    {
                        // It has no end; when the node stops it throws.
                        _ = await ear.Next.ConfigureAwait(false);
                        Take(ear, events);
                        ear.Listen();
                    }
                }

                if (reading is { IsCompleted: true })
                {
                    Reading read = await reading.ConfigureAwait(false);
                    reading = null;
                    Take(read, events);
                    await FollowAsync(read, gone.Token).ConfigureAwait(false);
                }

                foreach (ServerEvent change in events)
                {
                    yield return change;
                }

                events.Clear();
            }
        }
        finally
        {
            await node.CancelAsync(gone).ConfigureAwait(false);
            await ((Task?)reading ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (Ear ear in _ears)
            {
                await ear.EndAsync(node).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Watches the shards that the genre has by now.</summary>
    private async Task FollowAsync(Reading reading, CancellationToken cancellationToken)
    {
        // Of a reading that was cut short nothing follows from what is missing.
        List<GenreShard> shards = reading.Shards;
        foreach (Ear past in _ears.Where(ear => reading.IsWhole && !ear.Shard.IsRoot && !shards.Contains(ear.Shard)).ToArray())
        {
            _ears.Remove(past);
            await past.EndAsync(node).ConfigureAwait(false);
        }

        foreach (GenreShard shard in shards.Where(shard => _ears.TrueForAll(ear => ear.Shard != shard)).Take(ShardsMax - _ears.Count))
        {
            Listen(shard, cancellationToken);
            if (_ears[^1].IsRefused)
            {
                // The node's watches are used up. What stands there is read, as beyond the limit of this one.
                Ear refused = _ears[^1];
                _ears.Remove(refused);
                await refused.EndAsync(node).ConfigureAwait(false);
                break;
            }
        }
    }

    private void Listen(GenreShard shard, CancellationToken cancellationToken)
    {
        var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ears.Add(new Ear(shard, node.WatchNewsAsync(shard.Key, _filter, QueueLength, ended.Token).GetAsyncEnumerator(CancellationToken.None), ended));
    }

    private void Take(Ear ear, List<ServerEvent> events)
    {
        WatchNews news = ear.News;
        ear.Holders = news.Holders;
        if (news.Record is { } record)
        {
            _watch.OnRecord(record, options.TimeProvider.GetUtcNow(), events);
        }

        bool isCovered = IsCovered;
        if (isCovered != _wasCovered)
        {
            // What happened while nobody told has to be read. At the beginning that is the first reading.
            _wasCovered = isCovered;
            ReadWithin(isCovered ? TimeSpan.Zero : UncoveredPause);
        }

        if (news.IsGap)
        {
            ReadWithin(GapPause);
        }
    }

    private void Take(Reading reading, List<ServerEvent> events)
    {
        _watch.Scope = options.ScopeOn(node);
        _watch.OnReading(reading.Rows, reading.Tombstones, reading.IsWhole, events);
        bool isGood = reading.IsWhole && IsCovered;
        TimeSpan next = Now + _entropy.Jitter(isGood ? options.Lease : UncoveredPause, 0.2);

        // One that was asked for while this one ran comes all the same.
        _nextReading = reading.BegunAt >= _nextReading || next < _nextReading ? next : _nextReading;
    }

    private void ReadWithin(TimeSpan span)
    {
        TimeSpan at = Now + span;
        _nextReading = at < _nextReading || _nextReading <= Now ? at : _nextReading;
    }

    private async Task<Reading> ReadAsync(CancellationToken cancellationToken)
    {
        TimeSpan begunAt = Now;
        List<Record> tombstones = [];
        void OnRecord(HeldRecord held)
        {
            // Several gets at once, each on the thread its answers come in.
            lock (tombstones)
            {
                if (held.Record.IsTombstone && tombstones.Count < ServerWatch.MaxServers)
                {
                    tombstones.Add(held.Record);
                }
            }
        }

        GenreReader reader = GenreReader.Of(node, _filter, OnRecord);
        IReadOnlyList<GetResult> results = await reader.ReadAsync(query.Genre, cancellationToken).ConfigureAwait(false);
        return new Reading(
            begunAt, [.. results.SelectMany(static result => result.Records)], tombstones, reader.IsWhole, reader.Shards);
    }

    private sealed record Reading(
        TimeSpan BegunAt, IReadOnlyList<FoundRecord> Rows, IReadOnlyList<Record> Tombstones, bool IsWhole, List<GenreShard> Shards);

    /// <summary>What is heard of one shard.</summary>
    private sealed class Ear
    {
        private readonly IAsyncEnumerator<WatchNews> _stream;
        private readonly CancellationTokenSource _ended;

        public Ear(GenreShard shard, IAsyncEnumerator<WatchNews> stream, CancellationTokenSource ended)
        {
            Shard = shard;
            _stream = stream;
            _ended = ended;
            Next = stream.MoveNextAsync().AsTask();
        }

        public GenreShard Shard { get; }

        public Task<bool> Next { get; private set; }

        public WatchNews News => _stream.Current;

        /// <summary>Whether it could not begin because the node runs as many watches as it may.</summary>
        public bool IsRefused => Next.Exception?.InnerException is InvalidOperationException and not ObjectDisposedException;

        /// <summary>Holders that promised to tell.</summary>
        public int Holders { get; set; }

        public void Listen() => Next = _stream.MoveNextAsync().AsTask();

        public async Task EndAsync(KademliaNode node)
        {
            await node.CancelAsync(_ended).ConfigureAwait(false);
            await ((Task)Next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _stream.DisposeAsync().ConfigureAwait(false);
            _ended.Dispose();
        }
    }

    /// <summary>One timer, which is set anew only when it is to go off at another time.</summary>
    private sealed class Alarm(TimeProvider time, bool continuesInline) : IDisposable
    {
        /// <summary>Timers cut off parts of a millisecond, and what fires too early would be set again and again.</summary>
        private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(1);

        private ITimer? _timer;
        private Task _ringing = Task.CompletedTask;
        private TimeSpan _at;

        public Task At(TimeSpan at, TimeSpan now)
        {
            if (_ringing.IsCompleted || _at != at)
            {
                // Not Task.Delay: who waits for one that is cancelled is continued on the thread pool, which simulations do without.
                Dispose();
                var ringing = new TaskCompletionSource(continuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
                TimeSpan due = (at > now ? at - now : TimeSpan.Zero) + Grain;
                _timer = time.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), ringing, due, Timeout.InfiniteTimeSpan);
                _ringing = ringing.Task;
                _at = at;
            }

            return _ringing;
        }

        public void Dispose()
        {
            _timer?.Dispose();
            _timer = null;
        }
    }
}
