using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>Announcing, looking up, changing and withdrawing servers over real nodes and sockets.</summary>
public sealed class DirectoryNetworkTests : DirectoryFixture
{
    [Test]
    public async Task A_server_is_found_by_its_name_in_any_case_from_every_node()
    {
        ServerInfo server = Server("Frag Palace", "lookup") with { Players = 3, MaxPlayers = 16, Version = "1.4.2", Tags = ["ranked"] };
        ServerAnnouncement announcement = await AnnounceAsync(Network[3], server);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(announcement.Server, Is.EqualTo(server));
            Assert.That(announcement.LastResult.IsStored, Is.True);
            Assert.That(announcement.LastResult.Acknowledgements, Is.GreaterThanOrEqualTo(3));
            foreach (KademliaNode node in Network.Nodes)
            {
                ServerLookupResult result = await new ServerDirectory(node).LookupAsync(" fRaG pAlAcE ");
                Assert.That(result.Status, Is.EqualTo(ServerLookupStatus.Found));
                Assert.That(result.Server?.Server, Is.EqualTo(server));
                Assert.That(result.Server?.Owner, Is.EqualTo(Network[3].Id));
                Assert.That(result.Server?.Fingerprint, Is.EqualTo(Network[3].Fingerprint));
                Assert.That(result.Server?.Holders, Is.GreaterThanOrEqualTo(1));
                Assert.That(result.Rivals, Is.Empty);
            }
        }
    }

    [Test]
    public async Task A_name_nobody_announced_is_not_found()
    {
        ServerLookupResult result = await Directory(0).LookupAsync("nobody-home");

        Assert.That((result.Status, result.Server), Is.EqualTo((ServerLookupStatus.NotFound, (ServerListing?)null)));
    }

    [Test]
    public async Task A_node_alone_finds_no_peers_and_its_announcement_still_gives_a_handle()
    {
        await using LoopbackNetwork alone = await LoopbackNetwork.StartAsync(
            1, configure: (_, options) => options with { JoinPatience = TimeSpan.Zero });
        ServerDirectory directory = new(alone[0]);

        await using ServerAnnouncement announcement = await directory.AnnounceAsync(Server("Lonely", "alone"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(announcement.LastResult.NameRecord.Status, Is.EqualTo(PutStatus.NoPeers));
            Assert.That(announcement.LastResult.IsStored, Is.False);
            Assert.That(announcement.LastResult.Acknowledgements, Is.Zero);
        }
    }

    [Test]
    public async Task An_update_is_seen_by_lookups_and_queries_and_the_newer_wins()
    {
        ServerInfo server = Server("Updated", "update") with { MaxPlayers = 16 };
        ServerAnnouncement announcement = await AnnounceAsync(Network[2], server);
        ulong before = (await LookupFoundAsync(Network[11], "Updated")).Sequence;

        // One after the other without a pause: the last must win although all carry nearly the same time.
        for (int players = 1; players <= 7; players++)
        {
            AnnounceResult result = await announcement.UpdateAsync(server with { Players = players });
            Assert.That(result, Is.SameAs(announcement.LastResult));
        }

        foreach (KademliaNode node in Network.Nodes)
        {
            ServerListing listing = await Eventually.HoldsAsync(
                "the lookup sees 7 players",
                token => LookupFoundAsync(node, "Updated", token),
                seen => seen.Server.Players == 7);
            Assert.That(listing.Sequence, Is.GreaterThan(before));
        }

        await Eventually.HoldsAsync(
            "the query sees 7 players",
            token => new ServerDirectory(Network[14]).QueryAllAsync(new ServerQuery { Genre = "update" }, token),
            listings => listings.Select(listing => listing.Server.Players).SequenceEqual([7]));
        Assert.That(announcement.Server.Players, Is.EqualTo(7));
    }

    [Test]
    public async Task Updates_made_at_once_leave_name_and_genre_with_the_same_row()
    {
        ServerInfo server = Server("Busy", "busy");
        ServerAnnouncement announcement = await AnnounceAsync(Network[4], server);

        await Task.WhenAll(Enumerable.Range(1, 10).Select(players => announcement.UpdateAsync(server with { Players = players })));

        await Eventually.HoldsAsync("lookup and query agree with the handle", async token =>
        {
            ServerListing byName = await LookupFoundAsync(Network[12], "Busy", token);
            IReadOnlyList<ServerListing> byGenre = await Directory(12).QueryAllAsync(new ServerQuery { Genre = "busy" }, token);
            return byName.Server.Equals(announcement.Server)
                && byGenre.Select(listing => listing.Server).SequenceEqual([announcement.Server]);
        });
    }

    [Test]
    public async Task A_server_withdrawn_is_gone_from_lookup_and_query_and_its_name_is_free()
    {
        ServerInfo server = Server("Leaver", "leave");
        ServerAnnouncement announcement = await AnnounceAsync(Network[6], server);
        await AnnounceAsync(Network[1], Server("Stayer", "leave"));
        await QueryHoldsAsync(Network[12], new ServerQuery { Genre = "leave" }, ["Leaver", "Stayer"]);

        await announcement.WithdrawAsync();

        await LookupStatusHoldsAsync(Network[12], "Leaver", ServerLookupStatus.Withdrawn);
        await QueryHoldsAsync(Network[12], new ServerQuery { Genre = "leave" }, ["Stayer"]);
        await Eventually.HoldsAsync(
            "a streamed query leaves it out",
            token => StreamNamesAsync(Network[12], new ServerQuery { Genre = "leave" }, token),
            names => names.SequenceEqual(["Stayer"]));
        await Assert.ThatAsync(() => announcement.UpdateAsync(server with { Players = 1 }), Throws.InvalidOperationException);

        await AnnounceAsync(Network[6], server with { Players = 2 });

        await Eventually.HoldsAsync(
            "the server announced again is found",
            token => Directory(12).LookupAsync("Leaver", token),
            result => result.Server?.Server.Players == 2);
        await QueryHoldsAsync(Network[12], new ServerQuery { Genre = "leave" }, ["Leaver", "Stayer"]);
    }

    [Test]
    public async Task Disposing_a_handle_withdraws_and_disposing_it_again_touches_no_later_announcement()
    {
        ServerInfo server = Server("Disposed", "dispose");
        ServerAnnouncement announcement = await AnnounceAsync(Network[8], server);

        await announcement.DisposeAsync();
        await LookupStatusHoldsAsync(Network[0], "Disposed", ServerLookupStatus.Withdrawn);

        ServerAnnouncement again = await AnnounceAsync(Network[8], server);
        await announcement.DisposeAsync();
        await announcement.WithdrawAsync();

        await LookupStatusHoldsAsync(Network[0], "Disposed", ServerLookupStatus.Found);
        // The second disposal must not have freed the name either.
        await Assert.ThatAsync(() => Directory(8).AnnounceAsync(server), Throws.InvalidOperationException);
        await again.DisposeAsync();
    }

    [Test]
    public async Task A_withdrawal_during_updates_has_the_last_word()
    {
        ServerInfo server = Server("Hasty", "hasty");
        ServerAnnouncement announcement = await AnnounceAsync(Network[10], server);
        Task<AnnounceResult>[] updates =
            [.. Enumerable.Range(1, 10).Select(i => announcement.UpdateAsync(server with { Genre = $"hasty-{i % 2}", Players = i }))];

        await announcement.WithdrawAsync();

        foreach (Task<AnnounceResult> update in updates)
        {
            try
            {
                await update;
            }
            catch (InvalidOperationException)
            {
                // The withdrawal overtook it.
            }
        }

        await LookupStatusHoldsAsync(Network[1], "Hasty", ServerLookupStatus.Withdrawn);
        foreach (string genre in new[] { "hasty", "hasty-0", "hasty-1" })
        {
            await QueryHoldsAsync(Network[1], new ServerQuery { Genre = genre }, []);
        }
    }

    [Test]
    public async Task Disposing_a_handle_after_its_node_stopped_does_not_throw()
    {
        await using LoopbackNetwork pair = await LoopbackNetwork.StartAsync(2);
        ServerAnnouncement announcement = await new ServerDirectory(pair[1]).AnnounceAsync(Server("Orphan", "orphan"));

        await pair[1].StopAsync();

        await Assert.ThatAsync(() => announcement.DisposeAsync().AsTask(), Throws.Nothing);
    }

    [Test]
    public async Task One_node_announces_a_name_once_whichever_directory_is_asked()
    {
        ServerInfo server = Server("Once", "once");
        ServerAnnouncement announcement = await AnnounceAsync(Network[9], server);

        using (Assert.EnterMultipleScope())
        {
            await Assert.ThatAsync(
                () => Directory(9).AnnounceAsync(server with { Name = "ONCE ", Genre = "other" }),
                Throws.InvalidOperationException.With.Message.Contains("ONCE"));
            await Assert.ThatAsync(
                () => announcement.UpdateAsync(server with { Name = "Twice" }),
                Throws.ArgumentException.With.Message.Contains("Twice"));
            Assert.That((await announcement.UpdateAsync(server with { Name = "oNCE" })).IsStored, Is.True);
        }
    }

    [Test]
    public async Task Of_rival_claims_the_older_wins_and_a_fingerprint_finds_each()
    {
        // The younger has the smaller id and as many holders: only age speaks for the older.
        KademliaNode[] byId = [.. Network.Nodes.OrderBy(node => node.Id)];
        (KademliaNode younger, KademliaNode older) = (byId[0], byId[^1]);
        await AnnounceAsync(older, Server("Contested", "rivals") with { Version = "older" });
        await Eventually.HoldsAsync(
            "the holders have had the first claim long enough to tell it from the second",
            token => Network[7].GetAsync(DirectoryKeys.Name("contested"), cancellationToken: token),
            result => result.Records.Count == 1 && result.Records[0].HeldFor >= ServerSelection.Tolerance + TimeSpan.FromSeconds(2));
        await AnnounceAsync(younger, Server("CONTESTED", "rivals") with { Version = "younger" });

        foreach (KademliaNode node in Network.Nodes)
        {
            ServerLookupResult result = await Eventually.HoldsAsync(
                "the lookup tells of the rival claim",
                token => new ServerDirectory(node).LookupAsync("contested", token),
                seen => seen.Rivals.Count == 1);
            Assert.That((result.Server!.Owner, result.Rivals[0].Owner), Is.EqualTo((older.Id, younger.Id)));
        }

        foreach (KademliaNode owner in new[] { older, younger })
        {
            string compact = owner.Fingerprint.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
            foreach (string fingerprint in new[] { owner.Fingerprint, compact })
            {
                ServerLookupResult result = await Directory(3).LookupAsync($"Contested#{fingerprint}");
                Assert.That((result.Server?.Owner, result.Rivals.Count), Is.EqualTo(((NodeId?)owner.Id, 0)));
            }
        }

        ServerLookupResult stranger = await Directory(3).LookupAsync($"Contested#{byId[5].Fingerprint}");
        Assert.That(stranger.Status, Is.EqualTo(ServerLookupStatus.OwnerChanged));
        await QueryHoldsAsync(Network[3], new ServerQuery { Genre = "rivals" }, ["CONTESTED", "Contested"]);
    }

    [Test]
    public async Task Unicode_and_control_characters_are_refused_with_every_problem_named()
    {
        ServerInfo server = Server("\u0410\u0433\u0435na", "\u0436\u0430\u043d\u0440")
            with
        {
            Region = "e\u0007u",
            Version = "1\n",
            Tags = ["ok", "\u202etag"],
            Players = -1,
        };

        ArgumentException thrown = (await Assert.ThrowsAsync<ArgumentException>(() => Directory(0).AnnounceAsync(server)))!;

        using (Assert.EnterMultipleScope())
        {
            foreach (string field in new[] { "Name is", "Genre is", "Region is", "Version is", "Tags[1] is", "Players is" })
            {
                Assert.That(thrown.Message, Does.Contain(field));
            }

            Assert.That(thrown.Message.All(character => character is >= ' ' and <= '~'), Is.True);
            await Assert.ThatAsync(() => Directory(0).LookupAsync("bell\u0007"), Throws.ArgumentException);
            await Assert.ThatAsync(() => Directory(0).LookupAsync("Arena#abcd"), Throws.ArgumentException);
            Assert.That(() => Directory(0).QueryAsync(new ServerQuery { Genre = "\u0416\u0430\u043d\u0440" }), Throws.ArgumentException);
            await Assert.ThatAsync(() => Directory(0).QueryAllAsync(new ServerQuery { Genre = "x", Limit = 0 }), Throws.ArgumentException);
        }

        ServerAnnouncement announcement = await AnnounceAsync(Network[0], Server("Refused", "refused"));
        ServerInfo before = announcement.Server;
        await Assert.ThatAsync(() => announcement.UpdateAsync(before with { Players = 70_000 }), Throws.ArgumentException);
        Assert.That(announcement.Server, Is.EqualTo(before));
    }

    [Test]
    public async Task An_announcement_that_is_cancelled_leaves_nothing_behind()
    {
        using var cancelled = new CancellationTokenSource();
        ServerInfo server = Server("Cancelled", "cancel");
        Task<ServerAnnouncement> announcing = Directory(11).AnnounceAsync(server, cancelled.Token);
        await cancelled.CancelAsync();
        try
        {
            // It may have been quicker than the cancellation.
            await (await announcing).DisposeAsync();
        }
        catch (OperationCanceledException)
        {
        }

        await QueryHoldsAsync(Network[0], new ServerQuery { Genre = "cancel" }, []);
        await AnnounceAsync(Network[11], server);
        await QueryHoldsAsync(Network[0], new ServerQuery { Genre = "cancel" }, ["Cancelled"]);
    }
}
