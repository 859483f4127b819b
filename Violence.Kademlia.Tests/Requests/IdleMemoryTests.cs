using Violence.Kademlia.Admission;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Reachability;
using Violence.Kademlia.Requests;
using Violence.Kademlia.Tests.Primitives;

namespace Violence.Kademlia.Tests.Requests;

/// <summary>Hundreds of nodes live in one process: what a node may grow to must not be paid for while it is idle.</summary>
[TestFixture]
public sealed class IdleMemoryTests
{
    [Test]
    public void Tables_of_an_idle_node_take_less_than_2_KB()
    {
        EntropySource entropy = EntropySource.Seeded(1);

        long bytes = Allocations.Once(() => new object[]
        {
            new RequestTable<(long, object?)>(),
            new PeerBook(),
            new AddressCookies(entropy, default),
            new SourceLimiter(new SourceLimits(), entropy),
            new ProofBudget(ProofBudget.DefaultRate),
            new ReachabilityState(default),
        });

        Assert.That(bytes, Is.LessThan(2048));
    }

    [Test]
    public void Tables_of_a_node_with_thirty_peers_take_less_than_16_KB_with_all_that_was_thrown_away_in_growing()
    {
        EntropySource entropy = EntropySource.Seeded(1);

        long bytes = Allocations.Once(() =>
        {
            var requests = new RequestTable<(long, object?)>();
            var peers = new PeerBook();
            var sources = new SourceLimiter(new SourceLimits(), entropy);
            var state = new ReachabilityState(default);
            for (byte i = 0; i < 30; i++)
            {
                NodeEndpoint peer = NodeEndpoint.FromIPv4([20, 0, i, 1], 4000);
                sources.Admit(peer, default);
                sources.Confirm(peer, default);
                peers.OnReply(peer, TimeSpan.FromMilliseconds(1), isLate: false, cookie: i, default);
                state.Votes.Add(peer, peer, default);
                if (i % 10 == 0)
                {
                    requests.TryAdd(new TransactionId(i), peer, null, MessageKind.Ping, default, default, default, default);
                }
            }

            return new object[] { requests, peers, sources, state };
        });

        Assert.That(bytes, Is.LessThan(16 * 1024));
    }
}
