using Violence.Kademlia.Engine;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Engine;

[TestFixture]
internal sealed class JoiningTests
{
    [Test]
    public void Every_node_of_a_small_network_gets_to_know_every_other()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(24, seed: 1);

        Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.EqualTo(23), $"seed {network.Seed}");
    }

    [Test]
    public void Nodes_that_start_together_each_through_one_that_knows_nobody_yet_find_each_other_within_two_seconds()
    {
        var network = new VirtualNetwork(seed: 10);
        for (int i = 0; i < 24; i++)
        {
            network.Add(i == 0 ? null : network.Nodes[i - 1]);
            network.RunFor(TimeSpan.FromMilliseconds(1));
        }

        network.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.GreaterThanOrEqualTo(8));
    }

    [Test]
    public void A_pair_of_nodes_soon_stops_looking_for_more()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(2, seed: 11);
        int sent = 0;
        network.Observer = (_, _, _) => sent++;

        network.RunFor(TimeSpan.FromMinutes(5));

        Assert.That(sent, Is.LessThan(100), "in 5 minutes, of both");
    }

    [Test]
    public void A_node_whose_seed_is_down_goes_on_trying_and_joins_when_it_is_up()
    {
        var network = new VirtualNetwork(seed: 2);
        VirtualNode seed = network.Create();
        VirtualNode node = network.Create();
        node.Start(seed.Endpoint);
        network.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(node.Engine.JoinState, Is.EqualTo(JoinState.Joining));
        Assert.That(node.JoinTries, Is.InRange(10, 25), "tries in 10 minutes: pauses double up to one minute");

        seed.Start();
        bool joined = network.RunUntil(() => node.Engine.JoinState == JoinState.Joined, TimeSpan.FromSeconds(75));

        Assert.That(joined, Is.True);
        network.RunFor(2 * network.Delay);
        Assert.That(seed.Engine.Table.Contains(node.Id), Is.True);
    }

    [Test]
    public void The_first_node_of_a_network_is_alone_until_another_joins_through_it()
    {
        var network = new VirtualNetwork(seed: 3);
        VirtualNode first = network.Add();
        Assert.That(first.Engine.JoinState, Is.EqualTo(JoinState.Alone));

        network.Add(first);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(first.Engine.JoinState, Is.EqualTo(JoinState.Joined));
    }

    [Test]
    public void The_same_seed_gives_the_same_trace()
    {
        static ulong Trace()
        {
            VirtualNetwork network = VirtualNetwork.OfSize(16, seed: 4);
            network.Loss = 0.1;
            network.RunFor(TimeSpan.FromHours(1));
            return network.Trace;
        }

        ulong first = Trace();
        ulong second = Trace();

        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public void A_node_that_says_goodbye_leaves_every_table_at_once()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(10, seed: 5);
        VirtualNode leaving = network.Nodes[4];

        leaving.Step(engine => engine.SayGoodbye(network.Now));
        leaving.Crash();
        network.RunFor(TimeSpan.FromMilliseconds(50));

        Assert.That(network.Nodes.Where(node => node != leaving).Select(node => node.Engine.Table.Contains(leaving.Id)), Is.All.False);
    }

    [Test]
    public void A_client_knows_others_and_nobody_knows_it()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(8, seed: 6);
        VirtualNode client = network.Add(network.Nodes[0], static config => config with { IsClient = true });
        network.RunFor(TimeSpan.FromMinutes(20));

        Assert.That(client.Engine.Table.Count, Is.EqualTo(8));
        Assert.That(network.Nodes.Where(node => node != client).Select(node => node.Engine.Table.Contains(client.Id)), Is.All.False);
    }

    [Test]
    public void Nodes_of_another_network_are_not_heard()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(3, seed: 7);
        VirtualNode stranger = network.Add(network.Nodes[0], static config => config with { Network = 42 });
        int answered = 0;
        network.Observer = (_, to, _) => answered += to == stranger.Endpoint ? 1 : 0;
        network.RunFor(TimeSpan.FromMinutes(2));

        Assert.That(stranger.Engine.Table.Count, Is.Zero);
        Assert.That(network.Nodes[0].Engine.Counters.Dropped(DropReason.OtherNetwork), Is.GreaterThan(0));
        Assert.That(answered, Is.Zero);
    }

    [Test]
    public void The_halves_of_a_network_that_was_cut_in_two_find_together_again()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(16, seed: 9);
        HashSet<NodeEndpoint> half = [.. network.Nodes.Where((_, index) => index % 2 == 0).Select(node => node.Endpoint)];
        network.IsBlocked = (from, to) => half.Contains(from) != half.Contains(to);
        network.RunFor(TimeSpan.FromHours(3));
        Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.EqualTo(7), "the halves have forgotten each other");

        network.IsBlocked = static (_, _) => false;
        network.RunFor(TimeSpan.FromMinutes(35));

        Assert.That(network.Nodes.Select(node => node.Engine.Table.Count), Is.All.EqualTo(15));
    }

    [Test]
    public void A_node_that_loses_everybody_joins_again_through_its_seeds()
    {
        VirtualNetwork network = VirtualNetwork.OfSize(6, seed: 8);
        VirtualNode node = network.Add(network.Nodes[0]);
        network.RunFor(TimeSpan.FromSeconds(5));
        network.IsBlocked = (from, to) => from == node.Endpoint || to == node.Endpoint;
        network.RunUntil(() => node.Engine.Table.Count == 0, TimeSpan.FromHours(2));
        Assert.That(node.Engine.JoinState, Is.EqualTo(JoinState.Joining));

        network.IsBlocked = static (_, _) => false;
        network.RunUntil(() => node.Engine.Table.Count == 6, TimeSpan.FromSeconds(90));

        Assert.That(node.Engine.Table.Count, Is.EqualTo(6));
    }
}
