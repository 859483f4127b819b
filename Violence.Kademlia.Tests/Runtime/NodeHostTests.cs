using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Tests.Persistence;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>How operations end that never would: cancelled, stopped, faulty.</summary>
public sealed class NodeHostTests
{
    [Test]
    public async Task A_cancelled_operation_ends_with_its_token_and_the_node_works_on()
    {
        await using HostFixture it = new();
        using var cancel = new CancellationTokenSource();
        Task<int> waiting = it.WaitAsync(cancel.Token);

        await cancel.CancelAsync();

        Assert.That(
            async () => await waiting.WaitAsync(Eventually.Deadline),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancel.Token));
        Assert.That(it.Host.Query(static (_, _) => 5), Is.EqualTo(5));
    }

    [Test]
    public async Task An_operation_with_a_cancelled_token_does_not_begin()
    {
        await using HostFixture it = new();
        bool hasBegun = false;

        Assert.That(
            async () => await it.Host.RunAsync(
                (_, _) =>
                {
                    hasBegun = true;
                    return new OperationId(7);
                },
                static (Operation _) => 0,
                TimeSpan.Zero,
                new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());

        Assert.That(hasBegun, Is.False);
    }

    [Test]
    public async Task An_operation_that_is_cancelled_before_its_turn_does_not_begin()
    {
        await using HostFixture it = new();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        Task busy = Task.Run(() => it.Host.Query((_, _) =>
        {
            entered.Set();
            return leave.Wait(Eventually.Deadline);
        }));
        Assert.That(entered.Wait(Eventually.Deadline), Is.True);
        using var cancel = new CancellationTokenSource();
        bool hasBegun = false;
        Task<int> late = it.Host.RunAsync(
            (_, _) =>
            {
                hasBegun = true;
                return new OperationId(7);
            },
            static (Operation _) => 0,
            TimeSpan.Zero,
            cancel.Token);

        await cancel.CancelAsync();
        leave.Set();
        await busy.WaitAsync(Eventually.Deadline);

        Assert.That(async () => await late.WaitAsync(Eventually.Deadline), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((it.Host.Query(static (_, _) => 5), hasBegun), Is.EqualTo((5, false)));
    }

    [Test]
    public async Task A_stop_ends_what_is_under_way_and_what_comes_later_as_disposed()
    {
        await using HostFixture it = new();
        Task<int>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => it.WaitAsync())];

        await it.Host.StopAsync(sayGoodbye: true).WaitAsync(Eventually.Deadline);

        using (Assert.EnterMultipleScope())
        {
            foreach (Task<int> task in waiting.Append(it.WaitAsync()))
            {
                Assert.That(async () => await task.WaitAsync(Eventually.Deadline), Throws.InstanceOf<ObjectDisposedException>());
            }

            Assert.That(() => it.Host.QueryRunning(static (_, _) => 5), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(it.Host.Query((engine, _) => engine.Self), Is.EqualTo(it.Host.Identity.Id));
            Assert.That(it.Transport.IsDisposed, Is.True);
        }
    }

    [Test]
    public async Task Operations_that_begin_while_the_node_stops_all_end()
    {
        for (int round = 0; round < 100; round++)
        {
            await using HostFixture it = new();
            using var cancel = new CancellationTokenSource();
            Task[] all =
            [
                .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => it.WaitAsync())),
                .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => it.WaitAsync(cancel.Token))),
                Task.Run(() => it.Host.StopAsync(sayGoodbye: true)),
                Task.Run(() => cancel.CancelAsync()),
                Task.Run(() => it.Host.DisposeAsync().AsTask()),
                .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => it.Host.Query(static (_, _) => 5))),
            ];

            await Task.WhenAll(all).WaitAsync(Eventually.Deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            Assert.That(all.Select(task => task.IsCompleted), Is.All.True);
            Assert.That(
                all.Select(task => task.Exception?.InnerException).OfType<Exception>(), Is.All.InstanceOf<ObjectDisposedException>());
            Assert.That(all[^4..].Select(task => task.IsCompletedSuccessfully), Is.All.True);
        }
    }

    [Test]
    public async Task A_fault_in_an_operations_begin_reaches_its_caller_and_the_log()
    {
        await using HostFixture it = new();

        Assert.That(
            async () => await it.Host.RunAsync<Operation, int>((_, _) => throw new NotSupportedException("begin"), _ => 0, TimeSpan.Zero, default),
            Throws.InstanceOf<NotSupportedException>());
        await it.Host.StopAsync(sayGoodbye: false);

        Assert.That(it.Log.Entries.Select(entry => entry.Exception?.Message), Has.Member("begin"));
    }

    [Test]
    public async Task A_fault_in_an_operations_conclusion_reaches_its_caller()
    {
        await using HostFixture it = new();

        Task<int> broken = it.Host.RunAsync<FindNodeOperation, int>(
            static (engine, now) => engine.FindNode(NodeId.Zero, now), static _ => throw new NotSupportedException("end"), TimeSpan.Zero, default);

        Assert.That(async () => await broken.WaitAsync(Eventually.Deadline), Throws.InstanceOf<NotSupportedException>());
    }

    [Test]
    public async Task A_logger_that_calls_the_node_back_or_throws_or_blocks_does_not_hold_it_up()
    {
        HostFixture? node = null;
        using var leave = new ManualResetEventSlim();
        int calls = 0;
        LogCapture log = new(() =>
        {
            switch (Interlocked.Increment(ref calls))
            {
                case 1:
                    Assert.That(SpinWait.SpinUntil(() => node is not null, Eventually.Deadline), Is.True);
                    node!.Host.Query(static (_, _) => 5);
                    throw new InvalidOperationException("broken");
                default:
                    leave.Wait(Eventually.Deadline);
                    break;
            }
        });
        await using HostFixture it = new(log, hasSeeds: false);
        node = it;

        await it.Host.Joined.WaitAsync(Eventually.Deadline);
        Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref calls) > 1, Eventually.Deadline), Is.True);

        Assert.That(it.Host.Query(static (_, _) => 5), Is.EqualTo(5));
        leave.Set();
    }

    [Test]
    public async Task A_stop_before_the_join_ends_the_wait_for_it()
    {
        await using HostFixture it = new();

        await it.Host.StopAsync(sayGoodbye: true).WaitAsync(Eventually.Deadline);

        Assert.That(async () => await it.Host.Joined.WaitAsync(Eventually.Deadline), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Contacts_are_saved_now_and_then_so_that_a_crash_does_not_lose_them()
    {
        using TemporaryDirectory directory = new();
        ManualTime time = new();
        await using HostFixture it = new(directory: directory.Path, time: time);
        Contact contact = new(new NodeId(1, 2, 3), LoopFixture.Stranger);
        it.Host.Query((engine, now) => engine.Table.Add(contact, now));

        time.Timers[^1].Fire();

        await Eventually.HoldsAsync(
            "the contact is saved", _ => Task.FromResult(SavedContacts(directory, time)), saved => saved.SequenceEqual([contact]));
    }

    [Test]
    public async Task A_node_that_knows_nobody_keeps_the_contacts_of_the_run_before()
    {
        using TemporaryDirectory directory = new();
        ManualTime time = new();
        Contact contact = new(NodeId.Zero, LoopFixture.Stranger);
        using (var store = new SqliteStateStore(directory.Path, StateSamples.Limits))
        {
            store.Load(time.GetUtcNow());
            store.Commit([new StateChange.Contacts([new SavedContact(contact, time.GetUtcNow())])]);
        }

        await new HostFixture(directory: directory.Path, time: time).DisposeAsync();

        Assert.That(SavedContacts(directory, time), Is.EqualTo([contact]));
    }

    private static Contact[] SavedContacts(TemporaryDirectory directory, ManualTime time) =>
        [.. StateOnDisk.Read(directory.Path, StateSamples.Limits, time.GetUtcNow()).State.Contacts.Select(static saved => saved.Contact)];
}
