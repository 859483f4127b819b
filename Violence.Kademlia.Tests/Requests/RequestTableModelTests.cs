using CsCheck;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Requests;

/// <summary>The table against a list that is searched from end to end, under random histories.</summary>
[TestFixture]
public sealed class RequestTableModelTests
{
    private const int Maximum = 12;

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 9], Gen.Int[0, 15], Gen.Int[0, 40], Gen.Int[0, 3],
        (kind, transaction, amount, variant) => new Step(kind, transaction, amount, variant));

    [Test]
    public void Histories_agree_with_a_simple_model() =>
        Steps.Array[0, 150].Sample(
            steps =>
            {
                var pair = new Pair();
                foreach (Step step in steps)
                {
                    pair.Apply(step);
                    pair.Compare();
                }
            },
            iter: 1500);

    [Test]
    public void Steady_state_allocates_nothing()
    {
        var table = new RequestTable<(long, object?)>();
        EntropySource entropy = EntropySource.Seeded(3);
        NodeEndpoint endpoint = NodeEndpoint.FromIPv4([192, 0, 2, 1], 4000);
        Instant now = default;
        TransactionId[] last = new TransactionId[32];
        int turn = 0;
        void Once()
        {
            now += TimeSpan.FromMilliseconds(1);
            TransactionId transaction = entropy.NextTransactionId();
            TimeSpan hard = TimeSpan.FromMilliseconds(20 + turn % 100);
            table.TryAdd(transaction, endpoint, default(NodeId), MessageKind.Ping, (turn, null), now, hard / 4, hard);
            last[turn++ % last.Length] = transaction;
            table.TryMatch(last[turn * 7 % last.Length], endpoint, MessageKind.Pong, default, now, out _, out _);
            table.RemoveWhere(turn, static (request, at) => request.Item1 == at - 90);
            while (table.TryTakeDue(now, out _))
            {
                // Until nothing is due.
            }
        }

        Assert.That(Allocations.Of(Once), Is.Zero);
    }

    private readonly record struct Step(int Kind, int Transaction, int Amount, int Variant);

    private sealed class Pair
    {
        private readonly RequestTable<int> _table = new(Maximum);
        private readonly List<Waiting> _model = [];
        private Instant _now = Instant.FromMilliseconds(7);
        private int _added;

        public void Apply(Step step)
        {
            switch (step.Kind)
            {
                case <= 3:
                    Add(step);
                    break;
                case <= 6:
                    Match(step);
                    break;
                case 7:
                    _now += TimeSpan.FromMilliseconds(step.Amount);
                    TakeDue();
                    break;
                case 8:
                    bool isKnown = _model.RemoveAll(waiting => waiting.Transaction == step.Transaction) > 0;
                    Assert.That(_table.Remove(new TransactionId((ulong)step.Transaction)), Is.EqualTo(isKnown));
                    break;
                default:
                    int gone = _model.RemoveAll(waiting => waiting.Order % 4 == step.Variant);
                    Assert.That(_table.RemoveWhere(step.Variant, static (request, rest) => request % 4 == rest), Is.EqualTo(gone));
                    break;
            }
        }

        public void Compare()
        {
            Assert.That(_table.InFlight, Is.EqualTo(_model.Count));
            Assert.That(_table.NextDeadline, Is.EqualTo(_model.Count == 0 ? Instant.Never : _model.Min(waiting => waiting.Next)));
        }

        private void Add(Step step)
        {
            TimeSpan hard = TimeSpan.FromMilliseconds(step.Amount);
            TimeSpan soft = hard * step.Variant / 2;
            bool fits = _model.Count < Maximum && _model.TrueForAll(waiting => waiting.Transaction != step.Transaction);
            bool added = _table.TryAdd(
                new TransactionId((ulong)step.Transaction), Endpoint(step.Variant), IdOf(step.Variant), MessageKind.Ping, _added, _now, soft, hard);
            Assert.That(added, Is.EqualTo(fits));
            if (fits)
            {
                _model.Add(new Waiting(step.Transaction, step.Variant, _added, soft < hard ? _now + soft : null, _now + hard, _now));
            }

            _added++;
        }

        private void Match(Step step)
        {
            Waiting? waiting = _model.Find(candidate => candidate.Transaction == step.Transaction);
            NodeEndpoint from = Endpoint(step.Amount % 5 == 0 ? step.Variant + 1 : waiting?.Variant ?? 0);
            MessageKind kind = (step.Amount % 7) switch { 0 => MessageKind.Nodes, 1 => MessageKind.Retry, _ => MessageKind.Pong };
            NodeId sender = IdOf(step.Amount % 3 == 0 ? 1 : waiting?.Variant ?? 0) ?? IdOf(1)!.Value;

            MatchResult result = _table.TryMatch(
                new TransactionId((ulong)step.Transaction), from, kind, sender, _now, out int request, out TimeSpan roundTrip);

            MatchResult expected =
                waiting is null ? MatchResult.Unknown
                : from != Endpoint(waiting.Variant) ? MatchResult.OtherEndpoint
                : kind == MessageKind.Nodes ? MatchResult.OtherKind
                : IdOf(waiting.Variant) is { } asked && asked != sender ? MatchResult.OtherSender
                : kind == MessageKind.Retry ? MatchResult.Retry : MatchResult.Matched;
            Assert.That(result, Is.EqualTo(expected));
            if (expected is MatchResult.Matched or MatchResult.Retry)
            {
                Assert.That(request, Is.EqualTo(waiting!.Order));
                Assert.That(roundTrip, Is.EqualTo(_now - waiting.SentAt));
                _model.Remove(waiting);
            }
        }

        private void TakeDue()
        {
            while (_table.TryTakeDue(_now, out Due<int> due))
            {
                Waiting next = _model.OrderBy(waiting => waiting.Next.Ticks).ThenBy(waiting => waiting.Order).First();
                Assert.That(due.Request, Is.EqualTo(next.Order));
                Assert.That(due.IsSoft, Is.EqualTo(next.Soft is not null));
                Assert.That(due.Endpoint, Is.EqualTo(Endpoint(next.Variant)));
                Assert.That(due.Expected, Is.EqualTo(IdOf(next.Variant)));
                _model.Remove(next);
                if (due.IsSoft)
                {
                    _model.Add(next with { Soft = null });
                }
            }

            Assert.That(_model.TrueForAll(waiting => waiting.Next > _now), Is.True);
        }

        private static NodeEndpoint Endpoint(int number) => NodeEndpoint.FromIPv4([192, 0, 2, (byte)(number + 1)], 4000);

        // Variant 0 is a seed: nobody in particular is expected.
        private static NodeId? IdOf(int variant) => variant == 0 ? null : new NodeId(0, 0, (uint)variant);

        private sealed record Waiting(int Transaction, int Variant, int Order, Instant? Soft, Instant Hard, Instant SentAt)
        {
            public Instant Next => Soft ?? Hard;
        }
    }
}
