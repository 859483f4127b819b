using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Players;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>Players found over real nodes.</summary>
[NonParallelizable]
public sealed class PlayerNetworkTests
{
    private LoopbackNetwork? _network;

    private LoopbackNetwork Network => _network ?? throw new InvalidOperationException("The network did not start.");

    [SetUp]
    public async Task Start() => _network = await LoopbackNetwork.StartAsync(8, seed: 5, LoopbackAddresses.Own);

    [TearDown]
    public async Task Stop()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    [Test]
    public async Task A_player_is_found_with_the_secret_and_by_nobody_without_it()
    {
        ServerDirectoryOptions secret = new() { PlayerSecret = "of the community" };
        await using ServerAnnouncement arena = await AnnounceAsync(0, "Arena", secret);

        PlayersResult told = await arena.SetPlayersAsync(["ann", "bob"]);

        PlayerLookupResult found = await new ServerDirectory(Network[6], secret).FindPlayerAsync("ann");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(told, Is.EqualTo(new PlayersResult(2, 0)));
            Assert.That(found.Status, Is.EqualTo(PlayerLookupStatus.Found));
            Assert.That((found.Place?.ServerName, found.Place?.ServerAddress, found.Place?.Owner), Is.EqualTo(("Arena", "203.0.113.7:27015", Network[0].Id)));
            Assert.That((await new ServerDirectory(Network[6], secret).FindPlayerAsync("cid")).Status, Is.EqualTo(PlayerLookupStatus.NotFound));
            Assert.That((await new ServerDirectory(Network[6]).FindPlayerAsync("ann")).Status, Is.EqualTo(PlayerLookupStatus.NotFound));
        }
    }

    [Test]
    public async Task A_player_who_moves_is_on_the_newer_server_at_once_and_stays_there_when_the_old_one_says_goodbye()
    {
        await using ServerAnnouncement first = await AnnounceAsync(0, "First");
        await using ServerAnnouncement second = await AnnounceAsync(1, "Second");
        await first.SetPlayersAsync(["ann"]);
        await second.SetPlayersAsync(["ann"]);
        await FoundOnAsync("ann", "Second");

        await first.SetPlayersAsync([]);
        await FoundOnAsync("ann", "Second");
        await first.DisposeAsync();
        await FoundOnAsync("ann", "Second");

        await second.SetPlayersAsync([]);
        await NotFoundAsync("ann");
    }

    [Test]
    public async Task Who_was_on_a_server_that_crashed_is_gone_after_the_lease_and_who_is_on_one_that_lives_is_not()
    {
        ServerDirectoryOptions shortLease = new() { PlayerLease = TimeSpan.FromSeconds(5) };
        ServerAnnouncement crashing = await AnnounceAsync(0, "Crashing", shortLease);
        await using ServerAnnouncement living = await AnnounceAsync(1, "Living", shortLease);
        await crashing.SetPlayersAsync(["ann"]);
        await living.SetPlayersAsync(["bob"]);
        await FoundOnAsync("ann", "Crashing");

        await Network[0].StopAsync(sayGoodbye: false);

        await NotFoundAsync("ann");
        await FoundOnAsync("bob", "Living");
        await crashing.DisposeAsync();
    }

    [Test]
    public async Task A_withdrawn_server_takes_its_players_back_and_a_new_address_takes_them_along()
    {
        ServerAnnouncement arena = await AnnounceAsync(0, "Arena");
        await arena.SetPlayersAsync(["ann"]);
        await arena.UpdateAsync(arena.Server with { Address = "203.0.113.8:1" });
        await Eventually.HoldsAsync(
            "ann is at the new address",
            async token => (await new ServerDirectory(Network[6]).FindPlayerAsync("ann", token)).Place?.ServerAddress,
            address => address == "203.0.113.8:1");

        await arena.WithdrawAsync();

        await NotFoundAsync("ann");
        Assert.That(async () => await arena.SetPlayersAsync(["ann"]), Throws.InvalidOperationException);
    }

    [Test]
    public async Task A_node_that_publishes_no_players_puts_nothing()
    {
        await using ServerAnnouncement arena = await AnnounceAsync(0, "Arena", new ServerDirectoryOptions { PublishPlayers = false });

        PlayersResult told = await arena.SetPlayersAsync(["ann"]);

        Assert.That(told, Is.EqualTo(new PlayersResult(0, 0)));
        Assert.That((await new ServerDirectory(Network[6]).FindPlayerAsync("ann")).Status, Is.EqualTo(PlayerLookupStatus.NotFound));
        Assert.That(async () => await arena.SetPlayersAsync([""]), Throws.ArgumentException);
    }

    private Task<ServerAnnouncement> AnnounceAsync(int node, string name, ServerDirectoryOptions? options = null) =>
        new ServerDirectory(Network[node], options ?? new ServerDirectoryOptions())
            .AnnounceAsync(new ServerInfo { Name = name, Address = "203.0.113.7:27015", Genre = "arena" });

    private Task<string> FoundOnAsync(string player, string server) => Eventually.HoldsAsync(
        $"{player} is on {server}",
        async token => (await new ServerDirectory(Network[6]).FindPlayerAsync(player, token)).Place?.ServerName ?? "no server",
        found => found == server);

    private Task<PlayerLookupStatus> NotFoundAsync(string player) => Eventually.HoldsAsync(
        $"{player} is nowhere",
        async token => (await new ServerDirectory(Network[6]).FindPlayerAsync(player, token)).Status,
        status => status == PlayerLookupStatus.NotFound);
}
