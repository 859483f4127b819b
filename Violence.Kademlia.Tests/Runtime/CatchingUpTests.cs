using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Runtime;

/// <summary>After its process stood still, a loop lets in what came meanwhile before it gives up those who sent it; but not for long.</summary>
[TestFixture]
internal sealed class CatchingUpTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly Contact Asked = new(new NodeId(1, 2, 3), LoopFixture.Stranger);

    // Long after an answer would be late, and long before a search ends by itself.
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(2);

    [Test]
    public void An_answer_that_came_while_the_process_stood_still_counts()
    {
        using LoopFixture it = Asking(out byte[] answer);

        it.Transport.HasMoreToCome = true;
        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();
        it.Time.Advance(Moment);
        it.Time.Timer.Fire();
        TimeSpan wait = it.Time.Timer.Settings[^1];
        it.Transport.HasMoreToCome = false;
        it.Transport.Deliver(LoopFixture.Stranger, answer);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(wait, Is.EqualTo(Moment));
            Assert.That(Outcome(it), Is.EqualTo((1, 0)));
        }
    }

    [Test]
    public void An_answer_that_the_receiving_thread_has_in_its_hands_counts()
    {
        using LoopFixture it = Asking(out byte[] answer);

        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();
        it.Transport.Deliver(LoopFixture.Stranger, answer);

        Assert.That(Outcome(it), Is.EqualTo((1, 0)), "nothing is seen to wait");
    }

    [Test]
    public void When_nothing_comes_silence_is_silence_a_moment_later()
    {
        using LoopFixture it = Asking(out _);

        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();
        it.Time.Advance(Moment);
        it.Time.Timer.Fire();

        Assert.That(Outcome(it), Is.EqualTo((0, 1)));
    }

    [Test]
    public void What_keeps_coming_puts_nothing_off_for_more_than_a_tenth_of_a_second()
    {
        using LoopFixture it = Asking(out _);

        it.Transport.HasMoreToCome = true;
        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();
        it.Time.Advance(TimeSpan.FromMilliseconds(99));
        it.Time.Timer.Fire();
        (long, long) before = Outcome(it);
        it.Time.Advance(Moment);
        it.Time.Timer.Fire();

        Assert.That((before, Outcome(it)), Is.EqualTo(((0L, 0L), (0L, 1L))));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Who_stands_still_again_catches_up_again(bool isAnsweredFirst)
    {
        using LoopFixture it = Asking(out byte[] answer);
        it.Transport.HasMoreToCome = true;
        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();
        if (isAnsweredFirst)
        {
            it.Transport.Deliver(LoopFixture.Stranger, answer);
        }

        it.Time.Advance(TimeSpan.FromMilliseconds(100));
        it.Time.Timer.Fire();
        (long, long) before = Outcome(it);
        Ask(it);
        it.Time.Advance(Standstill);
        it.Time.Timer.Fire();

        Assert.That(Outcome(it), Is.EqualTo(before));
    }

    [Test]
    public void Who_is_called_in_time_gives_up_in_time_whatever_pours_in()
    {
        using LoopFixture it = Asking(out _);

        it.Transport.HasMoreToCome = true;
        for (int timer = 0; timer < 1_000 && Outcome(it) == (0, 0); timer++)
        {
            it.Time.Advance(it.Time.Timer.Settings[^1]);
            it.Time.Timer.Fire();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Outcome(it), Is.EqualTo((0, 1)));
            Assert.That(it.Time.Timer.Settings, Has.None.EqualTo(Moment));
        }
    }

    [Test]
    public void A_ping_whose_answer_came_during_a_standstill_tells_no_round_trip()
    {
        using LoopFixture it = new();
        it.Loop.Start();
        PingOperation? ended = null;
        it.Loop.Post((engine, now) =>
            it.Loop.Await(engine.Ping(LoopFixture.Stranger, now), operation => ended = (PingOperation?)operation));
        byte[] answer = Answer(it, MessageKind.Pong);

        it.Time.Advance(PingOperation.Patience + TimeSpan.FromTicks(1));
        it.Transport.Deliver(LoopFixture.Stranger, answer);

        Assert.That((ended?.Status, ended?.RoundTrip), Is.EqualTo((PingStatus.Silent, (TimeSpan?)null)));
    }

    /// <summary>Answers that were taken, and requests that were given up.</summary>
    private static (long Answered, long GivenUp) Outcome(LoopFixture it) =>
        (it.Engine.Counters.RepliesMatched, it.Engine.Counters.RequestsTimedOut);

    /// <summary>A loop whose node searches, by its only contact; and what that one would answer.</summary>
    private static LoopFixture Asking(out byte[] answer)
    {
        LoopFixture it = new();
        it.Loop.Start();
        it.Loop.Post((engine, now) => engine.Table.Add(Asked, now));
        Ask(it);
        answer = Answer(it, MessageKind.Nodes);
        return it;
    }

    private static void Ask(LoopFixture it) => it.Loop.Post((engine, now) => engine.FindNode(NodeId.Zero, now));

    private static byte[] Answer(LoopFixture it, MessageKind kind)
    {
        var header = new MessageHeader(LoopFixture.Network, kind, it.ReadLastSent().Header.Transaction, Asked.Id, IsClient: false);
        var writer = new MessageWriter();
        NodeEndpoint observed = it.Transport.LocalEndpoint;
        ReadOnlyMemory<byte> answer = kind == MessageKind.Nodes
            ? writer.Nodes(header, observed, cookie: 1, [], WireLimits.MaxDatagram)
            : writer.Pong(header, observed, cookie: 1, [], [], WireLimits.MaxDatagram);
        return answer.ToArray();
    }
}
