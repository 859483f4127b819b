using System.Runtime.CompilerServices;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Federation.Watching;

/// <summary>
/// Runs a <see cref="ServerWatch"/> over a node: watches the keys and reads them now and then. One flow: whatever happens first is taken,
/// its events handed out, and the next awaited. The clock is the options'; nothing else waits.
/// </summary>
internal sealed class DirectoryWatch(KademliaNode node, ServerQuery query, IReadOnlyList<RecordKey> keys, ServerDirectoryOptions options)
{
    /// <summary>Changes that may wait while the reader is at others; beyond that the genre is read anew.</summary>
    private const int QueueLength = 1_000;

    /// <summary>How long the first reading waits for holders that promise to tell, so that nothing falls between the two.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Between two readings while not all keys have a holder that tells.</summary>
    private static readonly TimeSpan UncoveredPause = TimeSpan.FromSeconds(20);

    /// <summary>Before a reading that is to find what was missed.</summary>
    private static readonly TimeSpan GapPause = TimeSpan.FromSeconds(1);

    private static readonly GetOptions Everything = new() { Mode = GetMode.All, Limit = 10_000 };

    private readonly ServerWatch _watch = new(query);
    private readonly byte[]? _filter = ServerFilter.Of(query);
    private readonly EntropySource _entropy = node.NewEntropy();
    private readonly long _start = options.TimeProvider.GetTimestamp();
    private readonly int[] _holders = new int[keys.Count];
    private bool _wasCovered;
    private TimeSpan _nextReading = Patience;

    private TimeSpan Now => options.TimeProvider.GetElapsedTime(_start);

    private bool IsCovered => _holders.All(static holders => holders > 0);

    public async IAsyncEnumerable<ServerEvent> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<WatchNews>[] streams =
            [.. keys.Select(key => node.WatchNewsAsync(key, _filter, QueueLength, gone.Token).GetAsyncEnumerator(CancellationToken.None))];
        Task<bool>[] next = [.. streams.Select(static stream => stream.MoveNextAsync().AsTask())];
        using var alarm = new Alarm(options.TimeProvider);
        Task<Reading>? reading = null;
        List<ServerEvent> events = [];
        try
        {
            while (true)
            {
                if (reading is null && _nextReading <= Now)
                {
                    _watch.BeginReading();
                    reading = ReadAsync(gone.Token);
                }

                Task timeOrReading = reading ?? alarm.At(_nextReading, Now);
                await Task.WhenAny([.. next, timeOrReading]).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                for (int i = 0; i < next.Length; i++)
                {
                    while (next[i].IsCompleted)
                    {
                        // It has no end; when the node stops it throws.
                        _ = await next[i].ConfigureAwait(false);
                        Take(i, streams[i].Current, events);
                        next[i] = streams[i].MoveNextAsync().AsTask();
                    }
                }

                if (reading is { IsCompleted: true })
                {
                    Take(await reading.ConfigureAwait(false), events);
                    reading = null;
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
            await EndAsync(streams, next, reading).ConfigureAwait(false);
        }
    }

    private void Take(int key, in WatchNews news, List<ServerEvent> events)
    {
        _holders[key] = news.Holders;
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
        List<FoundRecord> rows = [];
        bool isWhole = true;
        foreach (RecordKey key in keys)
        {
            GetResult result = await node.GetAsync(
                key,
                Everything,
                _filter,
                held =>
                {
                    if (held.Record.IsTombstone && tombstones.Count < ServerWatch.MaxServers)
                    {
                        tombstones.Add(held.Record);
                    }
                },
                cancellationToken).ConfigureAwait(false);
            rows.AddRange(result.Records);
            isWhole &= result.IsWhole;
        }

        return new Reading(begunAt, rows, tombstones, isWhole);
    }

    private static async Task EndAsync(IAsyncEnumerator<WatchNews>[] streams, Task<bool>[] next, Task? reading)
    {
        foreach (Task pending in (Task[])[.. next, reading ?? Task.CompletedTask])
        {
            await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (IAsyncEnumerator<WatchNews> stream in streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed record Reading(TimeSpan BegunAt, IReadOnlyList<FoundRecord> Rows, IReadOnlyList<Record> Tombstones, bool IsWhole);

    /// <summary>One timer, which is set anew only when it is to go off at another time.</summary>
    private sealed class Alarm(TimeProvider time) : IDisposable
    {
        /// <summary>Timers cut off parts of a millisecond, and what fires too early would be set again and again.</summary>
        private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(1);

        private CancellationTokenSource? _running;
        private Task _ringing = Task.CompletedTask;
        private TimeSpan _at;

        public Task At(TimeSpan at, TimeSpan now)
        {
            if (_ringing.IsCompleted || _at != at)
            {
                Dispose();
                _running = new CancellationTokenSource();
                _at = at;
                _ringing = Task.Delay((at > now ? at - now : TimeSpan.Zero) + Grain, time, _running.Token);
            }

            return _ringing;
        }

        public void Dispose()
        {
            _running?.Cancel();
            _running?.Dispose();
            _running = null;
        }
    }
}
