using System.Diagnostics;
using System.Globalization;
using System.Net;
using Violence.Kademlia.Benchmarks.Loopback;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>
/// One engine, real datagrams, virtual time: a thousand addresses in four networks put as many records under as many keys and owners
/// as they can, and two thousand honest networks put theirs between them. Signed with a keyed hash, which costs a hundredth of
/// the curve: what is measured is who gets room, and how much memory that takes.
/// </summary>
internal sealed class FloodTorture
{
    private const uint Network = 1;
    private const int AttackerNetworks = 4;
    private const int AddressesPerNetwork = 250;
    private const int HonestNetworks = 2_000;
    private const int PutsPerHonestPut = 20;
    private const int PopularKeys = 10;

    /// <summary>One put in so many is of a key that honest servers share, as those of a genre do.</summary>
    private const int PutsPerPopularPut = 100;

    /// <summary>As fast as four networks would have to be to fill the store within a minute.</summary>
    private static readonly TimeSpan BetweenPuts = TimeSpan.FromMicroseconds(500);

    private readonly EntropySource _entropy;
    private readonly KademliaEngine _engine;
    private readonly StorageLimits _limits = StorageLimits.Default;
    private readonly DateTimeOffset _start = DateTimeOffset.FromUnixTimeSeconds(1_772_366_400);
    private readonly MessageWriter _writer = new();
    private readonly IncomingMessage _message = new();
    private readonly RecordAuthor[] _attackers;
    private readonly RecordAuthor[] _honest;
    private readonly Dictionary<NodeEndpoint, ulong> _cookies = [];
    private readonly int _puts;
    private Instant _now = Instant.FromMilliseconds(1_000);

    public FloodTorture(int puts, int owners, ulong seed)
    {
        _puts = puts;
        _entropy = EntropySource.Seeded(seed);
        var config = new EngineConfig { Network = Network, Storage = _limits };
        _engine = new KademliaEngine(config, NewIdentity(), NodeEndpoint.From(IPAddress.Parse("198.51.100.1"), 4_001), _entropy, _now, _start, new EngineScratch());
        _attackers = [.. Enumerable.Range(0, owners).Select(_ => new RecordAuthor(NewIdentity(), Network))];
        _honest = [.. Enumerable.Range(0, HonestNetworks).Select(_ => new RecordAuthor(NewIdentity(), Network))];
    }

    public FloodReport Run()
    {
        MemoryUse before = MemoryUse.AfterCollecting();
        var watch = Stopwatch.StartNew();
        long attackersAccepted = 0;
        long honestPuts = 0;
        long resident = before.Resident;
        long bytes = 0;
        var honest = new List<Record>();
        for (int i = 0; i < _puts; i++)
        {
            attackersAccepted += IsStored(Put(i, _attackers[i % _attackers.Length], Attacker(i), out _)) ? 1 : 0;
            if (i % PutsPerHonestPut == 0)
            {
                int server = (int)(honestPuts % HonestNetworks);
                if (IsStored(Put((int)honestPuts++, _honest[server], Honest(server), out Record record)))
                {
                    honest.Add(record);
                }
            }

            bytes = Math.Max(bytes, _engine.Store.Bytes);
            if (i % 10_000 == 0)
            {
                resident = Math.Max(resident, Environment.WorkingSet);
            }
        }

        double seconds = watch.Elapsed.TotalSeconds;
        MemoryUse after = MemoryUse.AsItIs();
        return new FloodReport
        {
            Puts = _puts,
            AcceptedAttacker = attackersAccepted,
            HonestPuts = honestPuts,
            HonestAccepted = honest.Count,
            StoreBytesMax = bytes,
            StoreBytesCap = _limits.MaxBytes,
            ResidentGrowthBytes = Math.Max(resident, after.Resident) - before.Resident,
            HeapGrowthBytes = after.Heap - before.Heap,
            HonestHeld = honest.Count(_engine.Store.Holds),
            WallS = Math.Round(seconds, 1),
        };
    }

    private static bool IsStored(StoreStatus? status) => status is StoreStatus.Stored or StoreStatus.Refreshed;

    private static NodeEndpoint Attacker(int put)
    {
        int host = put % (AttackerNetworks * AddressesPerNetwork);
        return NodeEndpoint.FromIPv4([203, 0, (byte)(host % AttackerNetworks), (byte)(1 + host / AttackerNetworks)], 4_001);
    }

    private static NodeEndpoint Honest(int server) => NodeEndpoint.FromIPv4([80, (byte)(server >> 8), (byte)server, 7], 4_001);

    private NodeIdentity NewIdentity()
    {
        Span<byte> seed = stackalloc byte[NodeIdentity.SeedSize];
        _entropy.Fill(seed);
        return new NodeIdentity(KeyedHashScheme.Instance, seed);
    }

    private StoreStatus? Put(int number, RecordAuthor author, NodeEndpoint source, out Record record)
    {
        _now += BetweenPuts;
        RecordKey key = number % PutsPerPopularPut == 0
            ? RecordKey.FromText("popular", _entropy.NextInt32(PopularKeys).ToString(CultureInfo.InvariantCulture))
            : new RecordKey(_entropy.NextNodeId());
        string label = number.ToString(CultureInfo.InvariantCulture);
        record = author.Write(key, label, new byte[100 + _entropy.NextInt32(700)], Record.MaxTimeToLive, _start + (_now - Instant.FromMilliseconds(1_000)));
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (!_cookies.TryGetValue(source, out ulong cookie) && !TryGetCookie(source, out cookie))
            {
                return null;
            }

            if (!TrySend(source, _writer.Store(Header(MessageKind.Store), cookie, record.Bytes.Span)))
            {
                return null;
            }

            if (_message.Header.Kind == MessageKind.Stored)
            {
                return _message.Status;
            }

            // The secret has changed: the answer brought the new cookie.
            _cookies[source] = _message.Cookie;
        }

        return null;
    }

    private bool TryGetCookie(NodeEndpoint source, out ulong cookie)
    {
        _writer.Ping(Header(MessageKind.Ping), cookie: null, challenge: null);
        bool isAnswered = TrySend(source, _writer.Pad());
        cookie = _message.Cookie;
        if (isAnswered)
        {
            _cookies[source] = cookie;
        }

        return isAnswered;
    }

    // Clients: the routing table, which others measure, has no part in this.
    private MessageHeader Header(MessageKind kind) => new(Network, kind, _entropy.NextTransactionId(), NodeId.Zero, IsClient: true);

    private bool TrySend(NodeEndpoint source, ReadOnlyMemory<byte> datagram)
    {
        _engine.Outbox.Clear();
        if (_engine.NextDeadline <= _now)
        {
            _engine.Advance(_now);
            _engine.Outbox.Clear();
        }

        _engine.Receive(source, datagram, _now);
        return _engine.Outbox.Count == 1 && MessageReader.Read(_engine.Outbox.Read(0, out _), Network, _message) == WireError.None;
    }
}
