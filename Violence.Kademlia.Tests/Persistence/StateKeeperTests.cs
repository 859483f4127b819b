using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class StateKeeperTests
{
    private static readonly SaveResult Full = new(SaveStatus.DiskFull, "full");

    [Test]
    public void A_failure_is_told_once_and_no_commit_is_tried_until_all_is_saved_again()
    {
        var store = new FailingStore();
        var keeper = new StateKeeper(store);
        Instant now = Instant.FromMilliseconds(1000);
        KeeperNews good = keeper.Commit([Kept(1)], now);
        store.Next = Full;
        KeeperNews first = keeper.Commit([Kept(2)], now);
        KeeperNews second = keeper.Commit([Kept(3)], now);
        Instant due = keeper.NextDue;
        KeeperNews rewrite = keeper.Rewrite(SavedState.Empty, due, Utc);
        store.Next = SaveResult.Saved;
        KeeperNews recovered = keeper.Rewrite(SavedState.Empty, keeper.NextDue, Utc);
        KeeperNews after = keeper.Commit([Kept(4)], now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                new[] { good, first, second, rewrite, recovered, after },
                Is.EqualTo(new[] { KeeperNews.None, KeeperNews.Degraded, KeeperNews.None, KeeperNews.None, KeeperNews.Recovered, KeeperNews.None }));
            Assert.That((store.Commits, store.Rewrites), Is.EqualTo((3, 2)));
            Assert.That(due, Is.EqualTo(now + StateKeeper.FirstRetry));
            Assert.That((keeper.IsDegraded, keeper.NextDue, keeper.Problem), Is.EqualTo((false, Instant.Never, "full")));
        }
    }

    [Test]
    public void Retries_wait_twice_as_long_each_time_up_to_a_limit_and_begin_anew_after_a_success()
    {
        var store = new FailingStore { Next = Full };
        var keeper = new StateKeeper(store);
        Instant now = Instant.FromMilliseconds(0);
        keeper.Commit([Kept(1)], now);
        var waits = new List<double>();
        for (int i = 0; i < 8; i++)
        {
            waits.Add((keeper.NextDue - now).TotalSeconds);
            now = keeper.NextDue;
            keeper.Rewrite(SavedState.Empty, now, Utc);
        }

        store.Next = SaveResult.Saved;
        keeper.Rewrite(SavedState.Empty, now, Utc);
        store.Next = Full;
        keeper.Commit([Kept(1)], now);
        waits.Add((keeper.NextDue - now).TotalSeconds);

        Assert.That(waits, Is.EqualTo(new double[] { 10, 20, 40, 80, 160, 300, 300, 300, 10 }));
    }

    private sealed class FailingStore : IStateStore
    {
        public SaveResult Next { get; set; } = SaveResult.Saved;

        public int Commits { get; private set; }

        public int Rewrites { get; private set; }

        public LoadedState Load(DateTimeOffset utc) => new(SavedState.Empty, new StateLoadReport());

        public SaveResult Commit(IReadOnlyList<StateChange> changes)
        {
            Commits++;
            return Next;
        }

        public SaveResult Rewrite(SavedState state, DateTimeOffset utc)
        {
            Rewrites++;
            return Next;
        }

        public SaveResult Checkpoint() => Next;

        public void Dispose()
        {
        }
    }
}
