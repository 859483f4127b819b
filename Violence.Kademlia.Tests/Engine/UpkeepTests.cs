using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Routing;
using Violence.Kademlia.Storage;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Tests.Engine;

/// <summary>What a node does unasked, over hours of virtual time.</summary>
[TestFixture]
internal sealed class UpkeepTests
{
    private static readonly RecordKey Key = RecordKey.FromText("test", "key");

    [Test]
    public void An_owner_publishes_again_every_fifteen_minutes_give_or_take_a_fifth()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 801);
        VirtualNode owner = network.Nodes[0];
        List<Instant> rounds = Publications(network, owner);
        PutGetTests.Put(network, owner, "again and again");

        network.RunFor(TimeSpan.FromHours(6));

        TimeSpan[] pauses = Pauses(rounds);
        Assert.That(pauses, Has.Length.InRange(20, 30));
        Assert.That(pauses, Is.All.InRange(TimeSpan.FromMinutes(12), TimeSpan.FromMinutes(18.1)));
        Assert.That(pauses.Max() - pauses.Min(), Is.GreaterThan(TimeSpan.FromMinutes(1)), "records published together drift apart");
    }

    [Test]
    public void After_a_shortfall_it_tries_again_soon_and_then_ever_less_often()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 802, static config => config with
        {
            Storage = config.Storage with { MaxRecords = 0 },
        });
        VirtualNode owner = network.Nodes[0];
        List<Instant> rounds = Publications(network, owner);
        PutGetTests.Put(network, owner, "refused");

        network.RunFor(TimeSpan.FromHours(3));

        double[] pauses = [.. Pauses(rounds).Select(pause => pause.TotalSeconds)];
        for (int i = 0; i < 7; i++)
        {
            double expected = 5 * Math.Pow(2, i);
            Assert.That(pauses[i], Is.InRange(expected * 0.8, expected * 1.2 + 2), $"pause {i}");
        }

        Assert.That(pauses.Skip(8), Is.All.InRange(11.9 * 60, 18.1 * 60), "then as often as any other");
    }

    [Test]
    public void Who_has_fewer_than_three_holders_gets_more_as_soon_as_there_are_more()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 803);
        PutGetTests.Put(network, network.Nodes[0], "lonely");
        network.RunFor(TimeSpan.FromSeconds(30));
        for (int i = 0; i < 4; i++)
        {
            network.Add(network.Nodes[1]);
        }

        network.RunFor(TimeSpan.FromSeconds(90));

        Assert.That(network.Nodes.Count(node => node.Engine.Store.Count == 1), Is.EqualTo(6));
    }

    [Test]
    public void A_record_lives_for_a_day_while_its_owner_does_and_is_signed_anew_before_half_of_its_life_is_over()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 804);
        VirtualNode owner = network.Nodes[0];
        PutGetTests.Put(network, owner, "for a day");
        var issued = new List<DateTimeOffset>();
        for (int i = 0; i < 24 * 4; i++)
        {
            network.RunFor(TimeSpan.FromMinutes(15));
            Record record = PutGetTests.Get(network, network.Nodes[1 + i % 11]).Found.Single().Record;
            Assert.That(network.Utc - record.Issued, Is.LessThan(TimeSpan.FromHours(4)), "there is always half a life left");
            if (issued.Count == 0 || issued[^1] != record.Issued)
            {
                issued.Add(record.Issued);
            }
        }

        Assert.That(issued, Has.Count.InRange(24 / 4, 24 / 3 + 1), "and no more signatures than that takes");
    }

    [Test]
    public void A_record_that_lives_a_minute_never_has_a_gap()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 805, static config => config with
        {
            Storage = config.Storage with { ClockTolerance = TimeSpan.Zero },
        });
        network.Run<PutOperation>(
            network.Nodes[0], (engine, now) => engine.Put(Key, "", "short"u8, TimeSpan.FromMinutes(1), keepAlive: true, now));

        for (int i = 0; i < 300; i++)
        {
            network.RunFor(TimeSpan.FromSeconds(5));
            Assert.That(PutGetTests.Get(network, network.Nodes[1 + i % 7]).Status, Is.EqualTo(GetStatus.Found), $"{i * 5} s");
        }
    }

    [Test]
    public void After_its_owners_death_a_record_is_gone_within_its_time_to_live_and_never_served_expired()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 806);
        VirtualNode owner = network.Nodes[0];
        PutGetTests.Put(network, owner, "mortal");
        network.RunFor(TimeSpan.FromHours(3));
        owner.Crash();
        Instant death = network.Now;
        Instant lastFound = death;
        TimeSpan tolerance = StorageLimits.Default.ClockTolerance;
        for (int i = 0; i < 60; i++)
        {
            network.RunFor(TimeSpan.FromMinutes(10));
            GetOperation get = PutGetTests.Get(network, network.Nodes[1 + i % 11]);
            if (get.Status == GetStatus.Found)
            {
                lastFound = network.Now;
                Record record = get.Found.Single().Record;
                Assert.That(network.Utc, Is.LessThan(record.Issued + record.TimeToLive + tolerance));
            }
        }

        Assert.That(lastFound - death, Is.InRange(TimeSpan.FromHours(4), TimeSpan.FromHours(8)));
        Assert.That(network.Nodes.Where(node => node.IsRunning).Sum(node => node.Engine.Store.Count), Is.Zero);
    }

    [Test]
    public void A_withdrawal_is_tried_again_until_it_is_stored()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 807);
        VirtualNode owner = network.Nodes[0];
        PutGetTests.Put(network, owner, "to be withdrawn");
        network.IsBlocked = (from, _) => from == owner.Endpoint;
        PutOperation withdrawal = network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));
        Assert.That(withdrawal.Status, Is.Not.EqualTo(PutStatus.Stored));
        network.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(owner.Engine.Owned.Count, Is.EqualTo(1));

        network.IsBlocked = static (_, _) => false;
        bool done = network.RunUntil(() => owner.Engine.Owned.Count == 0, TimeSpan.FromMinutes(20));

        Assert.That(done, Is.True);
        Assert.That(network.Nodes.Select(node => PutGetTests.Get(network, node).Status), Is.All.EqualTo(GetStatus.Withdrawn));
    }

    [Test]
    public void A_withdrawal_that_nobody_could_take_is_dropped_when_there_is_nothing_left_to_bury()
    {
        var network = new VirtualNetwork(seed: 808);
        VirtualNode owner = network.Add();
        PutGetTests.Put(network, owner, "alone");
        network.Run<PutOperation>(owner, (engine, now) => engine.Withdraw(Key, "", now));

        network.RunFor(TimeSpan.FromHours(7.5));
        Assert.That(owner.Engine.Owned.Count, Is.EqualTo(1));
        network.RunFor(TimeSpan.FromHours(1));
        Assert.That(owner.Engine.Owned.Count, Is.Zero);
    }

    [Test]
    public void Every_bucket_is_searched_every_fifteen_minutes()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(50, seed: 809, static config => config with
        {
            K = 8,
            Routing = new RoutingLimits { K = 8, FarCapacities = [] },
        });
        VirtualNode node = network.Nodes[0];
        Dictionary<int, List<Instant>> searched = [];
        var message = new IncomingMessage();
        network.Observer = (from, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == node.Endpoint && message.Header.Kind == MessageKind.FindNode)
            {
                int bucket = node.Engine.Table.BucketIndexOf(message.Target);
                searched.TryAdd(bucket, []);
                searched[bucket].Add(network.Now);
            }
        };
        Instant start = network.Now;
        network.RunFor(TimeSpan.FromHours(2));

        int buckets = node.Engine.Table.BucketCount;
        Assert.That(buckets, Is.GreaterThan(2));
        Assert.That(searched.Keys, Is.SupersetOf(Enumerable.Range(0, buckets)));
        foreach (List<Instant> times in searched.Values)
        {
            Assert.That(times[0] - start, Is.LessThan(TimeSpan.FromMinutes(15.5)));
            Assert.That(Pauses(times), Is.All.LessThan(TimeSpan.FromMinutes(15.5)));
        }
    }

    [Test]
    public void Silent_contacts_are_asked_whether_they_live_and_dead_ones_go()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 810, static config => config with { RefreshInterval = TimeSpan.FromDays(2) });
        VirtualNode node = network.Nodes[0];
        network.RunFor(TimeSpan.FromHours(1));
        Assert.That(
            node.Engine.Table.Entries().Select(entry => network.Now - entry.LastSeen), Is.All.LessThan(TimeSpan.FromMinutes(14)));

        VirtualNode dead = network.Nodes[7];
        dead.Crash();
        network.RunFor(TimeSpan.FromMinutes(20));

        Assert.That(network.Nodes.Where(other => other.IsRunning && other.Engine.Table.Contains(dead.Id)), Is.Empty);
    }

    [Test]
    public void An_idle_node_sends_little_and_sleeps_much()
    {
        const int Nodes = 60;
        VirtualNetwork network = VirtualNetwork.OfSize(Nodes, seed: 811);
        network.RunFor(TimeSpan.FromHours(1));
        long datagrams = network.Nodes.Sum(node => node.Engine.Counters.DatagramsSent);
        long bytes = network.Nodes.Sum(node => node.Engine.Counters.BytesSent);
        long advances = network.Nodes.Sum(node => node.Advances);

        network.RunFor(TimeSpan.FromHours(4));

        long perHour = (network.Nodes.Sum(node => node.Engine.Counters.DatagramsSent) - datagrams) / (4 * Nodes);
        long bytesPerHour = (network.Nodes.Sum(node => node.Engine.Counters.BytesSent) - bytes) / (4 * Nodes);
        long advancesPerHour = (network.Nodes.Sum(node => node.Advances) - advances) / (4 * Nodes);
        TestContext.Out.WriteLine(
            $"idle, {Nodes} nodes: {perHour} datagrams and {bytesPerHour / 1_000} kB sent, {advancesPerHour} calls of Advance, per node and hour");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(perHour, Is.InRange(100, 1_500));
            Assert.That(bytesPerHour, Is.LessThan(1_500_000));
            Assert.That(advancesPerHour, Is.LessThan(2_000));
            Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.EqualTo(Nodes - 1), "and forgets nobody");
        }
    }

    [Test]
    public void A_lonely_node_does_next_to_nothing()
    {
        var network = new VirtualNetwork(seed: 812);
        VirtualNode node = network.Add();
        network.RunFor(TimeSpan.FromHours(10));

        Assert.That(node.Engine.Counters.DatagramsSent, Is.Zero);
        Assert.That(node.Advances, Is.LessThan(10 * 60 * 4));
    }

    [Test]
    public void The_first_refresh_is_not_put_off_by_an_early_get()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(30, seed: 813);
        VirtualNode node = network.Add(network.Nodes[0]);
        for (int i = 0; i < 20; i++)
        {
            network.RunFor(TimeSpan.FromMilliseconds(100));
            node.Do((engine, now) => engine.Get(new RecordKey(network.NewNodeId()), GetMode.Closest, null, 10, null, now));
        }

        network.RunFor(TimeSpan.FromMilliseconds(200));
        HashSet<int> searched = [];
        var message = new IncomingMessage();
        network.Observer = (from, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == node.Endpoint && message.Header.Kind == MessageKind.FindNode)
            {
                searched.Add(node.Engine.Table.BucketIndexOf(message.Target));
            }
        };
        network.RunFor(TimeSpan.FromSeconds(8));

        Assert.That(searched, Is.EquivalentTo(Enumerable.Range(0, node.Engine.Table.BucketCount)));
    }

    [Test]
    public void A_node_that_was_offline_for_an_hour_is_back_at_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 814);
        VirtualNode node = network.Nodes[3];
        PutGetTests.Put(network, network.Nodes[5], "missed", Key);
        node.Crash();
        network.RunFor(TimeSpan.FromHours(1));
        node.Resume();
        network.RunFor(TimeSpan.FromSeconds(70));

        Assert.That(PutGetTests.Get(network, node).Status, Is.EqualTo(GetStatus.Found));
        Assert.That(node.Engine.JoinState, Is.EqualTo(JoinState.Joined));
    }

    [Test]
    public void The_first_node_of_a_network_comes_back_after_it_lost_everybody()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(12, seed: 816);
        VirtualNode first = network.Nodes[0];
        network.IsBlocked = (from, to) => from == first.Endpoint || to == first.Endpoint;
        bool lost = network.RunUntil(
            () => first.Engine.Table.Count == 0 && network.Nodes.All(node => !node.Engine.Table.Contains(first.Id)), TimeSpan.FromHours(3));
        Assert.That(lost, Is.True);
        Assert.That(first.Engine.JoinState, Is.EqualTo(JoinState.Joining));

        network.IsBlocked = static (_, _) => false;
        bool isBack = network.RunUntil(() => first.Engine.Table.Count == 11, TimeSpan.FromSeconds(100));

        Assert.That(isBack, Is.True, "it has no seeds, but remembers where others were");
    }

    [Test]
    public void A_contact_that_two_hold_to_be_dead_is_replaced_by_a_candidate()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(40, seed: 815, static config => config with
        {
            K = 4,
            Holders = 4,
            Routing = new RoutingLimits { K = 4, FarCapacities = [] },
        });
        VirtualNode node = network.Nodes.First(other => other.Engine.Table.Buckets()[0].Replacements > 0);
        int count = node.Engine.Table.Buckets()[0].Count;
        Contact[] far = [.. node.Engine.Contacts().Where(contact => node.Engine.Table.BucketIndexOf(contact.Id) == 0)];
        VirtualNode dead = network.Nodes.First(other => other.Contact == far[0]);
        dead.Crash();
        network.RunUntil(() => !node.Engine.Table.Contains(dead.Id), TimeSpan.FromHours(1));
        network.RunFor(TimeSpan.FromSeconds(5));

        Assert.That(node.Engine.Table.Contains(dead.Id), Is.False);
        Assert.That(node.Engine.Table.Buckets()[0].Count, Is.GreaterThanOrEqualTo(Math.Min(count, 4)));
    }

    /// <summary>When the owner sent STOREs; those within two seconds are one publication.</summary>
    private static List<Instant> Publications(VirtualNetwork network, VirtualNode owner)
    {
        var rounds = new List<Instant>();
        var message = new IncomingMessage();
        network.Observer = (from, _, bytes) =>
        {
            MessageReader.Read(bytes, VirtualNetwork.NetworkId, message);
            if (from == owner.Endpoint
                && message.Header.Kind is MessageKind.Store or MessageKind.Touch
                && (rounds.Count == 0 || network.Now - rounds[^1] > TimeSpan.FromSeconds(2)))
            {
                rounds.Add(network.Now);
            }
        };
        return rounds;
    }

    private static TimeSpan[] Pauses(List<Instant> times) => [.. times.Zip(times.Skip(1), static (earlier, later) => later - earlier)];
}
