using Violence.Kademlia.Engine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Simulation;
using Violence.Kademlia.Simulation.Lives;

namespace Violence.Kademlia.Tests.Scenarios.Directory;

/// <summary>The public node over a simulated one: where its callers go on, and how everything ends.</summary>
[TestFixture]
internal sealed class SimulatedHostTests
{
    private static readonly RecordKey Key = RecordKey.FromText("motd", "arena");

    private Simulator _simulator = null!;
    private Population _population = null!;

    [SetUp]
    public void Begin()
    {
        // The runner's own would continue what these tests await somewhere else.
        SynchronizationContext.SetSynchronizationContext(null);
        _simulator = new Simulator(seed: 11, LatencyModel.Constant(TimeSpan.FromMilliseconds(20)));
        _population = new Population(_simulator, new EngineConfig { Network = Simulator.Network });
        _population.Grow(20);
        _simulator.RunFor(TimeSpan.FromMinutes(1));
    }

    [Test]
    public void What_one_node_puts_another_gets_on_the_thread_that_drives_the_simulator()
    {
        int thread = Environment.CurrentManagedThreadId;
        var threads = new HashSet<int>();
        GetResult? got = null;
        async Task PlayAsync()
        {
            PutResult put = await _population.Up[3].Host.Facade.PutAsync(Key, "hello"u8.ToArray());
            threads.Add(Environment.CurrentManagedThreadId);
            Assert.That(put.Status, Is.EqualTo(PutStatus.Stored));
            got = await _population.Up[9].Host.Facade.GetAsync(Key);
            threads.Add(Environment.CurrentManagedThreadId);
        }

        Task play = PlayAsync();
        _simulator.RunFor(TimeSpan.FromSeconds(5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(play.IsCompletedSuccessfully, Is.True, play.Exception?.Message);
            Assert.That(got?.Records, Has.Count.EqualTo(1));
            Assert.That(threads, Is.EqualTo(new[] { thread }));
        }
    }

    [Test]
    public void A_row_that_is_streamed_reaches_its_reader_between_two_steps_of_the_engine()
    {
        SimulatedNode reader = _population.Up[5];
        Run(_population.Up[2].Host.OpenDirectory().AnnounceAsync(Server("first")));
        int rows = 0;
        bool couldAsk = false;
        async Task ReadAsync()
        {
            await foreach (ServerListing _ in reader.Host.OpenDirectory().QueryAsync(new ServerQuery { Genre = "horror" }))
            {
                rows++;

                // Inside a step this would begin an operation in the middle of another's, and the outbox would be sent half-way.
                Task<FindNodeResult> find = reader.Host.Facade.FindNodeAsync(reader.Id);
                couldAsk = !find.IsCompleted;
            }
        }

        Run(ReadAsync());

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows, Is.EqualTo(1));
            Assert.That(couldAsk, Is.True);
        }
    }

    [Test]
    public void A_reader_who_has_enough_ends_the_get_with_it()
    {
        for (int i = 0; i < 30; i++)
        {
            Run(_population.Up[i % 20].Host.OpenDirectory().AnnounceAsync(Server($"server-{i}")));
        }

        SimulatedNode reader = _population.Up[7];
        int rows = 0;
        async Task ReadAsync()
        {
            await foreach (ServerListing _ in reader.Host.OpenDirectory().QueryAsync(new ServerQuery { Genre = "horror" }))
            {
                if (++rows == 2)
                {
                    break;
                }
            }
        }

        Run(ReadAsync());
        _simulator.RunFor(TimeSpan.FromSeconds(20));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows, Is.EqualTo(2));
            Assert.That(reader.Engine.HasCallers, Is.False);
        }
    }

    [Test]
    public void What_is_under_way_when_the_node_crashes_fails_in_the_order_it_began_and_only_after_the_crash()
    {
        SimulatedNode node = _population.Up[4];
        var ended = new List<int>();
        async Task AskAsync(int number)
        {
            try
            {
                await node.Host.Facade.GetAsync(RecordKey.FromText("motd", $"{number}"));
            }
            catch (ObjectDisposedException)
            {
                ended.Add(number);
            }
        }

        for (int i = 0; i < 5; i++)
        {
            _ = AskAsync(i);
        }

        KademliaNode facade = node.Host.Facade;
        _population.Crash(node);
        int whileCrashing = ended.Count;
        _simulator.RunFor(TimeSpan.FromMilliseconds(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(whileCrashing, Is.Zero);
            Assert.That(ended, Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
            Assert.That(() => facade.GetStatus(), Throws.InstanceOf<ObjectDisposedException>());
        }
    }

    [Test]
    public void A_node_that_comes_back_is_another_life_and_the_old_one_stays_over()
    {
        SimulatedNode node = _population.Up[4];
        KademliaNode before = node.Host.Facade;
        _population.Crash(node);
        _population.Join(node);

        Task<GetResult> old = before.GetAsync(Key);
        Task<GetResult> young = node.Host.Facade.GetAsync(Key);
        _simulator.RunFor(TimeSpan.FromSeconds(15));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(old.Exception?.InnerException, Is.InstanceOf<ObjectDisposedException>());
            Assert.That(young.IsCompletedSuccessfully, Is.True);
        }
    }

    [Test]
    public void Whoever_asks_before_the_node_has_joined_is_answered_after_it()
    {
        SimulatedNode node = _simulator.Create();
        node.Start(_population.Up[0].Endpoint);
        Task<BootstrapResult> join = node.Host.Facade.BootstrapAsync();
        Task<FindNodeResult> find = node.Host.Facade.FindNodeAsync(_population.Up[8].Id);

        _simulator.RunFor(TimeSpan.FromSeconds(5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(join.GetAwaiter().GetResult().Status, Is.EqualTo(BootstrapStatus.Joined));
            Assert.That(find.IsCompletedSuccessfully, Is.True);
            Assert.That(find.GetAwaiter().GetResult().Closest, Has.Count.GreaterThan(10));
        }
    }

    [Test]
    public void A_caller_who_gives_up_is_told_so_and_the_engine_forgets_it()
    {
        SimulatedNode node = _population.Up[6];
        using var gaveUp = new CancellationTokenSource();
        Task<GetResult> get = node.Host.Facade.GetAsync(Key, cancellationToken: gaveUp.Token);
        Assert.That(node.Engine.HasCallers, Is.True);

        gaveUp.Cancel();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(get.IsCanceled, Is.True);
            Assert.That(node.Engine.HasCallers, Is.False);
        }
    }

    [Test]
    public void A_server_is_renewed_on_virtual_time_until_its_node_crashes()
    {
        SimulatedNode node = _population.Up[2];
        SimulatedNode reader = _population.Up[15];
        Run(node.Host.OpenDirectory().AnnounceAsync(Server("arena")));
        DateTimeOffset announced = Look(reader).AnnouncedAt;

        _simulator.RunFor(TimeSpan.FromMinutes(10));
        ServerListing renewed = Look(reader);
        _population.Crash(node);
        _simulator.RunFor(TimeSpan.FromMinutes(10));
        ServerListing last = Look(reader);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(renewed.AnnouncedAt - announced, Is.GreaterThan(TimeSpan.FromMinutes(8)));
            Assert.That(renewed.Liveness, Is.EqualTo(ServerLiveness.Live));
            Assert.That(last.AnnouncedAt - renewed.AnnouncedAt, Is.LessThan(TimeSpan.FromMinutes(2)));
            Assert.That(last.Liveness, Is.EqualTo(ServerLiveness.Stale));
        }
    }

    private static ServerInfo Server(string name) => new() { Name = name, Address = "203.0.113.1:7777", Genre = "horror" };

    private ServerListing Look(SimulatedNode reader) => Run(reader.Host.OpenDirectory().LookupAsync("arena")).Server!;

    private void Run(Task task)
    {
        _simulator.RunUntil(() => task.IsCompleted, TimeSpan.FromSeconds(30));
        task.GetAwaiter().GetResult();
    }

    private T Run<T>(Task<T> task)
    {
        Run((Task)task);
        return task.GetAwaiter().GetResult();
    }
}
