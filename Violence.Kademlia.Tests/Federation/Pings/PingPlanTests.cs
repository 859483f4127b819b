using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Pings;

namespace Violence.Kademlia.Tests.Federation.Pings;

public sealed class PingPlanTests
{
    [Test]
    public void A_host_is_in_the_plan_once_with_few_of_its_ports()
    {
        IReadOnlyList<PingTarget> plan = PingPlan.Of(
        [
            Listing(1, "a", "H.example:1", 11),
            Listing(2, "b", "h.example:2", 12),
            Listing(3, "c", "h.example:3", 13),
            Listing(4, "d", "192.0.2.1:1", 11),
            Listing(5, "e", "192.0.2.2:1", nodePort: null),
        ]);

        Assert.That(
            plan.Select(target => $"{target.Host} {string.Join(',', target.Ports)}"),
            Is.EqualTo(new[] { "h.example 11,12", "192.0.2.1 11" }));
    }

    [Test]
    public void Beyond_the_most_servers_the_stale_ones_are_left_out_first()
    {
        ServerListing[] listings =
        [
            .. Enumerable.Range(0, 10).Select(i => Listing((uint)i, $"a{i}", $"192.0.2.{i}:1", 1) with { Liveness = ServerLiveness.Stale }),
            .. Enumerable.Range(10, PingPlan.MaxServers - 5).Select(i => Listing((uint)i, $"b{i}", $"h{i}.example:1", 1)),
        ];

        IReadOnlyList<PingTarget> plan = PingPlan.Of(listings);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(plan, Has.Count.EqualTo(PingPlan.MaxServers));
            Assert.That(plan.Count(target => target.Host.StartsWith('h')), Is.EqualTo(PingPlan.MaxServers - 5));
        }
    }

    [Test]
    public void What_was_measured_for_a_host_counts_for_all_servers_there_that_tell_a_port()
    {
        var measured = new Dictionary<string, TimeSpan>(StringComparer.Ordinal) { ["h.example"] = TimeSpan.FromMilliseconds(7) };

        IReadOnlyList<ServerListing> listings = PingPlan.Apply(
            [Listing(1, "a", "H.example:1", 11), Listing(2, "b", "h.example:2", nodePort: null), Listing(3, "c", "other:2", 1)], measured);

        Assert.That(listings.Select(listing => listing.Ping?.TotalMilliseconds), Is.EqualTo(new double?[] { 7, null, null }));
    }

    internal static ServerListing Listing(uint owner, string name, string address, int? nodePort) => new()
    {
        Server = DirectorySamples.Arena with { Name = name, Address = address },
        Owner = DirectorySamples.Owner(owner),
        Fingerprint = "f",
        Sequence = 1,
        AnnouncedAt = DirectorySamples.Issued,
        Holders = 1,
        NodePort = nodePort,
    };
}
