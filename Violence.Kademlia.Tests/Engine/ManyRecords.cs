using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>A network with a key of many records, each of its own owner, at the eight nodes closest to it; and what reading them costs.</summary>
internal sealed class ManyRecords
{
    public static readonly RecordKey Key = RecordKey.FromText("test", "many");

    /// <summary>About as long as a row of the server directory.</summary>
    private const int PayloadSize = 80;

    public ManyRecords(int records, ulong seed, int nodes = 24, Func<int, int, bool>? isAt = null, Func<int, byte[]>? payload = null)
    {
        Network = VirtualNetwork.OfSize(nodes, seed);
        VirtualNode[] byDistance = [.. Network.Nodes.OrderBy(node => node.Id.DistanceTo(Key.Position))];
        Holders = byDistance[..8];
        Asker = byDistance[^1];
        var message = new IncomingMessage();
        var seen = new HashSet<TransactionId>();
        Network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from != Asker.Endpoint || message.Header.Kind != MessageKind.FindValue || !seen.Add(message.Header.Transaction))
            {
                return;
            }

            if (message.Families == AddressFamilies.None)
            {
                Pages.Add((Network.Now, to));
            }
            else
            {
                Asked.Add(to);
            }
        };
        for (int i = 0; i < records; i++)
        {
            NodeIdentity owner = Network.NewIdentity();
            Record record = new RecordAuthor(owner, VirtualNetwork.NetworkId).Write(
                Key, $"server {i:D4}", payload?.Invoke(i) ?? new byte[PayloadSize], Record.MaxTimeToLive, Network.Utc);
            Records.Add(record);
            for (int holder = 0; holder < Holders.Length; holder++)
            {
                if (isAt?.Invoke(i, holder) ?? true)
                {
                    Holders[holder].Engine.Store.Put(record, RecordSource.Self, Network.Now, Network.Utc);
                }
            }
        }
    }

    public VirtualNetwork Network { get; }

    /// <summary>There and back.</summary>
    public TimeSpan RoundTrip => 2 * Network.Delay;

    public List<Record> Records { get; } = [];

    /// <summary>Closest first.</summary>
    public VirtualNode[] Holders { get; }

    /// <summary>The farthest node.</summary>
    public VirtualNode Asker { get; }

    /// <summary>Pages that the asker asked for, when and whom; first replies are not among them.</summary>
    public List<(Instant At, NodeEndpoint Holder)> Pages { get; } = [];

    /// <summary>Whom the asker sent a first request in the last get.</summary>
    public List<NodeEndpoint> Asked { get; } = [];

    /// <summary>When each record was news, since the start of the last get.</summary>
    public List<TimeSpan> News { get; } = [];

    public GetOperation Get(int limit = 10_000, byte[]? filter = null, GetMode mode = GetMode.All, bool isPopular = true)
    {
        News.Clear();
        Pages.Clear();
        Asked.Clear();
        Instant start = Network.Now;
        Action<HeldCounts>? onHeldCount = isPopular ? NoMatter : null;
        return Network.Run<GetOperation>(
            Asker, (engine, now) => engine.Get(Key, mode, null, limit, _ => News.Add(Network.Now - start), now, filter, onHeldCount));
    }

    private static void NoMatter(HeldCounts counts)
    {
    }
}
