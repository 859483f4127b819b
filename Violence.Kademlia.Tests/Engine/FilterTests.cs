using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Storage;
using Violence.Kademlia.Tests.Wire;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>What holders leave out when they are asked with a filter, and how readers go on.</summary>
[TestFixture]
internal sealed class FilterTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "filtered");

    private static readonly byte[] Seven = PayloadFilterTests.Bytes(
        PayloadFilterTests.Condition(0, FilterOperator.NumberAtLeast).Number(7), PayloadFilterTests.Condition(0, FilterOperator.NumberAtMost).Number(7));

    [Test]
    public void A_filtered_get_finds_what_passes_with_fewer_datagrams()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_201);
        Fill(network, 300);

        GetOperation all = Get(network, network.Nodes[9], filter: null);
        GetOperation some = Get(network, network.Nodes[9], Seven);

        Assert.That(all.Found, Has.Count.EqualTo(300));
        Assert.That(some.Found.Select(NumberOf), Is.EqualTo(Enumerable.Repeat((byte)7, 30)));
        Assert.That(some.Requests * 3, Is.LessThan(all.Requests));
    }

    [Test]
    public void Tombstones_pass_so_that_what_was_withdrawn_stays_so()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_202);
        VirtualNode owner = network.Nodes[3];
        network.Run<PutOperation>(owner, (engine, now) => engine.Put(Key, "", Payload(7), Record.MaxTimeToLive, keepAlive: true, now));
        network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));

        Assert.That(Get(network, network.Nodes[9], Seven).Status, Is.EqualTo(GetStatus.Withdrawn));
    }

    [Test]
    public void A_filter_that_is_none_filters_nothing()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_203);
        Fill(network, 20);

        Assert.That(Get(network, network.Nodes[9], [0xC1, 0x01]).Found, Has.Count.EqualTo(20));
    }

    [Test]
    public void A_record_that_does_not_pass_and_nothing_else_is_not_found()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(20, seed: 2_204);
        Fill(network, 5);

        GetOperation get = Get(network, network.Nodes[9], Seven);

        Assert.That((get.Status, get.Found.Count), Is.EqualTo((GetStatus.NotFound, 0)));
    }

    [TestCase(500, new int[0])]
    [TestCase(501, new[] { 499, 498, 497 })]
    [TestCase(1_201, new[] { 499, 999, 298 })]
    public void A_page_looks_through_so_many_records_and_tells_where_to_go_on(int records, int[] breaks)
    {
        RecordStore store = StoreOf(records);
        var page = new HeldRecord[WireLimits.MaxRecords];
        List<string> labels = [];
        RecordCursor? after = null;
        PayloadFilter none = PayloadFilter.ParseOrNone(Seven);
        for (int i = 0; i < Math.Max(1, breaks.Length); i++)
        {
            int count = store.Read(Key, null, after, page, TestRecords.Now, out int total, out bool more, none);
            Assert.That((total, more), Is.EqualTo((records, breaks.Length > 0)));
            labels.AddRange(page[..count].Select(static held => held.Record.Label));
            after = more ? new RecordCursor(page[count - 1].Record.Owner, page[count - 1].Record.Label) : null;
        }

        Assert.That(labels, Is.EqualTo(breaks.Select(static number => $"{number:D5}")), "one for each break, to go on from; after the last comes the first");
    }

    [Test]
    public void A_page_of_what_passes_is_as_long_as_any()
    {
        RecordStore store = StoreOf(100, static _ => 7);
        var page = new HeldRecord[WireLimits.MaxRecords];
        PayloadFilter all = PayloadFilter.ParseOrNone(Seven);

        int count = store.Read(Key, null, null, page, TestRecords.Now, out _, out bool more, all);

        Assert.That((count, more), Is.EqualTo((WireLimits.MaxRecords, true)));
        Assert.That(page[..count].Select(static held => held.Record.Label), Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal));
    }

    private static RecordStore StoreOf(int records, Func<int, byte>? number = null)
    {
        var store = new RecordStore(new StorageLimits { MaxRecordsPerKey = 5_000, MaxRecordsPerOwner = 5_000 }, EntropySource.Seeded(1));
        var author = new RecordAuthor(new VirtualNetwork(seed: 1).NewIdentity(), VirtualNetwork.NetworkId);
        for (int i = 0; i < records; i++)
        {
            Record record = author.Write(Key, $"{i:D5}", Payload(number?.Invoke(i) ?? 1), Record.MaxTimeToLive, TestRecords.Utc);
            store.Put(record, RecordSource.Self, TestRecords.Now, TestRecords.Utc);
        }

        return store;
    }

    private static void Fill(VirtualNetwork network, int records)
    {
        for (int i = 0; i < records; i++)
        {
            byte[] payload = Payload((byte)(i % 10));
            string label = $"{i:D4}";
            network.Run<PutOperation>(
                network.Nodes[i % 8], (engine, now) => engine.Put(Key, label, payload, Record.MaxTimeToLive, keepAlive: false, now));
        }
    }

    private static GetOperation Get(VirtualNetwork network, VirtualNode node, byte[]? filter) => network.Run<GetOperation>(
        node, (engine, now) => engine.Get(Key, GetMode.All, owner: null, limit: 1_000, onRecord: null, now, filter));

    private static byte[] Payload(byte number) => new Pack().Array(2).Number(number).Text("row").ToArray();

    private static byte NumberOf(FoundRecord found) => found.Record.Payload.Span[1];
}
