using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Pings;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Federation.Pings;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ServerPingsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<IPEndPoint> _pinged = [];

    [Test]
    public async Task An_address_is_pinged_once_per_30_seconds_whatever_names_lead_there()
    {
        ServerPings pings = Answering(static _ => TimeSpan.FromMilliseconds(5));
        ServerListing[] listings = [Row(1, "192.0.2.1:1", 9), Row(2, "one.example:1", 8), Row(3, "two.example:1", 7), Row(4, "[::ffff:192.0.2.1]:1", 6)];

        IReadOnlyList<ServerListing> first = await pings.MeasureAsync(listings, _time, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(29));
        await pings.MeasureAsync(listings, _time, CancellationToken.None);
        int lately = _pinged.Count;
        _time.Advance(TimeSpan.FromSeconds(2));
        await pings.MeasureAsync(listings, _time, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.Select(listing => listing.Ping), Is.All.EqualTo(TimeSpan.FromMilliseconds(5)));
            Assert.That((lately, _pinged.Count), Is.EqualTo((1, 2)));
        }
    }

    [Test]
    public async Task A_second_port_is_tried_where_the_first_is_silent_and_no_third()
    {
        ServerPings pings = Answering(static at => at.Port == 3 ? TimeSpan.FromMilliseconds(5) : null);

        IReadOnlyList<ServerListing> measured =
            await pings.MeasureAsync([Row(1, "192.0.2.1:1", 1), Row(2, "192.0.2.1:1", 2), Row(3, "192.0.2.1:1", 3)], _time, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(measured.Select(listing => listing.Ping), Is.All.Null);
            Assert.That(_pinged.Select(at => at.Port), Is.EqualTo(new[] { 1, 2 }));
        }
    }

    [Test]
    public async Task Silent_hosts_take_3_seconds_and_never_more_than_32_pings_at_a_time()
    {
        TaskCompletionSource never = new();
        int underWay = 0;
        ServerPings pings = new(
            async (_, _) =>
            {
                underWay++;
                await never.Task;
                return new PingResult(PingStatus.Silent, null);
            },
            Names);
        Task<IReadOnlyList<ServerListing>> measuring = pings.MeasureAsync(
            [.. Enumerable.Range(1, 200).Select(i => Row((uint)i, $"192.0.2.{i}:1", 1))], _time, CancellationToken.None);

        Assert.That((underWay, measuring.IsCompleted), Is.EqualTo((32, false)));
        _time.Advance(ServerPings.Patience);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await measuring).Select(listing => listing.Ping), Is.All.Null);
            Assert.That(underWay, Is.EqualTo(32));
        }
    }

    [Test]
    public async Task A_host_that_has_no_address_is_not_known_and_disturbs_no_other()
    {
        ServerPings pings = Answering(static _ => TimeSpan.FromMilliseconds(5));

        IReadOnlyList<ServerListing> measured =
            await pings.MeasureAsync([Row(1, "gone.example:1", 1), Row(2, "192.0.2.1:1", 1)], _time, CancellationToken.None);

        Assert.That(measured.Select(listing => listing.Ping is null), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public async Task What_was_not_sent_for_too_many_at_once_is_measured_the_next_time()
    {
        bool isBusy = true;
        ServerPings pings = new((_, _) => Task.FromResult(isBusy ? new(PingStatus.Busy, null) : new PingResult(PingStatus.Answered, TimeSpan.FromMilliseconds(5))), Names);

        await pings.MeasureAsync([Row(1, "192.0.2.1:1", 1)], _time, CancellationToken.None);
        isBusy = false;

        Assert.That((await pings.MeasureAsync([Row(1, "192.0.2.1:1", 1)], _time, CancellationToken.None))[0].Ping, Is.Not.Null);
    }

    [Test]
    public void The_cache_holds_so_many_addresses_and_has_no_room_for_more_until_they_age()
    {
        PingCache cache = new();
        int begun = 0;
        for (int i = 0; i < PingCache.MaxAddresses + 5; i++)
        {
            _ = cache.GetOrAdd(new IPAddress(i + 1L), TimeSpan.Zero, Begin)?.Value;
        }

        Assert.That((begun, cache.Count), Is.EqualTo((PingCache.MaxAddresses, PingCache.MaxAddresses)));
        cache.Forget(new IPAddress(1L));
        Assert.That(cache.GetOrAdd(new IPAddress(99_999L), TimeSpan.Zero, Begin), Is.Null, "what was forgotten counts until it would have aged");
        _ = cache.GetOrAdd(new IPAddress(99_999L), PingCache.Lifetime, Begin)?.Value;
        Assert.That((begun, cache.Count), Is.EqualTo((PingCache.MaxAddresses + 1, 1)));

        Task<PingResult> Begin()
        {
            begun++;
            return Task.FromResult(new PingResult(PingStatus.Silent, null));
        }
    }

    private static ServerListing Row(uint owner, string address, int port) => PingPlanTests.Listing(owner, $"s{owner}", address, port);

    private static Task<IPAddress[]> Names(string host, CancellationToken stop) => host.StartsWith("gone", StringComparison.Ordinal)
        ? Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound))
        : Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.1")]);

    private ServerPings Answering(Func<IPEndPoint, TimeSpan?> roundTrip) => new(
        (at, _) =>
        {
            _pinged.Add(at);
            return Task.FromResult(new PingResult(roundTrip(at) is null ? PingStatus.Silent : PingStatus.Answered, roundTrip(at)));
        },
        Names);
}
