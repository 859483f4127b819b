using System.Net;
using System.Net.Sockets;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Tests.Runtime;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>How nodes find each other, and what operations do while they have not.</summary>
public sealed class JoinTests
{
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(5);

    private static KademliaOptions Options(params string[] seeds) => KademliaOptions.LocalNetwork with
    {
        Network = $"join-{TestContext.CurrentContext.Test.ID}",
        Bootstrap = seeds,
    };

    private static async Task<BootstrapResult> JoinAsync(KademliaNode node) => await node.BootstrapAsync().WaitAsync(Eventually.Deadline);

    [Test]
    public async Task A_node_without_seeds_is_the_first_of_its_network_and_says_so_at_once()
    {
        await using KademliaNode node = await KademliaNode.StartAsync(Options());

        BootstrapResult join = await JoinAsync(node);

        Assert.That((join.Status, join.Peers), Is.EqualTo((BootstrapStatus.NoSeeds, 0)));
        Assert.That((await node.PutAsync(RecordKey.FromText("k", "a"), default)).Status, Is.EqualTo(PutStatus.NoPeers));
    }

    [Test]
    public async Task Operations_wait_for_the_join()
    {
        using SilentSeed later = new();
        await using KademliaNode node = await KademliaNode.StartAsync(Options($"{later}") with { JoinPatience = LongPatience });
        Task<PutResult> put = node.PutAsync(RecordKey.FromText("k", "a"), "early"u8.ToArray());
        Task<FindNodeResult> find = node.FindNodeAsync(NodeId.Zero);
        Assert.That((put.IsCompleted, find.IsCompleted), Is.EqualTo((false, false)));

        later.Dispose();
        await using KademliaNode seed = await KademliaNode.StartAsync(Options() with { Listen = later.EndPoint });

        Assert.That((await put.WaitAsync(Eventually.Deadline)).Status, Is.EqualTo(PutStatus.Stored));
        Assert.That((await find.WaitAsync(Eventually.Deadline)).Closest.Single().Id, Is.EqualTo(seed.Id));
        Assert.That((await JoinAsync(node)).Status, Is.EqualTo(BootstrapStatus.Joined));
    }

    [Test]
    public async Task With_seeds_that_are_silent_operations_end_after_their_patience_with_nobody()
    {
        using SilentSeed silent = new();
        await using KademliaNode node = await KademliaNode.StartAsync(Options($"{silent}", "127.0.0.1:9") with
        {
            JoinPatience = TimeSpan.FromMilliseconds(200),
        });
        RecordKey key = RecordKey.FromText("k", "a");

        PutResult put = await node.PutAsync(key, "x"u8.ToArray()).WaitAsync(Eventually.Deadline);
        GetResult other = await node.GetAsync(RecordKey.FromText("k", "b")).WaitAsync(Eventually.Deadline);
        GetResult own = await node.GetAsync(key).WaitAsync(Eventually.Deadline);
        FindNodeResult find = await node.FindNodeAsync(NodeId.Zero).WaitAsync(Eventually.Deadline);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((put.Status, put.Acknowledgements, put.Shortfall), Is.EqualTo((PutStatus.NoPeers, 0, 3)));
            Assert.That((other.Status, own.Status), Is.EqualTo((GetStatus.NoPeers, GetStatus.Found)));
            Assert.That(find.Closest, Is.Empty);
        }
    }

    [Test]
    public async Task Waiting_for_a_join_can_be_cancelled_in_every_call()
    {
        using SilentSeed silent = new();
        await using KademliaNode node = await KademliaNode.StartAsync(Options($"{silent}") with { JoinPatience = LongPatience });
        RecordKey key = RecordKey.FromText("k", "a");
        Record record = node.Sign(key, default);
        using var cancel = new CancellationTokenSource();
        Task[] calls = [.. EveryCall(node, key, record, cancel.Token)];
        Assert.That(calls.Select(call => call.IsCompleted), Is.All.False);

        await cancel.CancelAsync();

        using (Assert.EnterMultipleScope())
        {
            foreach (Task call in calls.Concat(EveryCall(node, key, record, cancel.Token)))
            {
                Assert.That(
                    async () => await call.WaitAsync(Eventually.Deadline),
                    Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancel.Token));
            }
        }
    }

    [Test]
    public async Task A_stop_ends_every_call_that_waits_for_the_join_as_disposed()
    {
        using SilentSeed silent = new();
        KademliaNode node = await KademliaNode.StartAsync(Options($"{silent}") with { JoinPatience = LongPatience });
        RecordKey key = RecordKey.FromText("k", "a");
        Record record = node.Sign(key, default);
        Task[] calls = [.. EveryCall(node, key, record, default)];

        await node.DisposeAsync().AsTask().WaitAsync(Eventually.Deadline);

        using (Assert.EnterMultipleScope())
        {
            foreach (Task call in calls.Concat(EveryCall(node, key, record, default)))
            {
                Assert.That(async () => await call.WaitAsync(Eventually.Deadline), Throws.InstanceOf<ObjectDisposedException>());
            }

            Assert.That(() => node.Sign(key, default), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    [Test]
    public void A_start_that_was_given_up_throws() => Assert.That(
        async () => await KademliaNode.StartAsync(Options(), new CancellationToken(canceled: true)),
        Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public async Task A_seed_given_by_host_name_is_resolved()
    {
        await using KademliaNode seed = await KademliaNode.StartAsync(Options());

        await using KademliaNode node = await KademliaNode.StartAsync(Options($"localhost:{seed.LocalEndPoint.Port}"));

        Assert.That((await JoinAsync(node)).Status, Is.EqualTo(BootstrapStatus.Joined));
    }

    [Test]
    public async Task Dead_seeds_among_others_do_not_keep_a_node_from_joining()
    {
        using SilentSeed silent = new();
        await using KademliaNode seed = await KademliaNode.StartAsync(Options());

        // Silent, closed, of a family the socket does not speak, and unknown to every name server (RFC 6761).
        await using KademliaNode node = await KademliaNode.StartAsync(
            Options($"{silent}", "127.0.0.1:9", "[2001:db8::1]:4001", "nobody.invalid:4001", $"{seed.LocalEndPoint}"));

        Assert.That((await JoinAsync(node)).Peers, Is.EqualTo(1));
    }

    [Test]
    public async Task Seeds_that_the_socket_cannot_reach_are_told()
    {
        LogCapture log = new();
        await using KademliaNode node = await KademliaNode.StartAsync(Options("[2001:db8::1]:4001") with { LoggerFactory = log });

        await Eventually.HoldsAsync("the log tells", _ => Task.FromResult(log.Texts.Any(text => text.Contains("IPv4 only", StringComparison.Ordinal))));
    }

    [Test]
    public async Task Nodes_of_other_networks_do_not_hear_each_other()
    {
        await using KademliaNode seed = await KademliaNode.StartAsync(Options());
        await using KademliaNode stranger = await KademliaNode.StartAsync(
            Options($"{seed.LocalEndPoint}") with { Network = "another", JoinPatience = TimeSpan.FromMilliseconds(100) });

        await Eventually.HoldsAsync(
            "the stranger's datagrams are dropped",
            _ => Task.FromResult(seed.GetStatus().Dropped.GetValueOrDefault("OtherNetwork") > 0));

        Assert.That((await stranger.FindNodeAsync(seed.Id)).Closest, Is.Empty);
        Assert.That((seed.GetContacts(), stranger.GetContacts()), Is.EqualTo((Array.Empty<Contact>(), Array.Empty<Contact>())));
    }

    [Test]
    public async Task Nodes_on_IPv6_find_each_other()
    {
        IPEndPoint listen = new(IPv6OrSkip(), 0);
        await using KademliaNode seed = await KademliaNode.StartAsync(Options() with { Listen = listen });
        await using KademliaNode node = await KademliaNode.StartAsync(Options($"[::1]:{seed.LocalEndPoint.Port}") with { Listen = listen });
        await JoinAsync(node);
        RecordKey key = RecordKey.FromText("k", "six");

        PutResult put = await node.PutAsync(key, "six"u8.ToArray());

        Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
        Assert.That((await seed.GetAsync(key)).Records.Single().Record.Owner, Is.EqualTo(node.Id));
        Assert.That(node.GetContacts().Single().Endpoint.AddressFamily, Is.EqualTo(AddressFamily.InterNetworkV6));
    }

    [Test]
    public async Task A_dual_stack_node_serves_both_families_and_joins_through_either()
    {
        IPAddress loopback6 = IPv6OrSkip();
        await using KademliaNode both = await KademliaNode.StartAsync(Options() with { Listen = new IPEndPoint(IPAddress.IPv6Any, 0) });
        int port = both.LocalEndPoint.Port;
        await using KademliaNode four = await KademliaNode.StartAsync(Options($"127.0.0.1:{port}"));
        await using KademliaNode six = await KademliaNode.StartAsync(Options($"[::1]:{port}") with { Listen = new IPEndPoint(loopback6, 0) });
        await JoinAsync(four);
        await JoinAsync(six);
        RecordKey key = RecordKey.FromText("k", "both");

        await six.PutAsync(key, "from six"u8.ToArray());

        // The two cannot speak to each other, only through the third.
        await Eventually.HoldsAsync(
            "the dual-stack node knows both", _ => Task.FromResult(both.GetContacts().Count), count => count == 2);
        Assert.That((await four.GetAsync(key)).Status, Is.EqualTo(GetStatus.Found));
        Assert.That(
            both.GetContacts().Select(contact => contact.Endpoint.AddressFamily),
            Is.EquivalentTo([AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]));
    }

    [Test]
    public async Task A_node_that_lost_everybody_finds_back_through_its_seed()
    {
        using SilentSeed address = new();
        IPEndPoint listen = address.EndPoint;
        address.Dispose();
        KademliaNode first = await KademliaNode.StartAsync(Options() with { Listen = listen });
        await using KademliaNode node = await KademliaNode.StartAsync(Options($"{listen}"));
        await JoinAsync(node);

        // Goodbye is said to contacts only, and the newcomer may know the seed before the seed knows it.
        await Eventually.HoldsAsync("the seed knows it too", _ => Task.FromResult(first.GetContacts().Count), count => count == 1);
        await first.StopAsync();
        await Eventually.HoldsAsync("the goodbye was heard", _ => Task.FromResult(node.GetContacts().Count), count => count == 0);

        await using KademliaNode second = await KademliaNode.StartAsync(Options() with { Listen = listen });

        await Eventually.HoldsAsync(
            "the new seed is found", _ => Task.FromResult(node.GetContacts().Any(contact => contact.Id == second.Id)), found => found);
    }

    private static Task[] EveryCall(KademliaNode node, RecordKey key, Record record, CancellationToken token) =>
    [
        node.BootstrapAsync(token),
        node.FindNodeAsync(NodeId.Zero, token),
        node.GetAsync(key, cancellationToken: token),
        node.PutAsync(key, default, cancellationToken: token),
        node.PublishAsync(record.Bytes, token),
        node.WithdrawAsync(key, cancellationToken: token),
        ReadAsync(node.StreamAsync(key, cancellationToken: token)),
    ];

    private static async Task ReadAsync(IAsyncEnumerable<Record> records)
    {
        await foreach (Record _ in records.ConfigureAwait(false))
        {
        }
    }

    private static IPAddress IPv6OrSkip()
    {
        try
        {
            using SilentSeed probe = new(IPAddress.IPv6Loopback);
            return IPAddress.IPv6Loopback;
        }
        catch (SocketException problem)
        {
            Assert.Ignore($"This machine has no IPv6 loopback: {problem.SocketErrorCode}.");
            throw;
        }
    }
}
