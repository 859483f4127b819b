using System.Net;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Reachability;

namespace Violence.Kademlia.Tests.Reachability;

[TestFixture]
public sealed class ReachabilityStateTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(10_000);
    private static readonly NodeEndpoint Bound = Endpoint("192.168.1.5:4000");
    private static readonly NodeEndpoint Mine = Endpoint("203.0.113.9:4000");

    [Test]
    public void Any_challenge_could_mean_a_node_that_knows_no_address_of_its_own()
    {
        var state = new ReachabilityState(Bound);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(state.CouldBeMe(Endpoint("198.51.100.66:666"), Start), Is.True);
            Assert.That(state.External(Start), Is.Null);
            Assert.That(state.Bound, Is.EqualTo(Bound));
        }
    }

    [TestCase("203.0.113.9:4000", true, TestName = "The_confirmed_address_is_mine")]
    [TestCase("192.168.1.5:4000", true, TestName = "The_bound_address_is_mine")]
    [TestCase("203.0.113.9:4001", false, TestName = "Another_port_is_not_mine")]
    [TestCase("198.51.100.66:4000", false, TestName = "Another_address_is_not_mine")]
    [TestCase("10.0.0.5:4000", true, TestName = "A_private_address_may_be_mine_while_only_the_public_one_is_known")]
    [TestCase("[2001:db8::1]:4000", true, TestName = "An_IPv6_address_may_be_mine_while_only_the_IPv4_one_is_known")]
    public void With_a_confirmed_address(string challenge, bool couldBe)
    {
        ReachabilityState state = Confirmed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(state.External(Start), Is.EqualTo(Mine));
            Assert.That(state.CouldBeMe(Endpoint(challenge), Start), Is.EqualTo(couldBe));
        }
    }

    [Test]
    public void When_the_votes_are_old_any_challenge_could_be_meant_again() =>
        Assert.That(Confirmed().CouldBeMe(Endpoint("198.51.100.66:4000"), Start + AddressVotes.VoteLifetime), Is.True);

    [Test]
    public void Neighbours_confirm_the_private_address_beside_the_public_one()
    {
        ReachabilityState state = Confirmed();
        NodeEndpoint atHome = Endpoint("192.168.1.77:4000");
        for (int i = 0; i < 3; i++)
        {
            state.Votes.Add(Endpoint($"192.168.1.{20 + i}:4000"), atHome, Start);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(state.CouldBeMe(atHome, Start), Is.True);
            Assert.That(state.CouldBeMe(Mine, Start), Is.True);
            Assert.That(state.CouldBeMe(Bound, Start), Is.True);
            Assert.That(state.CouldBeMe(Endpoint("192.168.1.78:4000"), Start), Is.False);
        }
    }

    [Test]
    public void A_mapped_endpoint_is_mine_and_where_others_reach_me_but_excludes_no_other()
    {
        NodeEndpoint mapped = Endpoint("203.0.113.9:6000");
        var state = new ReachabilityState(Bound) { Mapped = mapped };
        bool other = state.CouldBeMe(Mine, Start);
        ReachabilityState confirmed = Confirmed();
        confirmed.Mapped = mapped;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(other, Is.True);
            Assert.That(state.External(Start), Is.EqualTo(mapped));
            Assert.That(confirmed.CouldBeMe(mapped, Start), Is.True);
            Assert.That(confirmed.CouldBeMe(Mine, Start), Is.True);
        }
    }

    private static ReachabilityState Confirmed()
    {
        var state = new ReachabilityState(Bound);
        for (int i = 0; i < 3; i++)
        {
            state.Votes.Add(Endpoint($"20.0.{i}.1:4000"), Mine, Start);
        }

        return state;
    }

    private static NodeEndpoint Endpoint(string text) => NodeEndpoint.From(IPEndPoint.Parse(text));
}
