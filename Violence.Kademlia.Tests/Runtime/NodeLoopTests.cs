using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>The strand on one thread: what runs, in which order, and how its timer is set.</summary>
public sealed class NodeLoopTests
{
    private static readonly byte[] Garbage = [0xc1];

    [Test]
    public void A_command_runs_on_the_thread_that_posts_it_when_nobody_is_at_it()
    {
        using LoopFixture it = new();
        int? thread = null;

        it.Loop.Post((_, _) => thread = Environment.CurrentManagedThreadId);

        Assert.That(thread, Is.EqualTo(Environment.CurrentManagedThreadId));
    }

    [Test]
    public void A_step_of_another_node_inside_of_a_step_sends_its_own_datagrams_and_no_others()
    {
        using LoopFixture outer = new();
        using LoopFixture inner = new();

        outer.Loop.Post((engine, now) =>
        {
            engine.Ping(LoopFixture.Stranger, now);
            inner.Loop.Post((other, then) => other.Ping(LoopFixture.Stranger, then));
        });

        Assert.That((outer.Transport.Sent, inner.Transport.Sent), Is.EqualTo((1, 1)));
    }

    [Test]
    public void A_probe_that_could_not_be_sent_is_no_probe_under_way()
    {
        using LoopFixture it = new();
        var contact = new Contact(new NodeId(1, 2, 3), LoopFixture.Stranger);
        it.Loop.Post((engine, now) => engine.Table.Add(contact, now));
        it.Entropy.IsBroken = true;
        it.Loop.Post((engine, now) => engine.ProbeIfQuiet(contact, TimeSpan.Zero, now));
        it.Entropy.IsBroken = false;
        int sentBefore = it.Transport.Sent;
        it.Loop.Post((engine, now) => engine.ProbeIfQuiet(contact, TimeSpan.Zero, now));
        it.Loop.Post((engine, now) => engine.ProbeIfQuiet(contact, TimeSpan.Zero, now));

        Assert.That((sentBefore, it.Transport.Sent), Is.EqualTo((0, 1)), "the second is under way when the third is wished for");
    }

    [Test]
    public void A_command_posted_from_a_command_runs_after_it()
    {
        using LoopFixture it = new();
        List<string> order = [];

        it.Loop.Post((_, _) =>
        {
            it.Loop.Post((_, _) => order.Add("second"));
            order.Add("first");
        });

        Assert.That(order, Is.EqualTo(["first", "second"]));
    }

    [Test]
    public void Datagrams_and_commands_take_turns_so_that_neither_holds_up_the_other()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        List<int> readBefore = [];

        it.Loop.Post((_, _) =>
        {
            for (int i = 0; i < 100; i++)
            {
                it.Transport.Queue(LoopFixture.Stranger, Garbage);
                it.Loop.Post((_, _) => readBefore.Add(it.Transport.Read));
            }
        });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(readBefore, Has.Count.EqualTo(100));
            Assert.That(readBefore[50], Is.InRange(40, 60));
            Assert.That(it.Engine.Counters.Dropped(DropReason.Malformed), Is.EqualTo(100));
        }
    }

    [Test]
    public void After_many_steps_the_rest_goes_to_the_thread_pool()
    {
        using LoopFixture it = new();
        const int Count = 3_000;
        List<bool> onPool = [];
        using var done = new ManualResetEventSlim();
        var caller = new Thread(() => it.Loop.Post((_, _) =>
        {
            for (int i = 0; i < Count; i++)
            {
                it.Loop.Post((_, _) =>
                {
                    onPool.Add(Thread.CurrentThread.IsThreadPoolThread);
                    if (onPool.Count == Count)
                    {
                        done.Set();
                    }
                });
            }
        }));

        caller.Start();

        Assert.That(caller.Join(Eventually.Deadline) && done.Wait(Eventually.Deadline), Is.True);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(onPool.IndexOf(item: true), Is.InRange(100, 1_000));
            Assert.That(onPool.LastIndexOf(item: false), Is.LessThan(onPool.IndexOf(item: true)));
        }
    }

    [Test]
    public void A_thread_that_is_called_again_and_again_gives_way_too()
    {
        // Each command calls while it runs: the turns are short, but there is always one more.
        using LoopFixture it = new();
        using var handedOver = new ManualResetEventSlim();
        var caller = new Thread(() => it.Loop.Post(Again));

        caller.Start();

        bool returned = caller.Join(Eventually.Deadline);
        Assert.That(returned && handedOver.Wait(Eventually.Deadline), Is.True);

        void Again(KademliaEngine engine, Instant now)
        {
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                handedOver.Set();
            }
            else
            {
                it.Transport.Deliver(LoopFixture.Stranger, Garbage);
                it.Loop.Post(Again);
            }
        }
    }

    [Test]
    public void A_fault_in_a_command_is_told_and_the_next_command_runs()
    {
        using LoopFixture it = new();
        bool ran = false;

        Assert.That(() => it.Loop.Post((_, _) => throw new InvalidOperationException("broken")), Throws.Nothing);
        it.Loop.Post((_, _) => ran = true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ran, Is.True);
            Assert.That(it.Log.Entries.Single().Exception?.Message, Is.EqualTo("broken"));
        }
    }

    [Test]
    public void Who_waits_for_an_operation_hears_before_datagrams_that_wait_are_read()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        int? readBefore = null;

        it.Loop.Post((engine, now) =>
        {
            for (int i = 0; i < 100; i++)
            {
                it.Transport.Queue(LoopFixture.Stranger, Garbage);
            }

            // Nobody is known: it ends at once.
            it.Loop.Await(engine.FindNode(NodeId.Zero, now), _ => readBefore = it.Transport.Read);
        });

        Assert.That((readBefore, it.Transport.Read), Is.EqualTo((0, 100)));
    }

    [Test]
    public void A_fault_in_who_waits_for_an_operation_is_told_and_the_others_hear_of_theirs()
    {
        using LoopFixture it = new();
        List<string> heard = [];

        it.Loop.Post((engine, now) =>
        {
            // Nobody is known: both end at once.
            it.Loop.Await(engine.FindNode(NodeId.Zero, now), _ => throw new InvalidOperationException("broken"));
            it.Loop.Await(engine.FindNode(NodeId.Zero, now), operation => heard.Add(operation!.GetType().Name));
        });
        it.Loop.Post((_, _) => { });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(heard, Is.EqualTo([nameof(FindNodeOperation)]));
            Assert.That(it.Log.Entries.Single().Exception?.Message, Is.EqualTo("broken"));
        }
    }

    [Test]
    public void The_timer_is_set_to_the_next_deadline_and_again_when_it_fired_too_early()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        ManualTimer timer = it.Time.Timer;
        TimeSpan wait = timer.Settings[^1];
        int advanced = it.SeedsWanted;
        TimeSpan short1 = TimeSpan.FromMilliseconds(1);

        it.Time.Advance(wait - short1);
        timer.Fire();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(wait, Is.GreaterThan(short1));
            Assert.That(timer.Settings[^1], Is.EqualTo(short1));
            Assert.That(it.SeedsWanted, Is.EqualTo(advanced));
        }
    }

    [Test]
    public void What_is_due_happens_when_the_timer_fires()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        it.Loop.Post((engine, now) => engine.Join([], hasSeeds: true, now));
        int asked = it.SeedsWanted;

        it.Time.Advance(it.Time.Timer.Settings[^1]);
        it.Time.Timer.Fire();

        Assert.That(it.SeedsWanted, Is.EqualTo(asked + 1));
    }

    [Test]
    public void The_timer_moves_forward_only()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        ManualTimer timer = it.Time.Timer;

        // Tries again in half a second or so; then nothing is due for longer.
        it.Loop.Post((engine, now) => engine.Join([], hasSeeds: true, now));
        int settings = timer.Settings.Count;
        it.Loop.Post((engine, now) => engine.Join([], hasSeeds: false, now));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(timer.Settings[^1], Is.LessThan(TimeSpan.FromSeconds(1)));
            Assert.That(timer.Settings, Has.Count.EqualTo(settings));
        }

        timer.Fire();

        Assert.That(timer.Settings[^1], Is.GreaterThan(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void A_wall_clock_that_was_set_is_noticed_by_the_next_command()
    {
        using LoopFixture it = new();
        DateTimeOffset seen = default;
        it.Loop.Post((_, _) => { });
        it.Time.UtcOffset = TimeSpan.FromDays(3);
        it.Time.Advance(TimeSpan.FromSeconds(11));

        it.Loop.Post((engine, now) => seen = engine.UtcAt(now));

        Assert.That(seen, Is.EqualTo(it.Time.GetUtcNow()));
    }

    [Test]
    public void A_stop_tells_those_who_wait_first_the_results_there_are()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        List<string> heard = [];

        it.Loop.Post((engine, now) =>
        {
            it.Loop.Await(engine.FindNode(NodeId.Zero, now), operation => heard.Add(operation?.GetType().Name ?? "stopped"));
            it.Loop.Await(new OperationId(77), operation => heard.Add(operation?.GetType().Name ?? "stopped"));
            it.Loop.Stop();
        });

        Assert.That(heard, Is.EqualTo([nameof(FindNodeOperation), "stopped"]));
    }

    [Test]
    public void After_the_stop_commands_still_run_and_nothing_else()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        it.Loop.Post((_, _) => it.Loop.Stop());
        int settings = it.Time.Timer.Settings.Count;
        bool ran = false;

        it.Transport.Deliver(LoopFixture.Stranger, Garbage);
        it.Time.Advance(TimeSpan.FromHours(1));
        it.Time.Timer.Fire();
        it.Loop.Post((_, _) => ran = it.Loop.IsStopped);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ran, Is.True);
            Assert.That(it.Transport.Read, Is.Zero);
            Assert.That(it.Time.Timer.IsDisposed, Is.True);
            Assert.That(it.Time.Timer.Settings, Has.Count.EqualTo(settings));
            Assert.That(it.Log.Entries, Is.Empty);
        }
    }

    [Test]
    public void What_was_to_be_sent_at_the_stop_is_sent()
    {
        using LoopFixture it = new();
        it.Loop.Start();

        it.Loop.Post((engine, now) =>
        {
            engine.Join([LoopFixture.Stranger], hasSeeds: true, now);
            it.Loop.Stop();
        });

        Assert.That(it.Transport.Sent, Is.EqualTo(1));
    }

    [Test]
    public void What_fails_whenever_it_is_due_does_not_keep_the_loop_busy()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        it.Entropy.IsBroken = true;

        // Called an hour late, it lets in first what may have come meanwhile.
        it.Time.Advance(TimeSpan.FromHours(1));
        it.Time.Timer.Fire();
        it.Time.Advance(it.Time.Timer.Settings[^1]);
        it.Time.Timer.Fire();
        it.Transport.Deliver(LoopFixture.Stranger, Garbage);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(it.Log.Entries, Has.Count.EqualTo(1));
            Assert.That(it.Time.Timer.Settings[^1], Is.GreaterThan(TimeSpan.FromMilliseconds(100)));
        }
    }
}
