using Violence.Kademlia.Federation;
using Violence.Kademlia.Tests.Federation;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>That an announcement is signed anew every half lease, over real sockets and with a clock moved by hand.</summary>
[TestFixture]
public sealed class LeaseNetworkTests : DirectoryFixture
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    [Test]
    public async Task An_announcement_is_signed_anew_every_half_lease_until_it_is_withdrawn()
    {
        var clock = new VirtualClock();
        ServerDirectory directory = new(Network[3], new ServerDirectoryOptions { Lease = Lease, TimeProvider = clock });
        ServerAnnouncement announcement = await directory.AnnounceAsync(Server("Renewed", "lease"));
        ServerListing first = await LookupFoundAsync(Network[9], "renewed");

        TimeSpan wait = await clock.TimerAsync(static due => due > TimeSpan.FromMinutes(1));
        Assert.That(wait, Is.InRange(Lease / 2 * 0.9, Lease / 2 * 1.1 + TimeSpan.FromSeconds(1)));
        clock.Advance(wait);
        await clock.TimerAsync(static due => due > TimeSpan.FromMinutes(1));

        ServerListing renewed = await LookupFoundAsync(Network[9], "renewed");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(renewed.Sequence, Is.GreaterThan(first.Sequence));
            Assert.That(renewed.Server, Is.EqualTo(first.Server));
            Assert.That((renewed.Lease, renewed.Liveness), Is.EqualTo(((TimeSpan?)Lease, ServerLiveness.Live)));
            Assert.That(announcement.LastResult.NameRecord.Record.Sequence, Is.EqualTo(renewed.Sequence));
        }

        await announcement.DisposeAsync();
        clock.Advance(Lease);
        await LookupStatusHoldsAsync(Network[9], "renewed", ServerLookupStatus.Withdrawn);
    }

    [Test]
    public async Task An_update_goes_to_those_who_hold_the_rows_and_counts_as_a_renewal()
    {
        var clock = new VirtualClock();
        ServerDirectory directory = new(Network[4], new ServerDirectoryOptions { Lease = Lease, TimeProvider = clock });
        ServerInfo server = Server("Updated", "lease");
        await using ServerAnnouncement announcement = await directory.AnnounceAsync(server);
        TimeSpan wait = await clock.TimerAsync(static due => due > TimeSpan.FromMinutes(1));
        clock.Advance(wait - TimeSpan.FromMinutes(1));

        AnnounceResult update = await announcement.UpdateAsync(server with { Players = 7, MaxPlayers = 9 });
        ulong sequence = update.NameRecord.Record.Sequence;
        clock.Advance(TimeSpan.FromMinutes(1));
        TimeSpan rest = await clock.TimerAsync(static due => due > TimeSpan.FromMinutes(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(update.IsStored, Is.True);
            Assert.That(rest, Is.LessThan(wait), "the clock started anew with the update");
            Assert.That(announcement.LastResult.NameRecord.Record.Sequence, Is.EqualTo(sequence));
            Assert.That((await LookupFoundAsync(Network[9], "updated")).Server.Players, Is.EqualTo(7));
        }
    }

    [Test]
    public async Task A_streamed_listing_tells_its_liveness_too()
    {
        await AnnounceAsync(Network[5], Server("Streamed", "streamed-lease"));
        List<ServerListing> listings = [];
        await foreach (ServerListing listing in Directory(9).QueryAsync(new ServerQuery { Genre = "streamed-lease" }))
        {
            listings.Add(listing);
        }

        Assert.That(listings.Select(listing => listing.Liveness), Is.EqualTo(new[] { ServerLiveness.Live }));
    }
}
