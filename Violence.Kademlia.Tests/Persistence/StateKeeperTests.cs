using Violence.Kademlia.Persistence;
using Violence.Kademlia.Primitives;
using static Violence.Kademlia.Tests.Persistence.StateSamples;

namespace Violence.Kademlia.Tests.Persistence;

[TestFixture]
public sealed class StateKeeperTests
{
    private static readonly SaveResult Full = new(SaveStatus.DiskFull, "full");

    [Test]
    public void A_failure_is_told_once_and_what_waits_is_saved_in_its_order()
    {
        var store = new ScriptedStore();
        var keeper = new StateKeeper(store);
        Instant now = Instant.FromMilliseconds(1000);
        StateChange[] changes = [Kept(1), Kept(2), Kept(3), Kept(4)];
        KeeperNews good = keeper.Commit([changes[0]], now);
        store.Next = Full;
        KeeperNews first = keeper.Commit([changes[1]], now);
        KeeperNews second = keeper.Commit([changes[2]], now);
        Instant due = keeper.NextDue;
        KeeperNews tooEarly = keeper.Retry(due, Utc, NotAsked);
        store.Next = SaveResult.Saved;
        KeeperNews recovered = keeper.Retry(keeper.NextDue, Utc, NotAsked);
        KeeperNews after = keeper.Commit([changes[3]], now);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                new[] { good, first, second, tooEarly, recovered, after },
                Is.EqualTo(new[] { KeeperNews.None, KeeperNews.Degraded, KeeperNews.None, KeeperNews.None, KeeperNews.Recovered, KeeperNews.None }));
            Assert.That(store.Saved, Is.EqualTo(changes));
            Assert.That(store.Rewrites, Is.Zero);
            Assert.That(due, Is.EqualTo(now + StateKeeper.FirstRetry));
            Assert.That((keeper.IsDegraded, keeper.NextDue, keeper.Problem), Is.EqualTo((false, Instant.Never, "full")));
        }
    }

    [TestCase(SaveStatus.Damaged)]
    [TestCase(SaveStatus.Failed)]
    public void A_file_at_fault_is_written_anew_with_all_the_node_holds(object status)
    {
        var store = new ScriptedStore { Next = new SaveResult((SaveStatus)status, "") };
        var keeper = new StateKeeper(store);
        keeper.Commit([Kept(1)], Instant.FromMilliseconds(0));
        store.Next = SaveResult.Saved;
        int asked = 0;

        KeeperNews news = keeper.Retry(keeper.NextDue, Utc, () => All(ref asked));

        Assert.That((news, asked, store.Rewrites, store.Saved.Count), Is.EqualTo((KeeperNews.Recovered, 1, 1, 0)));
    }

    [Test]
    public void When_too_much_waits_all_is_written_anew_once()
    {
        var store = new ScriptedStore { Next = Full };
        var keeper = new StateKeeper(store);
        Instant now = Instant.FromMilliseconds(0);
        StateChange[] many = [.. Enumerable.Repeat(Kept(1), StateKeeper.MaxWaiting)];
        keeper.Commit(many, now);
        keeper.Commit([Kept(2)], now);
        keeper.Commit([Kept(3)], now);
        store.Next = SaveResult.Saved;
        int asked = 0;
        keeper.Retry(keeper.NextDue, Utc, () => All(ref asked));
        store.Next = Full;
        keeper.Commit([Kept(4)], now);
        store.Next = SaveResult.Saved;
        keeper.Retry(keeper.NextDue, Utc, NotAsked);

        Assert.That((asked, store.Rewrites, store.Saved.Count), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public void Retries_wait_twice_as_long_each_time_up_to_a_limit_and_begin_anew_after_a_success()
    {
        var store = new ScriptedStore { Next = Full };
        var keeper = new StateKeeper(store);
        Instant now = Instant.FromMilliseconds(0);
        keeper.Commit([Kept(1)], now);
        var waits = new List<double>();
        for (int i = 0; i < 8; i++)
        {
            waits.Add((keeper.NextDue - now).TotalSeconds);
            now = keeper.NextDue;
            keeper.Retry(now, Utc, NotAsked);
        }

        store.Next = SaveResult.Saved;
        keeper.Retry(now, Utc, NotAsked);
        store.Next = Full;
        keeper.Commit([Kept(1)], now);
        waits.Add((keeper.NextDue - now).TotalSeconds);

        Assert.That(waits, Is.EqualTo(new double[] { 10, 20, 40, 80, 160, 300, 300, 300, 10 }));
    }

    private static SavedState NotAsked() => throw new InvalidOperationException("Nothing needs all the node holds.");

    private static SavedState All(ref int asked)
    {
        asked++;
        return SavedState.Empty;
    }
}
