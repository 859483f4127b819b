using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Runtime;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia;

/// <summary>
/// A node of the network: joins it, finds nodes, gets and puts signed records, and serves others while it does. Safe to use from
/// any thread. What may happen on a network (nobody answers, nothing is found) is a status in a result; exceptions are for
/// wrong use and for a start that fails.
/// </summary>
/// <example>
/// <code>
/// await using KademliaNode node = await KademliaNode.StartAsync(new() { Bootstrap = ["dht.example.com:4001"] });
/// PutResult put = await node.PutAsync(RecordKey.FromText("motd", "arena"), "Welcome"u8.ToArray());
/// GetResult get = await node.GetAsync(RecordKey.FromText("motd", "arena"));
/// </code>
/// </example>
public sealed partial class KademliaNode : IAsyncDisposable
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly INodeHost _host;
    private readonly KademliaOptions _options;

    /// <summary>A node that lives somewhere already; the options were checked.</summary>
    internal KademliaNode(INodeHost host, KademliaOptions options)
    {
        _host = host;
        _options = options;
    }

    /// <summary>
    /// Opens the socket and begins to join in the background. Returns as soon as the node listens; operations started
    /// before it has joined wait for that (<see cref="KademliaOptions.JoinPatience"/>).
    /// </summary>
    /// <param name="options">How to start.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="KademliaException">
    /// An option is wrong, the address can't be bound (in use, or not this host's), the data directory can't be used or
    /// another node uses it, or the identity in it is damaged. The message says which, and what to do.
    /// </exception>
    /// <exception cref="OperationCanceledException">The start was given up before it began.</exception>
    public static async Task<KademliaNode> StartAsync(KademliaOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        KademliaOptionsValidator.ThrowIfInvalid(options);

        // It reads and writes files: not on the caller's thread.
        NodeHost host = await Task.Run(() => NodeLauncher.Launch(options), cancellationToken).ConfigureAwait(false);
        return new KademliaNode(host, options);
    }

    /// <summary>
    /// Waits until the node has joined: it knows others, who answered and proved their keys. Never gives up by itself: seeds
    /// are tried again with growing pauses, up to a minute. Returns at once when there is nobody to join.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting; the node goes on trying.</param>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<BootstrapResult> BootstrapAsync(CancellationToken cancellationToken = default)
    {
        JoinOutcome outcome = await _host.Joined.WaitAsync(cancellationToken).ConfigureAwait(false);
        BootstrapStatus status = outcome.IsAlone ? BootstrapStatus.NoSeeds : BootstrapStatus.Joined;
        return new BootstrapResult(status, _host.QueryRunning(static (engine, _) => engine.Table.Count), outcome.Elapsed);
    }

    /// <summary>Finds the nodes closest to a position: the 20 closest that answer, closest first.</summary>
    /// <param name="target">The position.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public Task<FindNodeResult> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) =>
        _host.RunAsync(
            (engine, now) => engine.FindNode(target, now),
            static (FindNodeOperation find) => new FindNodeResult(find.Closest, find.Cost),
            _options.JoinPatience,
            cancellationToken);

    /// <summary>Finds the records under a key. Every one was verified, and is the winner of its owner and label.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="GetOptions.Limit"/> is not 1 to 10,000, or the mode unknown.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<GetResult> GetAsync(RecordKey key, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        GetOptions checkedOptions = Check(options);
        return await GetAsync(key, checkedOptions, filter: null, onRecord: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The records under a key as they arrive, each verified. A newer record of an owner and label may follow an older one, and
    /// tombstones come too (<see cref="Record.IsTombstone"/>): whoever keeps a list applies them to it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="options">How far to go; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="GetOptions.Limit"/> is not 1 to 10,000, or the mode unknown.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public IAsyncEnumerable<Record> StreamAsync(RecordKey key, GetOptions? options = null, CancellationToken cancellationToken = default) =>
        RecordsOfAsync(StreamHeldAsync(key, Check(options), filter: null, cancellationToken));

    /// <summary>Signs with this node's identity and stores at the nodes closest to the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="payload">The content, at most about 800 bytes: the signed record is at most <see cref="Record.MaxSize"/>.</param>
    /// <param name="options">Label, life and whether to keep it alive; null for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; a record that has been signed by then goes on being kept alive.</param>
    /// <exception cref="ArgumentException">The label or the payload is too long, or the time to live out of range.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<PutResult> PutAsync(
        RecordKey key, ReadOnlyMemory<byte> payload, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        PutOptions put = Check(options, payload.Length);
        return await PutAsync(
            (engine, now) => engine.Put(key, put.Label, payload.Span, put.TimeToLive, put.KeepAlive, now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Signs a new version of a record this node has put, and sends it straight to the nodes that held the one before: no search,
    /// so that it can be done every minute. When they are not known, too few of them acknowledge, or the last search was five
    /// renewals ago, it is a <see cref="PutAsync(RecordKey, ReadOnlyMemory{byte}, PutOptions?, CancellationToken)"/>. The
    /// <see cref="FoundRecord.Age"/> of a record tells readers how long ago that was.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="payload">The content, which may have changed: at most about 800 bytes.</param>
    /// <param name="options">Label and life; null for the defaults. A record that is renewed is kept alive: <see cref="PutOptions.KeepAlive"/> has no effect.</param>
    /// <param name="cancellationToken">Stops waiting; a record that has been signed by then goes on being kept alive.</param>
    /// <exception cref="ArgumentException">The label or the payload is too long, or the time to live out of range.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<PutResult> RenewAsync(
        RecordKey key, ReadOnlyMemory<byte> payload, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        PutOptions put = Check(options, payload.Length);
        return await PutAsync(
            (engine, now) => engine.Renew(key, put.Label, payload.Span, put.TimeToLive, now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Hands on a record that somebody signed already, as <see cref="Record.Bytes"/> has it. The holders verify it; this node
    /// does not keep it alive.
    /// </summary>
    /// <param name="signedRecord">The record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The bytes are not a record.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<PutResult> PublishAsync(ReadOnlyMemory<byte> signedRecord, CancellationToken cancellationToken = default)
    {
        if (!RecordCodec.TryParse(signedRecord.Span, out Record? record, out RecordError error))
        {
            throw new ArgumentException($"The {signedRecord.Length} bytes are not a record: {error}.", nameof(signedRecord));
        }

        return await PutAsync((engine, now) => engine.Publish(record, now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Signs a record with this node's identity and does nothing else with it; see <see cref="PublishAsync"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="payload">The content, at most about 800 bytes.</param>
    /// <param name="options">Label and life; null for the defaults. <see cref="PutOptions.KeepAlive"/> has no effect.</param>
    /// <exception cref="ArgumentException">The label or the payload is too long, or the time to live out of range.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public Record Sign(RecordKey key, ReadOnlyMemory<byte> payload, PutOptions? options = null)
    {
        PutOptions put = Check(options, payload.Length);
        return _host.QueryRunning((engine, now) => engine.Sign(key, put.Label, payload.Span, put.TimeToLive, now));
    }

    /// <summary>
    /// Withdraws this node's record: a signed tombstone takes its place and stays until no copy of it could still live.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="label">The record's label.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The label is too long.</exception>
    /// <exception cref="ObjectDisposedException">The node was stopped.</exception>
    public async Task<PutResult> WithdrawAsync(RecordKey key, string label = "", CancellationToken cancellationToken = default)
    {
        Check(new PutOptions { Label = label }, payloadLength: 0);
        return await PutAsync((engine, now) => engine.Withdraw(key, label, now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="StreamAsync"/>, each record with what the first holder that had it says of it; the options were checked.</summary>
    internal IAsyncEnumerable<HeldRecord> StreamHeldAsync(RecordKey key, GetOptions options, byte[]? filter, CancellationToken cancellationToken) =>
        StreamHeldAsync((onRecord, token) => GetAsync(key, options, filter, onRecord, token), cancellationToken);

    /// <summary>What one or several gets hand over, as a stream that ends with them; they end with their reader.</summary>
    internal async IAsyncEnumerable<HeldRecord> StreamHeldAsync(
        Func<Action<HeldRecord>, CancellationToken, Task> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Unbounded, but a get hands over few records more than its limit, and its reader's own memory is at stake, no other's.
        var records = Channel.CreateUnbounded<HeldRecord>(new UnboundedChannelOptions
        {
            SingleReader = true,
            AllowSynchronousContinuations = _host.ContinuesInline,
        });
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task get = read(held => records.Writer.TryWrite(held), gone.Token);
        Task ended = CompleteAsync(get, records.Writer);
        try
        {
            await foreach (HeldRecord held in records.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return held;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await get.ConfigureAwait(false);
        }
        finally
        {
            // A reader that has enough ends the get with it.
            await CancelAsync(gone).ConfigureAwait(false);
            await ended.ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<Record> RecordsOfAsync(IAsyncEnumerable<HeldRecord> stream)
    {
        await foreach (HeldRecord held in stream.ConfigureAwait(false))
        {
            yield return held.Record;
        }
    }

    /// <summary>Closes the channel after the last record. How the get ended is its own affair.</summary>
    private static async Task CompleteAsync(Task get, ChannelWriter<HeldRecord> records)
    {
        await get.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        records.Complete();
    }

    /// <summary>With a filter for the holders (<see cref="Storage.PayloadFilter"/>) that the caller applies as well; the options were checked.</summary>
    internal Task<GetResult> GetAsync(
        RecordKey key,
        GetOptions options,
        byte[]? filter,
        Action<HeldRecord>? onRecord,
        CancellationToken cancellationToken,
        Action<HeldCounts>? onHeldCount = null)
    {
        Action<HeldRecord>? relayed = onRecord is null ? null : _host.Relay(onRecord);
        Action<HeldCounts>? relayedCount = onHeldCount is null ? null : _host.Relay(onHeldCount);
        return _host.RunAsync(
            (engine, now) => engine.Get(key, options.Mode, options.Owner, options.Limit, relayed, now, filter, relayedCount),
            static (GetOperation get) => new GetResult(get.Status, get.Found, get.Cost) { HeldCount = get.HeldCount, IsWhole = get.IsWhole },
            _options.JoinPatience,
            cancellationToken);
    }

    /// <summary>Whether this node keeps a record of its own alive there: of this run, or of an earlier one.</summary>
    internal bool KeepsAlive(RecordKey key, string label) => _host.Query((engine, _) => engine.Owned.IsKept(key, label));

    /// <summary>Whether what waits on this node is continued on the spot (<see cref="INodeHost.ContinuesInline"/>).</summary>
    internal bool ContinuesInline => _host.ContinuesInline;

    /// <summary>A source of randomness of the host's kind, for one user of it.</summary>
    internal EntropySource NewEntropy() => _host.NewEntropy();

    /// <summary>A pause. In a simulator one that is cancelled leaves its timer behind, but does not go on on the thread pool.</summary>
    internal Task DelayAsync(TimeSpan span, TimeProvider time, CancellationToken cancellationToken) => ContinuesInline
        ? Task.Delay(span, time, CancellationToken.None).WaitAsync(cancellationToken)
        : Task.Delay(span, time, cancellationToken);

    /// <summary>Cancels, without running the code of those who wait on the caller's thread, except in a simulator.</summary>
    internal Task CancelAsync(CancellationTokenSource source)
    {
        if (!ContinuesInline)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
    }

    /// <summary>Puts a record that its caller keeps alive itself, straight to who held its last version as long as that is good enough.</summary>
    internal async Task<PutStatus> PutAgainAsync(
        RecordKey key, ReadOnlyMemory<byte> payload, PutOptions options, PlacedRecord placed, CancellationToken cancellationToken)
    {
        PutOptions put = Check(options, payload.Length);
        (PutStatus status, placed.Holders) = await _host.RunAsync(
            (engine, now) => engine.PutAgain(key, put.Label, payload.Span, put.TimeToLive, placed.NextHolders(), now),
            static (PutOperation ended) => (ended.Status, ended.Holders),
            _options.JoinPatience,
            cancellationToken).ConfigureAwait(false);
        return status;
    }

    /// <summary>
    /// How many records holders have under a key, as soon as it is clear whether there are <paramref name="enough"/>: two say that there
    /// are, or none of those that have answered does. Who has just come knows of few, so two holders that differ about that are not
    /// believed; then as <see cref="GetResult.HeldCount"/> after one reply each of the closest 3, or of 8 as long as none of them has
    /// any. Null when nobody answers.
    /// </summary>
    internal async Task<int?> CountAsync(RecordKey key, int enough, CancellationToken cancellationToken)
    {
        var early = new TaskCompletionSource<int?>(ContinuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        Action<HeldCounts> onHeldCount = _host.Relay<HeldCounts>(told =>
        {
            if (told.Agreed >= enough || told.Most < enough)
            {
                early.TrySetResult(told.Agreed >= enough ? told.Agreed : told.Most);
            }
        });
        Task<int?> whole = _host.RunAsync(
            (engine, now) => engine.Count(key, onHeldCount, now),
            static (GetOperation get) => get.Answers > 0 ? get.HeldCount : (int?)null,
            _options.JoinPatience,
            cancellationToken);

        // The get ends by itself a moment later; how is of no interest then.
        Task<int?> first = await Task.WhenAny(early.Task, whole).ConfigureAwait(false);
        return await first.ConfigureAwait(false);
    }

    private Task<PutResult> PutAsync(BeginOperation begin, CancellationToken cancellationToken)
    {
        int wanted = _options.ReplicationFactor;
        return _host.RunAsync(
            begin,
            (PutOperation put) => new PutResult(put.Status, put.Record, [.. put.Holders], wanted, put.Refusals, put.Cost),
            _options.JoinPatience,
            cancellationToken);
    }

    private static GetOptions Check(GetOptions? options)
    {
        options ??= new GetOptions();
        if (options.Limit is < 1 or > 10_000)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Limit, "GetOptions.Limit is out of range; allowed: 1 to 10,000.");
        }

        return Enum.IsDefined(options.Mode)
            ? options
            : throw new ArgumentOutOfRangeException(nameof(options), options.Mode, "GetOptions.Mode is unknown; allowed: Closest, First or All.");
    }

    private static PutOptions Check(PutOptions? options, int payloadLength)
    {
        options ??= new PutOptions();
        int label = LengthOf(options.Label);
        if (options.TimeToLive < TimeSpan.FromSeconds(1) || options.TimeToLive > Record.MaxTimeToLive)
        {
            throw new ArgumentException($"PutOptions.TimeToLive is {options.TimeToLive:c}; allowed: 00:00:01 to {Record.MaxTimeToLive:c}.", nameof(options));
        }

        int most = RecordCodec.MaxPayload(label);
        return payloadLength <= most
            ? options
            : throw new ArgumentException($"The payload has {payloadLength} bytes; allowed with this label: at most {most}.", nameof(options));
    }

    private static int LengthOf(string? label)
    {
        try
        {
            int length = StrictUtf8.GetByteCount(label ?? throw new ArgumentException("PutOptions.Label is null; allowed: a text.", nameof(label)));
            return length <= Record.MaxLabelSize
                ? length
                : throw new ArgumentException($"PutOptions.Label has {length} bytes; allowed: at most {Record.MaxLabelSize}.", nameof(label));
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("PutOptions.Label is not valid UTF-16: it has half of a surrogate pair.", nameof(label), e);
        }
    }
}
