using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>A virtual network with subscribers in it, and what they heard.</summary>
internal sealed class WatchNetwork
{
    public static readonly RecordKey Key = RecordKey.FromText("test", "watched");

    private WatchNetwork(VirtualNetwork network) => Network = network;

    public VirtualNetwork Network { get; }

    /// <summary>NEWS sent so far: from, to.</summary>
    public List<(NodeEndpoint From, NodeEndpoint To, byte[] Bytes)> News { get; } = [];

    public static WatchNetwork OfSize(int nodes, ulong seed, Func<EngineConfig, EngineConfig>? configure = null)
    {
        var watched = new WatchNetwork(VirtualNetwork.OfSize(nodes, seed, configure));
        watched.Network.Observer = (from, to, bytes) =>
        {
            if (bytes.Span[7] == (byte)MessageKind.News)
            {
                watched.News.Add((from, to, bytes.ToArray()));
            }
        };
        return watched;
    }

    /// <summary>A client that watches the key from now on, and time for its holders to promise.</summary>
    public Subscriber Subscribe(byte[]? filter = null, bool settle = true)
    {
        VirtualNode node = Network.Add(Network.Nodes[0], static config => config with { IsClient = true });
        Network.RunUntil(() => node.Engine.JoinState == JoinState.Joined, TimeSpan.FromSeconds(10));
        var subscriber = new Subscriber(node);
        node.Step(engine => subscriber.Watch = engine.BeginWatch(Key, filter, subscriber.Hear, Network.Now));
        if (settle)
        {
            Network.RunUntil(() => subscriber.Holders == WatchOperation.Wanted, TimeSpan.FromSeconds(20));
            Assert.That(subscriber.Holders, Is.EqualTo(WatchOperation.Wanted));
        }

        return subscriber;
    }

    public PutOperation Put(VirtualNode owner, byte number, string label = "") => Network.Run<PutOperation>(
        owner, (engine, now) => engine.Put(Key, label, Payload(number), Record.MaxTimeToLive, keepAlive: true, now));

    public void Renew(VirtualNode owner, byte number) => Network.Run<PutOperation>(
        owner, (engine, now) => engine.Renew(Key, "", Payload(number), Record.MaxTimeToLive, now));

    public void Withdraw(VirtualNode owner) => Network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));

    /// <summary>The servers closest to the key, closest first.</summary>
    public VirtualNode[] Closest() =>
        [.. Network.Nodes.Where(static node => !node.Engine.Config.IsClient && node.IsRunning).OrderBy(node => node.Id.DistanceTo(Key.Position))];

    /// <summary>Those at which somebody watches.</summary>
    public VirtualNode[] Holding() => [.. Closest().Where(static node => node.Engine.Watchers > 0)];

    public static byte[] Payload(byte number) => new Pack().Array(2).Number(number).Text("row").ToArray();

    internal sealed class Subscriber(VirtualNode node)
    {
        public VirtualNode Node => node;

        public Watch? Watch { get; set; }

        public List<Record> Records { get; } = [];

        /// <summary>The first element of the payloads heard; null for tombstones.</summary>
        public IEnumerable<byte?> Numbers => Records.Select(static record => record.IsTombstone ? (byte?)null : record.Payload.Span[1]);

        public int Holders { get; private set; }

        public bool HasStopped { get; private set; }

        public void Hear(WatchNews? news)
        {
            HasStopped |= news is null;
            Holders = news?.Holders ?? 0;
            if (news?.Record is { } record)
            {
                Records.Add(record);
            }
        }
    }
}
