using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;

namespace Violence.Kademlia.Tests.Requests;

[TestFixture]
public sealed class RequestTableTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(1_000);
    private static readonly NodeId Asked = new(1, 2, 3);
    private static readonly NodeId Other = new(1, 2, 4);
    private static readonly NodeEndpoint There = Endpoint(1);
    private static readonly TransactionId First = new(11);

    [Test]
    public void The_answer_takes_the_request_out_and_tells_how_long_it_took()
    {
        RequestTable<int> table = WithOne();

        MatchResult result = table.TryMatch(First, There, MessageKind.Nodes, Asked, At(120), out int request, out TimeSpan roundTrip);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(MatchResult.Matched));
            Assert.That(request, Is.EqualTo(42));
            Assert.That(roundTrip, Is.EqualTo(TimeSpan.FromMilliseconds(120)));
            Assert.That(table.InFlight, Is.Zero);
            Assert.That(table.NextDeadline, Is.EqualTo(Instant.Never));
            Assert.That(table.TryTakeDue(At(100_000), out _), Is.False);
        }
    }

    [Test]
    public void What_was_kept_with_requests_is_let_go_of_with_their_ends_although_their_slots_are_borrowed()
    {
        List<WeakReference> kept = BurstOf(40);
        GC.Collect();

        Assert.That(kept.Select(static reference => reference.IsAlive), Is.All.False);
    }

    [Test]
    public void A_second_answer_is_unknown()
    {
        RequestTable<int> table = WithOne();
        table.TryMatch(First, There, MessageKind.Nodes, Asked, At(1), out _, out _);

        Assert.That(table.TryMatch(First, There, MessageKind.Nodes, Asked, At(2), out _, out _), Is.EqualTo(MatchResult.Unknown));
    }

    [Test]
    public void An_answer_that_does_not_fit_leaves_the_request_in_flight_and_says_why()
    {
        RequestTable<int> table = WithOne();
        (TransactionId Id, NodeEndpoint From, MessageKind Kind, NodeId Sender, MatchResult Expected)[] attempts =
        [
            (new TransactionId(12), There, MessageKind.Nodes, Asked, MatchResult.Unknown),
            (First, Endpoint(2), MessageKind.Nodes, Asked, MatchResult.OtherEndpoint),
            (First, Endpoint(1, port: 4001), MessageKind.Retry, Asked, MatchResult.OtherEndpoint),
            (First, There, MessageKind.Pong, Asked, MatchResult.OtherKind),
            (First, There, MessageKind.FindNode, Asked, MatchResult.OtherKind),
            (First, There, MessageKind.Nodes, Other, MatchResult.OtherSender),
            (First, There, MessageKind.Retry, Other, MatchResult.OtherSender),
        ];

        using (Assert.EnterMultipleScope())
        {
            foreach ((TransactionId id, NodeEndpoint from, MessageKind kind, NodeId sender, MatchResult expected) in attempts)
            {
                Assert.That(table.TryMatch(id, from, kind, sender, At(1), out int request, out TimeSpan roundTrip), Is.EqualTo(expected));
                Assert.That(request, Is.Zero);
                Assert.That(roundTrip, Is.EqualTo(TimeSpan.Zero));
                Assert.That(table.InFlight, Is.EqualTo(1));
            }

            Assert.That(table.TryMatch(First, There, MessageKind.Nodes, Asked, At(1), out _, out _), Is.EqualTo(MatchResult.Matched));
        }
    }

    [TestCase(MessageKind.Ping)]
    [TestCase(MessageKind.Store)]
    [TestCase(MessageKind.FindNode)]
    [TestCase(MessageKind.FindValue)]
    public void Retry_answers_every_kind(object request)
    {
        var table = new RequestTable<int>();
        Add(table, First, (MessageKind)request);

        MatchResult result = table.TryMatch(First, There, MessageKind.Retry, Asked, At(1), out int payload, out _);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(MatchResult.Retry));
            Assert.That(payload, Is.EqualTo(42));
            Assert.That(table.InFlight, Is.Zero);
        }
    }

    [Test]
    public void A_seeds_answer_counts_whoever_it_is()
    {
        var table = new RequestTable<int>();
        table.TryAdd(First, There, expected: null, MessageKind.Ping, 42, Start, Ms(100), Ms(500));

        Assert.That(table.TryMatch(First, There, MessageKind.Pong, Other, At(1), out _, out _), Is.EqualTo(MatchResult.Matched));
    }

    [TestCase(MessageKind.Goodbye)]
    [TestCase(MessageKind.Pong)]
    [TestCase(MessageKind.Retry)]
    [TestCase(MessageKind.None)]
    public void Only_what_has_an_answer_can_be_waited_for(object kind) =>
        Assert.That(() => Add(new RequestTable<int>(), First, (MessageKind)kind), Throws.ArgumentException);

    [Test]
    public void The_soft_time_out_comes_once_and_the_hard_one_ends_the_request()
    {
        RequestTable<int> table = WithOne();
        bool early = table.TryTakeDue(At(99), out _);
        bool soft = table.TryTakeDue(At(100), out Due<int> late);
        bool again = table.TryTakeDue(At(499), out _);
        int between = table.InFlight;
        bool hard = table.TryTakeDue(At(500), out Due<int> gone);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((early, soft, again, hard), Is.EqualTo((false, true, false, true)));
            Assert.That(late, Is.EqualTo(new Due<int>(First, There, Asked, MessageKind.FindNode, 42, IsSoft: true)));
            Assert.That(between, Is.EqualTo(1));
            Assert.That(gone, Is.EqualTo(late with { IsSoft = false }));
            Assert.That(table.InFlight, Is.Zero);
            Assert.That(table.TryMatch(First, There, MessageKind.Nodes, Asked, At(501), out _, out _), Is.EqualTo(MatchResult.Unknown));
        }
    }

    [Test]
    public void A_late_answer_still_counts_between_the_time_outs()
    {
        RequestTable<int> table = WithOne();
        table.TryTakeDue(At(100), out _);

        MatchResult result = table.TryMatch(First, There, MessageKind.Nodes, Asked, At(450), out _, out TimeSpan roundTrip);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(result, Is.EqualTo(MatchResult.Matched));
            Assert.That(roundTrip, Is.EqualTo(Ms(450)));
            Assert.That(table.TryTakeDue(At(1000), out _), Is.False);
        }
    }

    [Test]
    public void A_seeds_time_out_names_no_id()
    {
        var table = new RequestTable<int>();
        table.TryAdd(First, There, expected: null, MessageKind.Ping, 42, Start, Ms(100), Ms(500));
        table.TryTakeDue(At(100), out Due<int> due);

        Assert.That(due.Expected, Is.Null);
    }

    [TestCase(500)]
    [TestCase(900)]
    public void Without_a_shorter_soft_time_out_only_the_hard_one_comes(int soft)
    {
        var table = new RequestTable<int>();
        table.TryAdd(First, There, Asked, MessageKind.Ping, 42, Start, Ms(soft), Ms(500));
        bool taken = table.TryTakeDue(At(2000), out Due<int> due);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken, Is.True);
            Assert.That(due.IsSoft, Is.False);
            Assert.That(table.TryTakeDue(At(2000), out _), Is.False);
        }
    }

    [Test]
    public void Equal_deadlines_come_in_the_order_of_sending()
    {
        var table = new RequestTable<int>();
        for (int i = 0; i < 100; i++)
        {
            table.TryAdd(new TransactionId((ulong)(i * 7919 % 101)), There, Asked, MessageKind.Ping, i, Start, Ms(100), Ms(500));
        }

        // Freed places are used again: the order must not follow from them.
        table.RemoveWhere(0, static (request, _) => request < 10);
        for (int i = 100; i < 110; i++)
        {
            table.TryAdd(new TransactionId((ulong)(1000 + i)), There, Asked, MessageKind.Ping, i, Start, Ms(100), Ms(500));
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Drain(table, At(100)), Is.EqualTo(Enumerable.Range(10, 100)));
            Assert.That(Drain(table, At(500)), Is.EqualTo(Enumerable.Range(10, 100)));
        }
    }

    [Test]
    public void A_full_table_takes_no_more_until_somebody_leaves()
    {
        var table = new RequestTable<int>(maximum: 20);
        bool[] added = [.. Enumerable.Range(0, 21).Select(i => Add(table, new TransactionId((ulong)i)))];
        bool removed = table.Remove(new TransactionId(5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(added, Is.EqualTo(Enumerable.Repeat(true, 20).Append(false)));
            Assert.That(removed, Is.True);
            Assert.That(table.Remove(new TransactionId(5)), Is.False);
            Assert.That(Add(table, new TransactionId(21)), Is.True);
            Assert.That(table.InFlight, Is.EqualTo(20));
        }
    }

    [Test]
    public void A_transaction_in_flight_is_not_added_again()
    {
        RequestTable<int> table = WithOne();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Add(table, First), Is.False);
            Assert.That(table.InFlight, Is.EqualTo(1));
        }
    }

    [Test]
    public void All_requests_of_one_owner_leave_together()
    {
        var table = new RequestTable<int>();
        for (int i = 0; i < 30; i++)
        {
            table.TryAdd(new TransactionId((ulong)i), There, Asked, MessageKind.Ping, i % 3, Start, Ms(100), Ms(500));
        }

        int removed = table.RemoveWhere(1, static (request, owner) => request == owner);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(removed, Is.EqualTo(10));
            Assert.That(table.InFlight, Is.EqualTo(20));
            Assert.That(Drain(table, At(100)), Has.None.EqualTo(1));
        }
    }

    [Test]
    public void A_table_has_room_for_something() =>
        Assert.That(() => new RequestTable<int>(0), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static List<WeakReference> BurstOf(int requests)
    {
        var table = new RequestTable<(object Kept, int Number)>();
        List<WeakReference> kept = [];
        for (int i = 0; i < requests; i++)
        {
            object held = new();
            kept.Add(new WeakReference(held));
            table.TryAdd(new TransactionId((ulong)i), There, Asked, MessageKind.Ping, (held, i), Start, Ms(10), Ms(20));
        }

        for (int i = 0; i < requests; i++)
        {
            table.Remove(new TransactionId((ulong)i));
        }

        return kept;
    }

    private static List<int> Drain(RequestTable<int> table, Instant now)
    {
        var requests = new List<int>();
        while (table.TryTakeDue(now, out Due<int> due))
        {
            requests.Add(due.Request);
        }

        return requests;
    }

    private static RequestTable<int> WithOne()
    {
        var table = new RequestTable<int>();
        Add(table, First);
        return table;
    }

    private static bool Add(RequestTable<int> table, TransactionId transaction, MessageKind kind = MessageKind.FindNode) =>
        table.TryAdd(transaction, There, Asked, kind, 42, Start, Ms(100), Ms(500));

    private static Instant At(int milliseconds) => Start + Ms(milliseconds);

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static NodeEndpoint Endpoint(byte number, ushort port = 4000) => NodeEndpoint.FromIPv4([192, 0, 2, number], port);
}
