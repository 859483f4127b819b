using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Keys with more records than one datagram carries, and holders that do not last to the end.</summary>
[TestFixture]
internal sealed class PagingTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void Holders_that_fall_silent_half_way_are_replaced()
    {
        VirtualNetwork network = Filled(seed: 1_401);
        VirtualNode asker = Far(network);
        var pagesOf = new Dictionary<NodeEndpoint, int>();
        var silent = new HashSet<NodeEndpoint>();
        var message = new IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == asker.Endpoint && message.Header.Kind == MessageKind.FindValue && message.Cursor is not null)
            {
                // The first three that are read on fall silent after two more pages.
                pagesOf[to] = pagesOf.GetValueOrDefault(to) + 1;
                if (pagesOf[to] > 2 && (silent.Count < 3 || silent.Contains(to)))
                {
                    silent.Add(to);
                }
            }
        };
        network.IsBlocked = (_, to) => silent.Contains(to);

        GetOperation get = network.Run<GetOperation>(asker, (engine, now) => engine.Get(Key, GetMode.All, null, 1_000, null, now));

        Assert.That(silent, Has.Count.EqualTo(3));
        Assert.That(get.Found, Has.Count.EqualTo(60));
    }

    [Test]
    public void A_holder_that_answered_late_stands_in_for_one_that_falls_silent()
    {
        VirtualNetwork network = Filled(seed: 1_405);
        VirtualNode asker = Far(network);
        NodeEndpoint? late = null;
        NodeEndpoint? silent = null;
        int pages = 0;
        int lateRead = 0;
        var message = new IncomingMessage();
        network.Observer = (from, to, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == asker.Endpoint && message.Header.Kind == MessageKind.FindValue)
            {
                late ??= to;
                pages += message.Cursor is null ? 0 : 1;
                silent = pages == 40 && to != late ? to : silent;
                lateRead += to == late && message.Cursor is not null ? 1 : 0;
            }
        };
        network.ExtraDelay = (from, to, _) => from == late && to == asker.Endpoint ? TimeSpan.FromMilliseconds(150) : TimeSpan.Zero;
        network.IsBlocked = (_, to) => to == silent;

        GetOperation get = network.Run<GetOperation>(asker, (engine, now) => engine.Get(Key, GetMode.All, null, 1_000, null, now));

        Assert.That(silent, Is.Not.Null);
        Assert.That(lateRead, Is.GreaterThan(0));
        Assert.That(get.Found, Has.Count.EqualTo(60));
    }

    [Test]
    public void A_limit_ends_the_reading_early()
    {
        VirtualNetwork network = Filled(seed: 1_402);

        GetOperation get = network.Run<GetOperation>(Far(network), (engine, now) => engine.Get(Key, GetMode.All, null, 10, null, now));

        Assert.That(get.Found, Has.Count.InRange(10, 20));
        Assert.That(get.Requests, Is.LessThan(30));
    }

    [Test]
    public void A_holder_reads_its_own_records_to_the_end_too()
    {
        VirtualNetwork network = Filled(seed: 1_403);
        VirtualNode holder = network.Nodes.First(node => node.Engine.Store.Count == 60);

        GetOperation get = network.Run<GetOperation>(holder, (engine, now) => engine.Get(Key, GetMode.Closest, null, 1_000, null, now));

        Assert.That(get.Found, Has.Count.EqualTo(60));
    }

    [Test]
    public void One_owners_records_are_read_to_the_end_without_the_others()
    {
        VirtualNetwork network = Filled(seed: 1_404);
        NodeId owner = network.Nodes[2].Id;

        GetOperation get = network.Run<GetOperation>(Far(network), (engine, now) => engine.Get(Key, GetMode.All, owner, 1_000, null, now));

        Assert.That(get.Found, Has.Count.EqualTo(10));
        Assert.That(get.Found.Select(found => found.Record.Owner), Is.All.EqualTo(owner));
        Assert.That(get.Requests, Is.LessThanOrEqualTo(3 * 6), "two records of 300 bytes to a page, and one more to come around");
    }

    /// <summary>Sixty records of 300 bytes under one key, ten each of six owners.</summary>
    private static VirtualNetwork Filled(ulong seed)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(16, seed);
        foreach (VirtualNode node in network.Nodes.Take(6))
        {
            for (int i = 0; i < 10; i++)
            {
                string label = $"{i}";
                PutOperation put = network.Run<PutOperation>(
                    node, (engine, now) => engine.Put(Key, label, new byte[300], Record.MaxTimeToLive, keepAlive: false, now));
                Assert.That(put.Holders, Has.Count.EqualTo(8));
            }
        }

        return network;
    }

    private static VirtualNode Far(VirtualNetwork network) => network.Nodes.OrderByDescending(node => node.Id.DistanceTo(Key.Position)).First();
}
