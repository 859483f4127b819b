using System.Diagnostics;
using System.Globalization;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>
/// A node in a process of its own is stored at over its socket, and puts records of its own to three peers, and is killed at a random
/// moment: most often under load, sometimes while it starts. What it had acknowledged by then is looked for in its data
/// directory before anybody can bring it back; then it is started again there, and must have restored as much.
/// </summary>
internal sealed class KillTorture : IAsyncDisposable
{
    private const int Authors = 8;
    private const int Places = 1_500;
    private const int InFlightMax = 16;
    private const double EarlyShare = 0.2;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestLoad = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestEarly = TimeSpan.FromMilliseconds(600);

    private readonly string _directory = Directory.CreateTempSubdirectory("violence-kad-torture-").FullName;
    private readonly EntropySource _entropy;
    private readonly NodeIdentity[] _identities = [.. Enumerable.Range(0, Authors).Select(static _ => NodeIdentity.Create())];
    private readonly RecordAuthor[] _authors;
    private readonly List<KademliaNode> _peers = [];
    private readonly Promises _promises = new();
    private readonly Dictionary<TransactionId, Record> _inFlight = [];
    private long _lost;
    private int _failedStarts;
    private int _written;

    public KillTorture(ulong seed)
    {
        _entropy = EntropySource.Seeded(seed);
        _authors = [.. _identities.Select(static identity => new RecordAuthor(identity, NetworkIds.Of(ChildNode.Network)))];
    }

    public async Task<KillReport> RunAsync(int rounds)
    {
        KademliaOptions options = KademliaOptions.LocalNetwork with { Network = ChildNode.Network };
        for (int i = 0; i < 3; i++)
        {
            _peers.Add(await KademliaNode.StartAsync(options with { Bootstrap = [.. _peers.Select(static peer => $"{peer.LocalEndPoint}")] }));
        }

        for (int round = 0; round < rounds; round++)
        {
            // The first has to make the directory, the others find what the one before left.
            await PlayAsync(isEarly: round > 0 && _entropy.NextDouble() < EarlyShare);
        }

        return new KillReport { Rounds = rounds, Acknowledged = _promises.Acknowledged, Lost = _lost, FailedStarts = _failedStarts };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (KademliaNode peer in _peers)
        {
            await peer.StopAsync(sayGoodbye: false);
        }

        Array.ForEach(_identities, static identity => identity.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    private static DateTimeOffset Utc() => TimeProvider.System.GetUtcNow();

    private async Task PlayAsync(bool isEarly)
    {
        using var child = ChildProcess.Start(_directory, _peers.Select(static peer => $"{peer.LocalEndPoint}"));
        bool hasFailed = false;
        if (isEarly)
        {
            await Task.Delay(LongestEarly * _entropy.NextDouble());
            hasFailed |= await KillAsync(child);
        }
        else
        {
            ChildProcess.Ready? ready = await Serving(child);
            using NodeClient? client = ready is null ? null : new NodeClient(ready.Endpoint, NetworkIds.Of(ChildNode.Network), _entropy);
            hasFailed = client?.TryOpen(AnswerPatience) != true;
            if (!hasFailed)
            {
                _lost += _promises.CanHaveAll(ready!.Held, ready.Owned, Utc()) ? 0 : 1;
                Load(client!, LongestLoad * _entropy.NextDouble());
            }

            hasFailed |= await KillAsync(child);
            if (client is not null)
            {
                // What it had sent by then lies in the socket's buffer.
                Drain(client, TimeSpan.Zero);
            }

            _inFlight.Clear();
        }

        _failedStarts += hasFailed ? 1 : 0;
        _lost += _promises.CountLost(Read(), Utc());
    }

    private static async Task<ChildProcess.Ready?> Serving(ChildProcess child)
    {
        Task<ChildProcess.Ready?> serving = child.Serving;
        return await Task.WhenAny(serving, Task.Delay(StartPatience)) == serving ? await serving : null;
    }

    /// <returns>Whether it had ended by itself before.</returns>
    private async Task<bool> KillAsync(ChildProcess child)
    {
        (IReadOnlyList<(RecordKey Key, ulong Sequence)> own, bool endedItself) = await child.KillAsync();
        foreach ((RecordKey key, ulong sequence) in own)
        {
            _promises.OnOwnPut(key, sequence);
        }

        return endedItself;
    }

    private SavedRecords? Read()
    {
        try
        {
            return SavedRecords.Read(_directory);
        }
        catch (KademliaException)
        {
            // Killed before there was a file; if anything had been promised it is lost.
            return null;
        }
    }

    private void Load(NodeClient client, TimeSpan duration)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan lastAnswer = TimeSpan.Zero;
        while (watch.Elapsed < duration)
        {
            while (_inFlight.Count < InFlightMax && Write() is var record && client.Store(record) is { } transaction)
            {
                _inFlight[transaction] = record;
            }

            if (Drain(client, TimeSpan.FromMilliseconds(1)))
            {
                lastAnswer = watch.Elapsed;
            }
            else if (watch.Elapsed - lastAnswer > TimeSpan.FromMilliseconds(50))
            {
                // Datagrams may get lost, also on one machine: their places in flight are not to be taken for ever.
                _inFlight.Clear();
            }
        }
    }

    private bool Drain(NodeClient client, TimeSpan patience)
    {
        bool isAnswered = false;
        while (client.TryReceive(isAnswered ? TimeSpan.Zero : patience))
        {
            isAnswered = true;
            if (client.Message.Header.Kind == MessageKind.Stored
                && _inFlight.Remove(client.Message.Header.Transaction, out Record? record)
                && client.Message.Status is StoreStatus.Stored or StoreStatus.Refreshed)
            {
                _promises.OnStored(record);
            }
        }

        return isAnswered;
    }

    /// <summary>Mostly new words in few places, so that they supersede each other; some withdrawals, some that expire between rounds.</summary>
    private Record Write()
    {
        int number = _entropy.NextInt32(Places);
        RecordAuthor author = _authors[number % Authors];
        RecordKey key = RecordKey.FromText("torture", (number / 3).ToString(CultureInfo.InvariantCulture));
        byte[] payload = new byte[_entropy.NextInt32(600)];
        DateTimeOffset utc = Utc();
        return (++_written % 40) switch
        {
            0 => author.Tombstone(key, "", utc),
            1 or 2 => author.Write(key, "short", payload, TimeSpan.FromSeconds(2), utc),
            _ => author.Write(key, "", payload, Record.MaxTimeToLive, utc),
        };
    }
}
