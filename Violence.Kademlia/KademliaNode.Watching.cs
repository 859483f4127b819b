using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia;

/// <content>Hearing of changes as they happen.</content>
public sealed partial class KademliaNode
{
    /// <summary>
    /// The records under a key as they change, within about a round trip: new ones, new versions and withdrawals
    /// (<see cref="Record.IsTombstone"/>), each verified. What is there already does not come: read it with
    /// <see cref="GetAsync(RecordKey, GetOptions?, CancellationToken)"/> once this runs. A new version with the same payload does
    /// not come either. Three of the nodes that hold the records tell this one; datagrams may be lost all the same, and an older
    /// version may follow a newer one: who keeps a list compares sequences, and reads the key again every few minutes.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>An enumeration without end. Each one started is one of the 256 watches that a node can run at a time.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="WatchOptions.QueueLength"/> is not 1 to 10,000. Thrown at the call.</exception>
    /// <exception cref="InvalidOperationException">This node runs 256 watches already. Thrown when the enumeration starts.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public IAsyncEnumerable<Record> WatchAsync(RecordKey key, WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new WatchOptions();
        return options.QueueLength is < 1 or > WatchOptions.MaxQueueLength
            ? throw new ArgumentOutOfRangeException(
                nameof(options), options.QueueLength, $"WatchOptions.QueueLength is out of range; allowed: 1 to {WatchOptions.MaxQueueLength:N0}.")
            : RecordsOfAsync(WatchNewsAsync(key, filter: null, options.QueueLength, cancellationToken), options.OnGap);
    }

    /// <summary>
    /// As <see cref="WatchAsync"/>, with how many holders tell, and with a filter for them (<see cref="Storage.PayloadFilter"/>) that
    /// the caller applies as well: also what passed before comes, and does not any more.
    /// </summary>
    internal async IAsyncEnumerable<WatchNews> WatchNewsAsync(
        RecordKey key, byte[]? filter, int queueLength, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var queue = new NewsQueue(queueLength, _host.ContinuesInline);
        Action<WatchNews?> listener = _host.Relay<WatchNews?>(queue.Add);
        Watch watch = _host.QueryRunning((engine, now) => engine.BeginWatch(key, filter, listener, now))
            ?? throw new InvalidOperationException($"This node runs {Watches.Max} watches already. End one first.");
        try
        {
            await foreach (WatchNews news in queue.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return news;
            }
        }
        finally
        {
            _host.Query((engine, now) =>
            {
                engine.EndWatch(watch, now);
                return true;
            });
        }
    }

    private static async IAsyncEnumerable<Record> RecordsOfAsync(IAsyncEnumerable<WatchNews> stream, Action? onGap)
    {
        bool wasHeld = false;
        await foreach (WatchNews news in stream.ConfigureAwait(false))
        {
            // The first promise is the beginning; one after a time without is a gap, too.
            if (news.IsGap || (wasHeld && news.Holders == 0))
            {
                onGap?.Invoke();
            }

            wasHeld = news.Holders > 0;
            if (news.Record is { } record)
            {
                yield return record;
            }
        }
    }

    /// <summary>
    /// Takes news on the node's loop and hands it to one reader. Bounded: what does not fit is dropped, and the reader is told
    /// that there was something.
    /// </summary>
    private sealed class NewsQueue(int length, bool continuesInline)
    {
        private readonly Channel<WatchNews> _channel = Channel.CreateBounded<WatchNews>(new BoundedChannelOptions(length)
        {
            SingleReader = true,
            AllowSynchronousContinuations = continuesInline,
        });

        private int _hasDropped;

        /// <summary>On the loop; null: the node stops.</summary>
        public void Add(WatchNews? news)
        {
            if (news is not { } some)
            {
                _channel.Writer.TryComplete(new ObjectDisposedException(nameof(KademliaNode), "The node was stopped."));
            }
            else if (!_channel.Writer.TryWrite(some))
            {
                // A full queue has something to read, and with it comes the word that this is missing.
                Volatile.Write(ref _hasDropped, 1);
            }
        }

        public async IAsyncEnumerable<WatchNews> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (WatchNews news in _channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return news with { IsGap = Interlocked.Exchange(ref _hasDropped, 0) == 1 };
            }
        }
    }
}
