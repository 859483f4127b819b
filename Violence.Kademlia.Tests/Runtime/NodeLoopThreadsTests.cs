using System.Collections.Concurrent;
using System.Diagnostics;
using Violence.Kademlia.Tests.Networks;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>The strand under many threads: one driver at a time, nothing lost, nothing twice.</summary>
public sealed class NodeLoopThreadsTests
{
    private static readonly byte[] Garbage = [0xc1];

    /// <summary>
    /// No new round begins after that: where other work keeps the processors busy, each hand-over from thread to thread takes a turn of the
    /// scheduler's. Some hundreds of rounds are always possible.
    /// </summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);

    [Test]
    public void Many_threads_post_and_every_command_runs_once_in_its_threads_order_and_alone()
    {
        using LoopFixture it = new(TimeProvider.System);
        it.Loop.Start();
        const int Threads = 8;
        const int PerThread = 5_000;
        int inside = 0;
        int overlaps = 0;
        int disorder = 0;
        int[] next = new int[Threads];
        int left = Threads * PerThread;
        using var done = new ManualResetEventSlim();

        InParallel(Threads, thread =>
        {
            for (int i = 0; i < PerThread; i++)
            {
                int number = i;
                it.Loop.Post((_, _) =>
                {
                    // Plain counters: only a strand that is one makes them right.
                    overlaps += inside++;
                    disorder += next[thread] == number ? 0 : 1;
                    next[thread] = number + 1;
                    inside--;
                    if (--left == 0)
                    {
                        done.Set();
                    }
                });
                if (i % 4 == 0)
                {
                    it.Transport.Deliver(LoopFixture.Stranger, Garbage);
                }
            }
        });

        Assert.That(done.Wait(Eventually.Deadline), Is.True);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((overlaps, disorder), Is.EqualTo((0, 0)));
            Assert.That(next, Is.All.EqualTo(PerThread));
            Assert.That(it.Transport.Overlaps, Is.Zero);
            Assert.That(it.Log.Entries, Is.Empty);
        }
    }

    [Test]
    public void No_call_is_lost_between_two_threads_that_come_and_go()
    {
        // Each waits for its command before it posts the next: the loop goes idle all the time, and a lost call hangs.
        using LoopFixture it = new(TimeProvider.System);
        it.Loop.Start();
        const int Rounds = 50_000;
        int hung = 0;
        var time = Stopwatch.StartNew();

        InParallel(2, _ =>
        {
            for (int i = 0; i < Rounds && hung == 0 && time.Elapsed < LongEnough; i++)
            {
                int ran = 0;
                it.Loop.Post((_, _) => Volatile.Write(ref ran, 1));
                if (!SpinWait.SpinUntil(() => Volatile.Read(ref ran) == 1, Eventually.Deadline))
                {
                    Interlocked.Increment(ref hung);
                }
            }
        });

        Assert.That(hung, Is.Zero);
    }

    [Test]
    public void No_datagram_is_left_lying_while_commands_come_from_elsewhere()
    {
        using LoopFixture it = new(TimeProvider.System);
        it.Loop.Start();
        const int Rounds = 50_000;
        int hung = 0;
        var time = Stopwatch.StartNew();

        InParallel(2, thread =>
        {
            for (int i = 0; i < Rounds && Volatile.Read(ref hung) == 0 && time.Elapsed < LongEnough; i++)
            {
                if (thread == 0)
                {
                    it.Loop.Post(static (_, _) => { });
                    continue;
                }

                it.Transport.Deliver(LoopFixture.Stranger, Garbage);
                if (!SpinWait.SpinUntil(() => it.Transport.Read == i + 1, Eventually.Deadline))
                {
                    Interlocked.Increment(ref hung);
                }
            }
        });

        Assert.That(hung, Is.Zero);
    }

    [Test]
    public void No_timer_that_fires_is_missed_while_commands_come_from_elsewhere()
    {
        // Time stands still, so each firing was early, and the timer has to be set once more.
        using LoopFixture it = new();
        it.Loop.Start();
        const int Rounds = 20_000;
        int hung = 0;
        var time = Stopwatch.StartNew();

        InParallel(2, thread =>
        {
            for (int i = 0; i < Rounds && Volatile.Read(ref hung) == 0 && time.Elapsed < LongEnough; i++)
            {
                if (thread == 0)
                {
                    it.Loop.Post(static (_, _) => { });
                    continue;
                }

                int times = it.Time.Timer.TimesSet;
                it.Time.Timer.Fire();
                if (!SpinWait.SpinUntil(() => it.Time.Timer.TimesSet == times + 1, Eventually.Deadline))
                {
                    Interlocked.Increment(ref hung);
                }
            }
        });

        Assert.That(hung, Is.Zero);
    }

    [Test]
    public void A_command_that_meets_a_timer_at_the_same_moment_is_not_lost()
    {
        // Both come once a round and nobody else does, so what is lost stays lost. The loop must see the command although
        // it found nothing to do when the timer woke it.
        using LoopFixture it = new();
        it.Loop.Start();
        const int Rounds = 30_000;
        int ran = 0;
        int hung = 0;
        bool isOver = false;
        var time = Stopwatch.StartNew();
        using var meeting = new Barrier(2, _ => isOver = hung != 0 || time.Elapsed > LongEnough);

        InParallel(2, thread =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                // Both go on or neither does: it is decided once, while both are here.
                meeting.SignalAndWait();
                if (isOver)
                {
                    return;
                }

                if (thread == 0)
                {
                    it.Loop.Post((_, _) => Volatile.Write(ref ran, ran + 1));
                }
                else
                {
                    it.Time.Timer.Fire();
                }

                if (!SpinWait.SpinUntil(() => Volatile.Read(ref ran) == i + 1, Eventually.Deadline))
                {
                    Volatile.Write(ref hung, 1);
                }
            }
        });

        Assert.That(hung, Is.Zero);
    }

    [Test]
    public void Of_many_threads_that_post_while_one_stops_every_command_runs()
    {
        for (int round = 0; round < 200; round++)
        {
            using LoopFixture it = new(TimeProvider.System);
            it.Loop.Start();
            int ran = 0;
            InParallel(4, thread =>
            {
                for (int i = 0; i < 20; i++)
                {
                    it.Loop.Post(thread == 0 && i == 10 ? (_, _) => it.Loop.Stop() : (_, _) => ran++);
                }
            });
            using var done = new ManualResetEventSlim();
            it.Loop.Post((_, _) => done.Set());

            Assert.That(done.Wait(Eventually.Deadline), Is.True);
            Assert.That(ran, Is.EqualTo(79));
            Assert.That(it.Log.Entries, Is.Empty);
        }
    }

    [Test]
    public void A_command_that_waits_for_others_threads_does_not_hold_them_up()
    {
        // While somebody is at it, posting must never wait for him.
        using LoopFixture it = new(TimeProvider.System);
        it.Loop.Start();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var driver = new Thread(() => it.Loop.Post((_, _) =>
        {
            entered.Set();
            leave.Wait(Eventually.Deadline);
        }));
        driver.Start();
        Assert.That(entered.Wait(Eventually.Deadline), Is.True);
        bool ran = false;

        it.Loop.Post((_, _) => ran = true);

        Assert.That(ran, Is.False);
        leave.Set();
        Assert.That(driver.Join(Eventually.Deadline), Is.True);
        Assert.That(ran, Is.True);
    }

    /// <summary>What a thread throws is thrown here, once all have ended: of its own it would end the process.</summary>
    private static void InParallel(int threads, Action<int> body)
    {
        using var start = new Barrier(threads);
        var thrown = new ConcurrentQueue<Exception>();
        Thread[] all = [.. Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                body(index);
            }
            catch (Exception exception)
            {
                thrown.Enqueue(exception);
            }
        }) { IsBackground = true })];
        Array.ForEach(all, thread => thread.Start());
        Array.ForEach(all, thread => Assert.That(thread.Join(2 * Eventually.Deadline), Is.True, "A thread did not come to its end."));
        Assert.That(thrown, Is.Empty);
    }
}
