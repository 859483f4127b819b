using Violence.Kademlia.Federation;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>Listing servers by genre over real nodes and sockets.</summary>
public sealed class DirectoryQueryNetworkTests : DirectoryFixture
{
    [Test]
    public async Task Every_genre_lists_its_own_servers_only()
    {
        string[] genres = ["several-ctf", "several-race", "several-coop"];
        await Task.WhenAll(
            from genre in genres
            from i in Enumerable.Range(0, 4)
            select AnnounceAsync(Network[i * 3], Server($"{genre} {i}", genre)));

        foreach (string genre in genres)
        {
            await QueryHoldsAsync(
                Network[15], new ServerQuery { Genre = genre.ToUpperInvariant() }, Enumerable.Range(0, 4).Select(i => $"{genre} {i}"));
        }
    }

    [Test]
    public async Task Fifty_servers_of_one_genre_announced_at_the_same_moment_are_all_found()
    {
        // Three or four per node, so that several rows of one owner stand under the genre.
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"crowd {i:00}")];
        await Task.WhenAll(names.Select((name, i) => AnnounceAsync(Network[i % Size], Server(name, "crowd"))));

        foreach (KademliaNode node in new[] { Network[0], Network[7], Network[15] })
        {
            await QueryHoldsAsync(node, new ServerQuery { Genre = "crowd" }, names);
            await Eventually.HoldsAsync(
                "a streamed query lists every server exactly once",
                token => StreamNamesAsync(node, new ServerQuery { Genre = "crowd" }, token),
                listed => listed.Order(StringComparer.Ordinal).SequenceEqual(names),
                listed => $"{listed.Count} servers, {listed.Distinct(StringComparer.Ordinal).Count()} distinct");
        }

        ServerLookupResult[] lookups = await Task.WhenAll(names.Select(name => Directory(9).LookupAsync(name)));
        Assert.That(lookups.Select(result => result.Status), Is.All.EqualTo(ServerLookupStatus.Found));
    }

    [Test]
    public async Task A_query_keeps_to_its_limit_region_and_player_filters()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => AnnounceAsync(
            Network[i], Server($"filter {i:00}", "filter") with { Region = i % 2 == 0 ? "eu" : "us", Players = i, MaxPlayers = 11 })));
        ServerQuery all = new() { Genre = "filter" };
        await QueryHoldsAsync(Network[13], all, Enumerable.Range(0, 12).Select(i => $"filter {i:00}"));

        await QueryHoldsAsync(Network[13], all with { Region = "US" }, Enumerable.Range(0, 6).Select(i => $"filter {i * 2 + 1:00}"));
        await QueryHoldsAsync(Network[13], all with { MinPlayers = 3, MaxPlayers = 4 }, ["filter 03", "filter 04"]);
        await QueryHoldsAsync(Network[13], all with { HasFreeSlots = false }, ["filter 11"]);
        await QueryHoldsAsync(Network[13], all with { Limit = 2 }, ["filter 00", "filter 01"]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await StreamNamesAsync(Network[13], all with { Limit = 5 }, default), Has.Count.EqualTo(5));
            // What is filtered out must not use up the limit.
            Assert.That(await StreamNamesAsync(Network[13], all with { Limit = 6, Region = "us" }, default), Has.Count.EqualTo(6));
        }
    }

    [Test]
    public async Task A_change_of_genre_moves_the_server()
    {
        ServerInfo server = Server("Mover", "move-from");
        ServerAnnouncement announcement = await AnnounceAsync(Network[5], server);
        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "move-from" }, ["Mover"]);

        await announcement.UpdateAsync(server with { Genre = "Move-To" });

        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "move-to" }, ["Mover"]);
        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "move-from" }, []);
        await Eventually.HoldsAsync(
            "the lookup sees the new genre",
            token => LookupFoundAsync(Network[10], "Mover", token),
            seen => seen.Server.Genre == "move-to");

        await announcement.UpdateAsync(server);

        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "move-from" }, ["Mover"]);
        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "move-to" }, []);
    }

    [Test]
    public async Task Rows_that_are_not_valid_are_never_listed()
    {
        RecordKey genre = DirectoryKeys.Genre("garbage");
        await Network[1].PutAsync(genre, new byte[] { 0xc1, 0xff }, new PutOptions { Label = "rubbish", KeepAlive = false });
        await Network[2].PutAsync(
            genre, ServerRowCodec.Encode(Server("Stray", "another-genre")), new PutOptions { Label = "stray", KeepAlive = false });
        await Network[3].PutAsync(
            DirectoryKeys.Name("impostor"),
            ServerRowCodec.Encode(Server("Somebody Else", "garbage")),
            new PutOptions { KeepAlive = false });
        await AnnounceAsync(Network[4], Server("Proper", "garbage"));

        await QueryHoldsAsync(Network[10], new ServerQuery { Genre = "garbage" }, ["Proper"]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                await StreamNamesAsync(Network[10], new ServerQuery { Genre = "garbage" }, default), Is.EqualTo(new[] { "Proper" }));
            Assert.That((await Directory(10).LookupAsync("impostor")).Status, Is.EqualTo(ServerLookupStatus.NotFound));
        }
    }

    [Test]
    public async Task A_client_looks_up_queries_and_announces()
    {
        await using LoopbackNetwork network = await LoopbackNetwork.StartAsync(
            8, seed: 3, configure: (i, options) => i == 7 ? options with { Mode = NodeMode.Client } : options);
        KademliaNode client = network[7];
        await using ServerAnnouncement served = await new ServerDirectory(network[2]).AnnounceAsync(Server("By Server", "client"));

        await using ServerAnnouncement announced = await new ServerDirectory(client).AnnounceAsync(Server("By Client", "client"));

        Assert.That(client.Mode, Is.EqualTo(NodeMode.Client));
        Assert.That(announced.LastResult.IsStored, Is.True);
        foreach (KademliaNode node in new[] { client, network[0], network[5] })
        {
            await LookupStatusHoldsAsync(node, "By Server", ServerLookupStatus.Found);
            await LookupStatusHoldsAsync(node, "By Client", ServerLookupStatus.Found);
            await QueryHoldsAsync(node, new ServerQuery { Genre = "client" }, ["By Client", "By Server"]);
        }
    }
}
