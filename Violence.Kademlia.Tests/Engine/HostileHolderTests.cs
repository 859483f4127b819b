using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Holders that lie: what they send is not believed, costs a bounded effort, and hides nothing that honest ones have.</summary>
[TestFixture]
internal sealed class HostileHolderTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    private static readonly string[] Lies =
        ["forged", "another key", "another network", "expired", "garbage", "cursor that never ends", "cursor that stands still", "cursor to and fro", "cursor without a total", "empty pages"];

    [Test, Combinatorial]
    public void The_honest_records_are_found_and_no_other(
        [ValueSource(nameof(Lies))] string lie, [Values(GetMode.Closest, GetMode.All)] GetMode mode)
    {
        (VirtualNetwork network, VirtualNode asker, List<Stranger> liars) = Surround(honest: 30, liars: 2);
        int pages = 0;
        foreach (Stranger liar in liars)
        {
            liar.Holds = (_, cursor) =>
            {
                pages++;
                return LieOf(lie, network, liar, cursor, pages);
            };
        }

        GetOperation get = network.Run<GetOperation>(asker, (engine, now) => engine.Get(Key, mode, null, 10_000, null, now));

        using (Assert.EnterMultipleScope())
        {
            string[] labels = [.. get.Found.Where(found => liars.All(liar => liar.Id != found.Record.Owner)).Select(found => found.Record.Label)];
            int most = mode == GetMode.All ? 30 : 1;
            Assert.That(labels, Has.Length.GreaterThanOrEqualTo(most), "what honest nodes hold");
            Assert.That(labels, Is.Unique);
            Assert.That(get.Found.Select(found => found.Record.Key), Is.All.EqualTo(Key));
            Assert.That(get.Found.Select(found => found.Record.Network), Is.All.EqualTo(VirtualNetwork.NetworkId));
            bool mayAddOwn = lie.StartsWith("cursor", StringComparison.Ordinal);
            Assert.That(get.Found.Any(found => liars.Any(liar => liar.Id == found.Record.Owner)), mayAddOwn ? Is.True : Is.False);
            Assert.That(pages, Is.LessThanOrEqualTo(mode == GetMode.All ? MostPagesOf(lie) : 10));
            Assert.That(get.Elapsed, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(10)));
        }
    }

    [Test]
    public void A_holder_that_repeats_itself_has_one_voice()
    {
        (VirtualNetwork network, VirtualNode asker, List<Stranger> liars) = Surround(honest: 1, liars: 1, payload: 20);
        Record honest = PutGetTests.Get(network, asker).Found[0].Record;
        liars[0].Holds = (_, _) => ([.. Enumerable.Repeat(new HeldRecord(honest, 1_000_000), 4)], 4, false);

        FoundRecord found = PutGetTests.Get(network, asker).Found.Single();

        Assert.That(found.Holders, Is.EqualTo(3), "the closest three");
        Assert.That(found.HeldFor, Is.LessThan(TimeSpan.FromDays(1)));
    }

    [TestCase(ulong.MaxValue)]
    [TestCase(ulong.MaxValue / 2)]
    public void A_stale_claim_beyond_belief_does_not_use_up_the_owners_sequences(ulong claim)
    {
        (VirtualNetwork network, VirtualNode owner, List<Stranger> liars) = Surround(honest: 0, liars: 2);
        foreach (Stranger liar in liars)
        {
            liar.Stores = _ => (StoreStatus.Stale, claim);
        }

        PutOperation put = PutGetTests.Put(network, owner, "first");
        network.RunFor(TimeSpan.FromSeconds(1));
        PutOperation later = PutGetTests.Put(network, owner, "second");

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That(put.Refusals[StoreStatus.Stale], Is.EqualTo(2));
        Assert.That(later.Record.Sequence, Is.LessThan((ulong)network.Utc.AddDays(1).ToUnixTimeMilliseconds()));
        Assert.That(PutGetTests.Text(PutGetTests.Get(network, network.Nodes[3])), Is.EqualTo("second"));
    }

    [Test]
    public void A_stale_claim_is_answered_once()
    {
        (VirtualNetwork network, VirtualNode owner, List<Stranger> liars) = Surround(honest: 0, liars: 1);
        int stores = 0;
        liars[0].Stores = record =>
        {
            stores++;
            return (StoreStatus.Stale, record.Sequence + 1_000);
        };

        PutOperation put = PutGetTests.Put(network, owner, "mine");

        Assert.That(stores, Is.EqualTo(2), "the record and its successor");
        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
    }

    /// <summary>
    /// A network whose nodes closest to the key are liars, with so many honest records under the key, each by its own owner.
    /// </summary>
    private static (VirtualNetwork Network, VirtualNode Asker, List<Stranger> Liars) Surround(int honest, int liars, int payload = 300)
    {
        VirtualNetwork network = VirtualNetwork.OfSize(14, seed: 601);
        var strangers = new List<Stranger>();
        while (strangers.Count < liars)
        {
            NodeIdentity identity;
            do
            {
                identity = network.NewIdentity();
            }
            while (identity.Id.CommonPrefixLength(Key.Position) < 6);

            var stranger = new Stranger(network, identity);
            stranger.OnMessage = stranger.BehaveAsNode;
            stranger.Names = _ => [.. network.Nodes.Take(8).Select(node => node.Contact)];
            strangers.Add(stranger);
            foreach (VirtualNode node in network.Nodes)
            {
                stranger.Introduce(node.Endpoint);
                network.RunFor(TimeSpan.FromMilliseconds(100));
            }
        }

        Assert.That(network.Nodes.All(node => strangers.All(liar => node.Engine.Table.Contains(liar.Id))), Is.True);
        for (int i = 0; i < honest; i++)
        {
            string label = $"honest {i}";
            network.Run<PutOperation>(
                network.Nodes[i % 14], (engine, now) => engine.Put(Key, label, new byte[payload], Record.MaxTimeToLive, keepAlive: false, now));
        }

        VirtualNode asker = network.Nodes.OrderByDescending(node => node.Id.DistanceTo(Key.Position)).First();
        return (network, asker, strangers);
    }

    /// <summary>Of two liars.</summary>
    private static int MostPagesOf(string lie) => lie switch
    {
        "cursor that never ends" => 4_000,
        "cursor without a total" => 2 * 65,
        _ => 24,
    };

    private static (HeldRecord[] Records, uint Total, bool More) LieOf(string lie, VirtualNetwork network, Stranger liar, RecordCursor? cursor, int page)
    {
        var author = new RecordAuthorOf(liar.Identity);
        Record Own(string label) => author.Write(Key, label, 10, network.Utc);
        switch (lie)
        {
            case "forged":
                byte[] bytes = Own("forged").Bytes.ToArray();
                bytes[^70] ^= 1;
                return ([Held(bytes)], 1, true);
            case "another key":
                return ([new HeldRecord(author.Write(RecordKey.FromText("test", "other"), "", 10, network.Utc), 1)], 1, true);
            case "another network":
                return ([new HeldRecord(new RecordAuthorOf(liar.Identity, network: 77).Write(Key, "", 10, network.Utc), 1)], 1, true);
            case "expired":
                return ([new HeldRecord(author.Write(Key, "", 10, network.Utc - TimeSpan.FromHours(9)), 1)], 1, false);
            case "garbage":
                return ([Held([.. Enumerable.Range(0, 200).Select(i => (byte)(i * page))])], 1, true);
            case "cursor that never ends":
                return ([new HeldRecord(Own($"{page:D9}"), 1)], 1_000_000, true);
            case "cursor without a total":
                return ([new HeldRecord(Own($"{page:D9}"), 1)], 0, true);
            case "cursor that stands still":
                return ([new HeldRecord(Own("same"), 1)], 1_000_000, true);
            case "cursor to and fro":
                return ([new HeldRecord(Own(cursor?.Label == "a" ? "b" : "a"), 1)], 1_000_000, true);
            default:
                return ([], 1_000_000, true);
        }
    }

    /// <summary>Bytes as if they were a record: the writer writes what a record says its bytes are.</summary>
    private static HeldRecord Held(byte[] bytes) =>
        new(new Record(bytes, new RecordFields(0, Key, default, default, "", 0, default, default, false), 0, 0), 1);
}
