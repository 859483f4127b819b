using System.Net;
using Violence.Kademlia.Admission;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Admission;

[TestFixture]
public sealed class SourceLimiterTests
{
    private static readonly Instant Start = Instant.FromMilliseconds(10_000);

    private static readonly SourceLimits Small = new()
    {
        PerSource = new TokenRate(PerSecond: 10, Burst: 5),
        Shared = new TokenRate(PerSecond: 10, Burst: 20),
        MaxSources = 8,
    };

    [Test]
    public void A_source_may_send_its_burst_and_then_at_its_rate()
    {
        SourceLimiter limiter = Limiter(new SourceLimits());
        int atOnce = Admitted(limiter, Endpoint("192.0.2.1"), 5000, Start);
        int afterAMillisecond = Admitted(limiter, Endpoint("192.0.2.1"), 5000, Start + TimeSpan.FromMilliseconds(1));
        int afterASecond = Admitted(limiter, Endpoint("192.0.2.1"), 5000, Start + TimeSpan.FromMilliseconds(1001));

        Assert.That((atOnce, afterAMillisecond, afterASecond), Is.EqualTo((2000, 1, 1000)));
    }

    [TestCase("192.0.2.1", 4000, "192.0.2.1", 5000, true, TestName = "Two_ports_of_an_address_share_its_budget")]
    [TestCase("192.0.2.1", 4000, "192.0.2.2", 4000, false, TestName = "Two_IPv4_addresses_have_a_budget_each")]
    [TestCase("2001:db8::1", 4000, "2001:db8::ffff:2", 4000, true, TestName = "Addresses_of_a_64_share_its_budget")]
    [TestCase("2001:db8::1", 4000, "2001:db8:0:1::1", 4000, false, TestName = "Two_64s_have_a_budget_each")]
    public void Sharing(string first, int firstPort, string second, int secondPort, bool isShared)
    {
        SourceLimiter limiter = Limiter(Small);
        Admitted(limiter, Endpoint(first, firstPort), 5, Start);

        Assert.That(limiter.Admit(Endpoint(second, secondPort), Start), Is.EqualTo(!isShared));
    }

    [Test]
    public void The_network_of_all_zeros_has_a_place_like_any_other()
    {
        SourceLimiter limiter = Limiter(Small);
        Admitted(limiter, Endpoint("192.0.2.1"), 1, Start);
        int burst = Admitted(limiter, Endpoint("::2"), 10, Start);
        Admitted(limiter, Endpoint("192.0.2.2"), 1, Start);

        Assert.That((burst, limiter.Admit(Endpoint("::2"), Start)), Is.EqualTo((5, false)));
    }

    [Test]
    public void The_network_of_all_zeros_is_told_from_empty_places_in_either_of_its_sets([Range(0, 39)] int seed)
    {
        SourceLimiter limiter = new(Small with { MaxSources = 4096 }, EntropySource.Seeded((ulong)seed));
        for (int i = 0; i < 200; i++)
        {
            limiter.Admit(Spoofed(i), Start);
        }

        int burst = Admitted(limiter, Endpoint("::2"), 10, Start);
        limiter.Admit(Endpoint("192.0.2.2"), Start);

        Assert.That((burst, limiter.Admit(Endpoint("::2"), Start)), Is.EqualTo((5, false)));
    }

    [Test]
    public void A_dear_datagram_takes_more_of_the_budget()
    {
        SourceLimiter limiter = Limiter(Small);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(limiter.Admit(Endpoint("192.0.2.1"), Start, cost: 4), Is.True);
            Assert.That(limiter.Admit(Endpoint("192.0.2.1"), Start, cost: 2), Is.False);
            Assert.That(limiter.Admit(Endpoint("192.0.2.1"), Start, cost: 1), Is.True);
        }
    }

    [TestCase(true, 100)]
    [TestCase(false, 5)]
    public void This_host_is_exempt_unless_the_limits_say_otherwise(bool isExempt, int admitted)
    {
        SourceLimiter limiter = Limiter(Small with { ExemptLoopback = isExempt });
        limiter.Confirm(Endpoint("127.0.0.1"), Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Admitted(limiter, Endpoint("127.0.0.1"), 100, Start), Is.EqualTo(admitted));
            Assert.That(limiter.Capacity, Is.EqualTo(isExempt ? 0 : 8));
        }
    }

    [Test]
    public void Spoofed_sources_by_the_million_meet_bounded_memory_and_a_bounded_rate()
    {
        SourceLimiter limiter = Limiter(new SourceLimits());
        long admitted = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000_000; i++)
        {
            admitted += limiter.Admit(Spoofed(i), Start + TimeSpan.FromMicroseconds(2 * i)) ? 1 : 0;
        }

        // Taken before anything is asserted: that allocates too.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(limiter.Capacity, Is.EqualTo(4096));
            // The table itself with all its smaller forerunners, 4,096 places of 16 bytes twice, and what little the runtime may do on this
            // thread meanwhile: so one try is enough. The next larger table would be 131,072 more.
            Assert.That(allocated, Is.LessThan(160_000));
            // In two seconds: every place once a keeping time, and the shared budget.
            Assert.That(admitted, Is.LessThan(2 * 4096 + 4000 + 2 * 2000 + 1));
        }
    }

    [Test]
    public void A_proven_source_is_admitted_in_the_midst_of_a_spoofed_flood()
    {
        SourceLimiter limiter = Limiter(new SourceLimits());
        NodeEndpoint honest = Endpoint("198.51.100.7");
        limiter.Admit(honest, Start);
        limiter.Confirm(honest, Start);
        int refused = 0;
        for (int i = 0; i < 600_000; i++)
        {
            Instant now = Start + TimeSpan.FromMicroseconds(30 * i);
            limiter.Admit(Spoofed(i), now);
            // Every three seconds: an unproven source would have lost its place to the flood.
            if (i % 100_000 == 99_999)
            {
                refused += Admitted(limiter, honest, 900, now) == 900 ? 0 : 1;
            }
        }

        Assert.That(refused, Is.Zero);
    }

    [Test]
    public void A_source_can_be_proven_while_spoofed_ones_hold_every_place()
    {
        SourceLimiter limiter = Limiter(Small);
        Flood(limiter, Start);
        NodeEndpoint honest = Endpoint("198.51.100.7");
        bool before = limiter.Admit(honest, Start);
        limiter.Confirm(honest, Start);
        int after = Admitted(limiter, honest, 10, Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.False);
            Assert.That(after, Is.EqualTo(5));
        }
    }

    [Test]
    public void Proven_sources_give_way_to_proven_ones_the_longest_silent_first()
    {
        SourceLimiter limiter = Limiter(Small);
        for (byte i = 0; i < 8; i++)
        {
            limiter.Confirm(Endpoint($"198.51.100.{i}"), Start + TimeSpan.FromMilliseconds(i));
        }

        // The first has sent something since, so the second is the longest silent.
        limiter.Admit(Endpoint("198.51.100.0"), Start + TimeSpan.FromMilliseconds(9));
        limiter.Confirm(Endpoint("198.51.100.8"), Start + TimeSpan.FromMilliseconds(10));
        Instant now = Start + TimeSpan.FromMilliseconds(20);
        // The shared budget is spent: whoever is admitted has a place of its own.
        Exhaust(limiter, now);
        bool[] admitted = [.. Enumerable.Range(0, 9).Select(i => limiter.Admit(Endpoint($"198.51.100.{i}"), now))];

        Assert.That(admitted, Is.EqualTo(Enumerable.Range(0, 9).Select(i => i != 1)));
    }

    [TestCase(0.9, false)]
    [TestCase(1.0, true)]
    public void An_unproven_source_keeps_its_place_for_a_second(double seconds, bool isFree)
    {
        SourceLimiter limiter = Limiter(Small);
        Flood(limiter, Start);
        Instant now = Start + TimeSpan.FromSeconds(seconds);
        Exhaust(limiter, Start + TimeSpan.FromSeconds(0.9));

        Assert.That(Admitted(limiter, Endpoint("198.51.100.7"), 5, now) == 5, Is.EqualTo(isFree));
    }

    [TestCase(599, false)]
    [TestCase(600, true)]
    public void A_proven_source_keeps_its_place_for_ten_minutes(int seconds, bool isFree)
    {
        SourceLimiter limiter = Limiter(Small with { Shared = new TokenRate(1, 1) });
        for (byte i = 0; i < 8; i++)
        {
            limiter.Confirm(Endpoint($"198.51.100.{i}"), Start);
        }

        Assert.That(
            Admitted(limiter, Endpoint("203.0.113.1"), 5, Start + TimeSpan.FromSeconds(seconds)),
            Is.EqualTo(isFree ? 5 : 1));
    }

    [Test]
    public void A_place_is_not_given_away_before_its_bucket_is_full_again()
    {
        // Ten seconds to refill, though the place would be kept for one only.
        var limits = Small with { PerSource = new TokenRate(PerSecond: 1, Burst: 10), MaxSources = 8 };
        SourceLimiter limiter = Limiter(limits);
        NodeEndpoint greedy = Endpoint("192.0.2.1");
        Admitted(limiter, greedy, 10, Start);
        Instant now = Start + TimeSpan.FromSeconds(5);
        Flood(limiter, now);
        Exhaust(limiter, now);

        Assert.That(Admitted(limiter, greedy, 10, now), Is.EqualTo(5));
    }

    [Test]
    public void The_table_grows_with_its_sources_and_none_is_lost()
    {
        SourceLimiter limiter = Limiter(new SourceLimits { PerSource = new TokenRate(PerSecond: 1, Burst: 2) });
        int empty = limiter.Capacity;
        limiter.Admit(Spoofed(0), Start);
        int one = limiter.Capacity;
        for (int i = 1; i < 1000; i++)
        {
            limiter.Admit(Spoofed(i), Start);
        }

        // Each has one datagram left of its burst: who forgot somebody would grant two.
        int[] admitted = [.. Enumerable.Range(0, 1000).Select(i => Admitted(limiter, Spoofed(i), 2, Start))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(empty, Is.Zero);
            Assert.That(one, Is.EqualTo(8));
            Assert.That(limiter.Capacity, Is.InRange(1024, 4096));
            Assert.That(admitted, Has.All.EqualTo(1));
        }
    }

    [Test]
    public void Confirming_a_source_that_sent_nothing_yet_gives_it_a_place()
    {
        SourceLimiter limiter = Limiter(Small);
        limiter.Confirm(Endpoint("198.51.100.7"), Start);
        limiter.Confirm(Endpoint("198.51.100.7"), Start);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(limiter.Capacity, Is.EqualTo(8));
            Assert.That(Admitted(limiter, Endpoint("198.51.100.7"), 9, Start), Is.EqualTo(5));
        }
    }

    [TestCase(4)]
    [TestCase(0)]
    [TestCase(100)]
    public void The_table_is_a_power_of_two(int sources) =>
        Assert.That(() => Limiter(Small with { MaxSources = sources }), Throws.ArgumentException);

    private static void Flood(SourceLimiter limiter, Instant now)
    {
        for (int i = 0; i < 200; i++)
        {
            limiter.Admit(Spoofed(i), now);
        }
    }

    private static void Exhaust(SourceLimiter limiter, Instant now)
    {
        for (int i = 1000; i < 1200; i++)
        {
            limiter.Admit(Spoofed(i), now);
        }
    }

    private static int Admitted(SourceLimiter limiter, NodeEndpoint source, int attempts, Instant now) =>
        Enumerable.Range(0, attempts).Count(_ => limiter.Admit(source, now));

    private static SourceLimiter Limiter(SourceLimits limits) => new(limits, EntropySource.Seeded(9));

    private static NodeEndpoint Spoofed(int number) =>
        NodeEndpoint.FromIPv4([(byte)(20 + (number >> 24)), (byte)(number >> 16), (byte)(number >> 8), (byte)number], 4000);

    private static NodeEndpoint Endpoint(string address, int port = 4000) =>
        NodeEndpoint.From(IPAddress.Parse(address), (ushort)port);
}
