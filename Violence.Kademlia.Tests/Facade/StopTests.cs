using System.Net;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Facade;

/// <summary>The end of a node: twice, at once, amid its work; and what is left of it.</summary>
[NonParallelizable]
public sealed class StopTests
{
    private static readonly RecordKey Key = RecordKey.FromText("stop", "key");

    [Test]
    public async Task Stopping_and_disposing_again_and_at_once_is_fine()
    {
        await using LoopbackNetwork network = await LoopbackNetwork.StartAsync(2);
        KademliaNode node = network[1];

        Task[] stops =
        [
            .. Enumerable.Range(0, 8).Select(i => Task.Run(
                () => i % 2 == 0 ? node.StopAsync(sayGoodbye: i == 0) : node.DisposeAsync().AsTask())),
        ];

        await Task.WhenAll(stops).WaitAsync(Eventually.Deadline);
        await node.StopAsync().WaitAsync(Eventually.Deadline);
        await node.DisposeAsync().AsTask().WaitAsync(Eventually.Deadline);
    }

    [Test]
    public async Task A_stopped_node_still_tells_what_it_was_and_does_nothing_more()
    {
        await using LoopbackNetwork network = await LoopbackNetwork.StartAsync(4);
        KademliaNode node = network[2];
        await network[1].PutAsync(Key, "held by all"u8.ToArray());
        await Eventually.HoldsAsync("the node holds it", _ => Task.FromResult(node.GetHeldRecords().Count == 1));
        (NodeId id, string fingerprint, IPEndPoint local) = (node.Id, node.Fingerprint, node.LocalEndPoint);
        int peers = node.GetContacts().Count;

        await node.StopAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That((node.Id, node.Fingerprint, node.LocalEndPoint), Is.EqualTo((id, fingerprint, local)));
            Assert.That(node.GetStatus().Peers, Is.EqualTo(peers).And.Positive);
            Assert.That(node.GetContacts(), Has.Count.EqualTo(peers));
            Assert.That(node.GetHeldRecords(), Has.Count.EqualTo(1));
            Assert.That(() => node.BootstrapAsync(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => node.GetAsync(Key), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => node.PutAsync(Key, default), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => node.Sign(Key, default), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    [Test]
    public async Task Operations_under_way_at_the_stop_end_with_a_result_or_as_disposed_and_none_hangs()
    {
        await using LoopbackNetwork network = await LoopbackNetwork.StartAsync(10);
        KademliaNode node = network[4];
        Task[] operations =
        [
            .. Enumerable.Range(0, 100).Select(i => Task.Run(() => node.PutAsync(RecordKey.FromText("stop", $"{i}"), "x"u8.ToArray()))),
            .. Enumerable.Range(0, 100).Select(i => Task.Run(() => node.GetAsync(RecordKey.FromText("stop", $"{i}")))),
            .. Enumerable.Range(0, 20).Select(_ => Task.Run(() => ReadAsync(node.StreamAsync(Key)))),
            .. Enumerable.Range(0, 20).Select(_ => Task.Run(node.GetStatus)),
        ];

        await node.DisposeAsync().AsTask().WaitAsync(Eventually.Deadline);
        await Task.WhenAll(operations).WaitAsync(Eventually.Deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(operations.Select(operation => operation.IsCompleted), Is.All.True);
            Assert.That(
                operations.Select(operation => operation.Exception?.InnerException).OfType<Exception>(),
                Is.All.InstanceOf<ObjectDisposedException>());
        }
    }

    [Test]
    public async Task A_goodbye_takes_the_node_out_of_the_tables_of_the_others()
    {
        await using LoopbackNetwork network = await LoopbackNetwork.StartAsync(6);
        NodeId gone = network[3].Id;

        await network[3].StopAsync();

        await Eventually.HoldsAsync(
            "nobody knows it any more",
            _ => Task.FromResult(network.Nodes.Where((_, index) => index != 3).All(node => node.GetContacts().All(contact => contact.Id != gone))));
    }

    [Test]
    public async Task The_port_of_a_stopped_node_is_free_at_once()
    {
        IPEndPoint? local = null;
        for (int i = 0; i < 3; i++)
        {
            await using KademliaNode node = await KademliaNode.StartAsync(
                KademliaOptions.LocalNetwork with { Listen = local ?? new IPEndPoint(IPAddress.Loopback, 0) });
            Assert.That(local is null || node.LocalEndPoint.Equals(local), Is.True);
            local = node.LocalEndPoint;
        }
    }

    [Test]
    public async Task A_port_in_use_fails_the_start_and_names_the_address()
    {
        await using KademliaNode node = await KademliaNode.StartAsync(KademliaOptions.LocalNetwork);

        Assert.That(
            async () => await KademliaNode.StartAsync(KademliaOptions.LocalNetwork with { Listen = node.LocalEndPoint }),
            Throws.InstanceOf<KademliaException>().With.Message.Contains($"{node.LocalEndPoint}").And.Message.Contains("in use"));
    }

    [Test]
    public void An_address_that_is_not_this_machines_fails_the_start_and_is_named() => Assert.That(
        async () => await KademliaNode.StartAsync(
            KademliaOptions.LocalNetwork with { Listen = new IPEndPoint(IPAddress.Parse("192.0.2.77"), 0) }),
        Throws.InstanceOf<KademliaException>().With.Message.Contains("192.0.2.77"));

    [Test]
    public async Task A_node_can_be_used_and_stopped_where_a_single_thread_runs_all_continuations()
    {
        // As in a program with a user interface: whatever here waited for its own continuation would hang.
        Task run = Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new NobodyRunsThis());
#pragma warning disable VSTHRD002 // To wait synchronously is what is tested.
            KademliaNode node = KademliaNode.StartAsync(KademliaOptions.LocalNetwork).GetAwaiter().GetResult();
            node.BootstrapAsync().GetAwaiter().GetResult();
            node.PutAsync(Key, default).GetAwaiter().GetResult();
            node.GetAsync(Key).GetAwaiter().GetResult();
            ReadAsync(node.StreamAsync(Key)).GetAwaiter().GetResult();
            node.DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        });

        await run.WaitAsync(Eventually.Deadline);
    }

    private static async Task ReadAsync(IAsyncEnumerable<Record> records)
    {
        await foreach (Record _ in records.ConfigureAwait(false))
        {
        }
    }

    private sealed class NobodyRunsThis : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }

        public override void Send(SendOrPostCallback d, object? state) => throw new InvalidOperationException("Nobody is there.");
    }
}
