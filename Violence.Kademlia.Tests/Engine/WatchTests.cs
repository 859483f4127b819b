using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Tests.Storage;
using static Violence.Kademlia.Tests.Engine.WatchNetwork;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>Who watches a key hears what changes under it, from holders that come and go.</summary>
[TestFixture]
internal sealed class WatchTests
{
    private static readonly byte[] Seven = PayloadFilterTests.Bytes(
        PayloadFilterTests.Condition(0, FilterOperator.NumberAtLeast).Number(7), PayloadFilterTests.Condition(0, FilterOperator.NumberAtMost).Number(7));

    [Test]
    public void New_records_changes_and_withdrawals_are_heard_once_and_at_once()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_601);
        VirtualNetwork network = watched.Network;
        Subscriber subscriber = watched.Subscribe();
        VirtualNode owner = network.Nodes[3];
        Instant before = network.Now;

        watched.Put(owner, 1);
        watched.Put(owner, 2);
        watched.Withdraw(owner);
        network.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 1, 2, null }));
        Assert.That(network.Now - before, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(watched.News, Has.Count.EqualTo(9), "each change from each of three holders");
        Assert.That(subscriber.Node.Engine.Counters.SignaturesVerified, Is.LessThan(40), "the same bytes are verified once");
    }

    [Test]
    public void A_renewal_that_changes_nothing_is_not_sent()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_602);
        Subscriber subscriber = watched.Subscribe();
        VirtualNode owner = watched.Network.Nodes[3];
        watched.Put(owner, 1);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));
        int sent = watched.News.Count;

        for (int i = 0; i < 8; i++)
        {
            watched.Renew(owner, 1);
            watched.Network.RunFor(TimeSpan.FromMinutes(1));
        }

        Assert.That(watched.News, Has.Count.EqualTo(sent));
        watched.Renew(owner, 2);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 1, 2 }));
    }

    [Test]
    public void A_filter_lets_through_what_passes_and_what_does_so_no_more()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_603);
        Subscriber subscriber = watched.Subscribe(Seven);
        VirtualNode owner = watched.Network.Nodes[3];

        foreach (byte number in (byte[])[5, 6, 7, 8, 9, 7])
        {
            watched.Put(owner, number);
        }

        watched.Withdraw(owner);
        watched.Put(watched.Network.Nodes[4], 1);
        watched.Withdraw(watched.Network.Nodes[4]);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 7, 8, 7, null }));
    }

    [Test]
    public void Renewals_go_on_with_few_datagrams_and_an_end_is_told()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_604);
        Subscriber subscriber = watched.Subscribe();
        int renewals = 0;
        watched.Network.Observer = (from, _, bytes) => renewals += from == subscriber.Node.Endpoint && bytes.Span[7] == (byte)MessageKind.Watch ? 1 : 0;
        watched.Network.RunFor(TimeSpan.FromMinutes(20));

        Assert.That(watched.Holding(), Has.Length.EqualTo(3));
        Assert.That(renewals / 20.0, Is.InRange(6, 10), "three every 22 seconds");
        subscriber.Node.Step(engine => engine.EndWatch(subscriber.Watch!, watched.Network.Now));
        watched.Network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(watched.Holding(), Is.Empty);
        watched.Put(watched.Network.Nodes[3], 1);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That((subscriber.Records.Count, watched.News.Count), Is.EqualTo((0, 0)));
        Assert.That(subscriber.Node.Engine.WatchesRunning, Is.Zero);
    }

    [Test]
    public void Who_falls_silent_is_forgotten_by_the_holders()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_605);
        watched.Subscribe().Node.Crash();
        watched.Network.RunFor(TimeSpan.FromSeconds(61));

        watched.Put(watched.Network.Nodes[3], 1);

        Assert.That(watched.News, Is.Empty);
    }

    [Test]
    public void Holders_that_die_are_replaced_and_no_change_is_missed_for_long()
    {
        WatchNetwork watched = WatchNetwork.OfSize(30, seed: 2_606);
        Subscriber subscriber = watched.Subscribe();
        VirtualNode owner = watched.Closest()[^1];
        for (byte number = 1; number <= 4; number++)
        {
            VirtualNode[] holding = watched.Holding();
            holding[0].Crash();
            holding[1].Crash();
            watched.Put(owner, number);
            watched.Network.RunFor(TimeSpan.FromSeconds(1));
            Assert.That(subscriber.Numbers.Last(), Is.EqualTo(number), "the third tells");

            watched.Network.RunFor(TimeSpan.FromSeconds(45));
            Assert.That(subscriber.Holders, Is.EqualTo(3));
            Assert.That(watched.Holding(), Has.Length.EqualTo(3));
        }
    }

    [Test]
    public void A_holder_that_closer_ones_have_displaced_says_so()
    {
        WatchNetwork watched = WatchNetwork.OfSize(12, seed: 2_607);
        Subscriber subscriber = watched.Subscribe();
        for (int i = 0; i < 60; i++)
        {
            watched.Network.Add(watched.Network.Nodes[i % 12]);
        }

        watched.Network.RunFor(TimeSpan.FromMinutes(4));

        NodeEndpoint[] closest = [.. watched.Closest().Take(8).Select(static node => node.Endpoint)];
        Assert.That(watched.Holding().Select(static node => node.Endpoint), Is.SubsetOf(closest));
        watched.Put(watched.Network.Nodes[3], 9);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 9 }));
    }

    [Test]
    public void Where_holders_are_full_the_next_are_asked_and_where_all_are_the_watch_has_none()
    {
        WatchNetwork watched = WatchNetwork.OfSize(20, seed: 2_608, static config => config with { Watching = new() { MaxPerKey = 2 } });
        Subscriber[] happy = [.. Enumerable.Range(0, 4).Select(_ => watched.Subscribe())];

        Subscriber late = watched.Subscribe(settle: false);
        watched.Network.RunFor(TimeSpan.FromSeconds(20));

        Assert.That(happy.Select(static subscriber => subscriber.Holders), Is.All.EqualTo(3), "six holders take two each");
        Assert.That(late.Holders, Is.Zero);
        happy[0].Node.Step(engine => engine.EndWatch(happy[0].Watch!, watched.Network.Now));
        watched.Network.RunFor(TimeSpan.FromSeconds(50));
        Assert.That(late.Holders, Is.EqualTo(3), "it goes on trying");
    }

    [Test]
    public void A_node_that_is_a_holder_itself_hears_its_own_store()
    {
        WatchNetwork watched = WatchNetwork.OfSize(8, seed: 2_609);
        VirtualNode node = watched.Closest()[0];
        var subscriber = new Subscriber(node);
        node.Step(engine => engine.BeginWatch(Key, Seven, subscriber.Hear, watched.Network.Now));
        watched.Network.RunFor(TimeSpan.FromSeconds(5));

        watched.Put(watched.Network.Nodes[3], 7);
        watched.Put(node, 7);
        watched.Put(node, 6);
        watched.Put(node, 5);
        watched.Network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(subscriber.Numbers, Is.EqualTo(new byte?[] { 7, 7, 6 }));
    }

    [Test]
    public void The_last_to_watch_is_refused_and_a_node_that_stops_tells_all()
    {
        WatchNetwork watched = WatchNetwork.OfSize(8, seed: 2_610);
        VirtualNode node = watched.Network.Nodes[2];
        Subscriber[] subscribers = [.. Enumerable.Range(0, Watches.Max + 1).Select(_ => new Subscriber(node))];
        foreach (Subscriber subscriber in subscribers)
        {
            node.Step(engine => subscriber.Watch = engine.BeginWatch(Key, null, subscriber.Hear, watched.Network.Now));
        }

        Assert.That(subscribers.Count(static subscriber => subscriber.Watch is null), Is.EqualTo(1));
        watched.Network.RunFor(TimeSpan.FromSeconds(5));
        node.Step(engine => engine.EndWatches(watched.Network.Now));
        watched.Network.RunFor(TimeSpan.FromSeconds(5));

        Assert.That(subscribers.SkipLast(1).Select(static subscriber => subscriber.HasStopped), Is.All.True);
        Assert.That(watched.Holding(), Is.Empty);
        Assert.That(node.Engine.NextDeadline, Is.GreaterThan(watched.Network.Now));
    }

    [Test]
    public void Two_hundred_hear_of_a_change_within_a_second_at_a_cost_that_is_known()
    {
        WatchNetwork watched = WatchNetwork.OfSize(30, seed: 2_612);
        VirtualNetwork network = watched.Network;
        Subscriber[] subscribers = [.. Enumerable.Range(0, 200).Select(_ => watched.Subscribe(Seven))];
        List<int> upkeep = [];
        network.Observer = (_, _, bytes) => upkeep.AddRange(bytes.Span[7] is (byte)MessageKind.Watch or (byte)MessageKind.Watching ? [bytes.Length] : []);
        network.RunFor(TimeSpan.FromMinutes(4));
        List<(NodeEndpoint From, int Length)> news = [];
        network.Observer = (from, _, bytes) => news.AddRange(bytes.Span[7] == (byte)MessageKind.News ? [(from, bytes.Length)] : []);
        Instant before = network.Now;
        network.Nodes[3].Do((engine, now) => engine.Put(Key, "", Payload(7), Record.MaxTimeToLive, keepAlive: true, now));
        network.RunUntil(() => subscribers.All(static subscriber => subscriber.Records.Count == 1), TimeSpan.FromMinutes(1));

        TimeSpan heard = network.Now - before;
        network.RunFor(TimeSpan.FromSeconds(1));
        TestContext.Out.WriteLine(
            $"of a subscriber, both ways, by the minute: {upkeep.Count / 800.0:F1} datagrams, {upkeep.Sum() / 800.0:F0} B; "
            + $"all heard after {heard.TotalMilliseconds:F0} ms; {news.Count} datagrams, {news.Average(static sent => sent.Length):F0} B each, "
            + $"from {news.Select(static sent => sent.From).Distinct().Count()} holders");
        Assert.That(heard, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(upkeep.Count / 800.0, Is.InRange(12, 20));
        Assert.That(news, Has.Count.InRange(590, 600), "three each");
    }

    [Test]
    public void With_loss_and_churn_nearly_every_change_is_heard()
    {
        WatchNetwork watched = WatchNetwork.OfSize(30, seed: 2_611);
        VirtualNetwork network = watched.Network;
        network.Loss = 0.05;
        Subscriber[] subscribers = [.. Enumerable.Range(0, 10).Select(_ => watched.Subscribe(settle: false))];
        network.RunFor(TimeSpan.FromSeconds(30));
        VirtualNode owner = watched.Closest()[^1];
        for (byte number = 1; number <= 30; number++)
        {
            if (number % 5 == 0)
            {
                watched.Closest()[number % 3].Crash();
                network.Add(owner);
            }

            watched.Put(owner, number);
            network.RunFor(TimeSpan.FromSeconds(20));
        }

        int heard = subscribers.Sum(static subscriber => subscriber.Numbers.Distinct().Count());
        TestContext.Out.WriteLine($"{heard} of 300");
        Assert.That(heard, Is.GreaterThanOrEqualTo(295));
        Assert.That(subscribers.Select(static subscriber => subscriber.Records.Count - subscriber.Records.Distinct().Count()), Is.All.Zero);
    }
}
