using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Federation.Hub;
using Violence.Kademlia.Federation.Players;
using Violence.Kademlia.Node.Hub;
using Violence.Kademlia.Tests.Federation;

namespace Violence.Kademlia.Tests.Networks;

/// <summary>The hub's wire over real HTTP, in front of real nodes. Leases and budgets run on a clock moved by hand.</summary>
[NonParallelizable]
public sealed class HubNetworkTests
{
    private LoopbackNetwork? _network;
    private VirtualClock _clock = new();
    private HubServer? _hub;
    private HttpClient _http = new();

    private LoopbackNetwork Network => _network ?? throw new InvalidOperationException("The network did not start.");

    [SetUp]
    public async Task Start()
    {
        _network = await LoopbackNetwork.StartAsync(5, seed: 3);
        await ServeAsync(new HubSettings());
    }

    [TearDown]
    public async Task Stop()
    {
        _http.Dispose();
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
            _hub = null;
        }

        await Network.DisposeAsync();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_hundred_servers_announced_to_the_hub_are_the_same_in_the_dht(bool overWebSocket)
    {
        await ServeAsync(new HubSettings { RequestsPerMinute = 1_000 });
        ServerInfo[] servers = [.. Enumerable.Range(0, 100).Select(i => Server($"old-{i:D3}"))];
        using ClientWebSocket socket = new();
        if (overWebSocket)
        {
            await socket.ConnectAsync(new Uri($"ws://{_hub!.Address.Authority}/announce"), CancellationToken.None);
        }

        foreach (ServerInfo server in servers)
        {
            if (overWebSocket)
            {
                await SendAsync(socket, Body(server));
            }
            else
            {
                Assert.That(await PostAsync("announce", Body(server)), Is.EqualTo((200, """{"status":"registered"}""")));
            }
        }

        await Eventually.HoldsAsync(
            "the hub lists what it was told",
            _ => QueryAsync("""{"genre":"horror"}"""),
            rows => rows.SequenceEqual(servers),
            rows => $"{rows.Length} rows");
        await Eventually.HoldsAsync(
            "the DHT lists the same",
            token => new ServerDirectory(Network[3]).QueryAllAsync(new ServerQuery { Genre = "horror", Limit = 1_000 }, token),
            rows => rows.Select(row => row.Server).SequenceEqual(servers),
            rows => $"{rows.Count} rows");
    }

    [Test]
    public async Task A_hundred_servers_announced_to_the_dht_are_the_same_at_the_hub()
    {
        ServerInfo[] servers = [.. Enumerable.Range(0, 100).Select(i => Server($"new-{i:D3}", i % 2 == 0 ? "scifi" : "western"))];
        await Task.WhenAll(servers.Select(server => new ServerDirectory(Network[4]).AnnounceAsync(server)));

        await Eventually.HoldsAsync(
            "the hub lists the same, whatever the genre",
            _ => QueryFreshAsync("{}"),
            rows => rows.SequenceEqual(servers),
            rows => $"{rows.Length} rows");
        Assert.That(await QueryFreshAsync("""{"genre":"western"}"""), Is.EqualTo(servers.Where(server => server.Genre == "western")));
    }

    [Test]
    public async Task A_server_that_announces_itself_to_dht_and_hub_gets_no_rival_from_the_hub()
    {
        FederatedDirectoryOptions options = new() { Hubs = [new HubEndpoint { Address = _hub!.Address }], SoftDeadline = Eventually.Deadline };
        using FederatedDirectory directory = new(new ServerDirectory(Network[2]), options);
        await using FederatedAnnouncement announcement = await directory.AnnounceAsync(Server("Both"), ["p-1"]);

        await Eventually.HoldsAsync("the hub knows the player", async token =>
            (await directory.FindPlayerAsync("p-1", token)).Status == FederatedPlayerStatus.Online);
        FederatedLookupResult found = await directory.LookupAsync("both");
        using var list = JsonDocument.Parse(await _http.GetStringAsync("api/v1/servers?genre=horror"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(announcement.LastResult.IsStored, Is.True);
            Assert.That(found.Server!.SignedRow!.Owner, Is.EqualTo(Network[2].Id));
            Assert.That(found.Rivals, Is.Empty);
            Assert.That(list.RootElement.GetProperty("servers").EnumerateArray().Select(row => row.GetProperty("source").GetString()), Is.EqualTo(new[] { "both" }));
            Assert.That(directory.Hubs.Single().LastStatus, Is.EqualTo(HubStatus.Ok));
        }
    }

    [Test]
    public async Task A_server_that_is_silent_is_withdrawn_from_the_dht_and_a_change_is_passed_on()
    {
        await PostAsync("announce", Body(Server("Leaver")));
        await StatusHoldsAsync("Leaver", ServerLookupStatus.Found);
        await PostAsync("announce", Body(Server("Leaver") with { Players = 9 }));
        await Eventually.HoldsAsync(
            "the DHT knows of 9 players", token => new ServerDirectory(Network[3]).LookupAsync("Leaver", token), result => result.Server?.Server.Players == 9);

        _clock.Advance(TimeSpan.FromMinutes(15));

        await StatusHoldsAsync("Leaver", ServerLookupStatus.Withdrawn);
        Assert.That(await QueryAsync("""{"genre":"horror"}"""), Is.Empty);
    }

    [Test]
    public async Task What_an_earlier_run_announced_and_nobody_announces_any_more_is_withdrawn_after_a_lease()
    {
        byte[] row = ServerRowCodec.Encode(Server("Orphan"));
        await Network[0].PutAsync(DirectoryKeys.Name("orphan"), row, new PutOptions { Label = DirectoryKeys.NameLabel });
        await Network[0].PutAsync(DirectoryKeys.Genre("horror"), row, new PutOptions { Label = "orphan" });
        await StatusHoldsAsync("Orphan", ServerLookupStatus.Found);

        _clock.Advance(TimeSpan.FromMinutes(15));

        await StatusHoldsAsync("Orphan", ServerLookupStatus.Withdrawn);
    }

    [Test]
    public async Task A_server_announced_over_a_websocket_is_withdrawn_when_its_lease_ends()
    {
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri($"ws://{_hub!.Address.Authority}/announce"), CancellationToken.None);
        await SendAsync(socket, "not json");
        await SendAsync(socket, Body(Server("Embedded")));
        await StatusHoldsAsync("Embedded", ServerLookupStatus.Found);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        int before = (await QueryAsync("""{"genre":"horror"}""")).Length;
        _clock.Advance(TimeSpan.FromSeconds(30));

        await StatusHoldsAsync("Embedded", ServerLookupStatus.Withdrawn);
        Assert.That(before, Is.EqualTo(1));
    }

    [Test]
    public async Task A_websocket_message_that_is_too_long_or_one_too_many_closes_the_connection()
    {
        await ServeAsync(new HubSettings { RequestsPerMinute = 5 });
        using ClientWebSocket tooLong = new();
        await tooLong.ConnectAsync(new Uri($"ws://{_hub!.Address.Authority}/announce"), CancellationToken.None);
        await SendAsync(tooLong, new string('x', 16 * 1024 + 1));
        using ClientWebSocket tooMany = new();
        await tooMany.ConnectAsync(new Uri($"ws://{_hub.Address.Authority}/announce"), CancellationToken.None);
        for (int i = 0; i < 6; i++)
        {
            await SendAsync(tooMany, "{}");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await CloseStatusAsync(tooLong), Is.EqualTo(WebSocketCloseStatus.MessageTooBig));
            Assert.That(await CloseStatusAsync(tooMany), Is.EqualTo(WebSocketCloseStatus.PolicyViolation));
        }
    }

    [Test]
    public async Task The_token_is_wanted_for_announcements_alone()
    {
        await ServeAsync(new HubSettings { Token = "secret" });
        int without = (await PostAsync("announce", Body(Server("A")))).Status;
        using ClientWebSocket socket = new();

        await Assert.ThatAsync(
            () => socket.ConnectAsync(new Uri($"ws://{_hub!.Address.Authority}/announce"), CancellationToken.None), Throws.InstanceOf<WebSocketException>());
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secre");
        int wrong = (await PostAsync("announce", Body(Server("A")))).Status;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        int right = (await PostAsync("announce", Body(Server("A")))).Status;
        _http.DefaultRequestHeaders.Authorization = null;

        Assert.That((without, wrong, right, (await PostAsync("query", "{}")).Status), Is.EqualTo((401, 401, 200, 200)));
    }

    [Test]
    public async Task More_requests_than_the_budget_are_told_so_until_time_has_passed()
    {
        await ServeAsync(new HubSettings { RequestsPerMinute = 3 });
        List<int> statuses = [];
        for (int i = 0; i < 4; i++)
        {
            statuses.Add((int)(await _http.GetAsync("health")).StatusCode);
        }

        _clock.Advance(TimeSpan.FromSeconds(20));
        statuses.Add((int)(await _http.GetAsync("health")).StatusCode);

        Assert.That(statuses, Is.EqualTo(new[] { 200, 200, 200, 429, 200 }));
    }

    [TestCase("announce", "not json", 400, "\"field\":\"$\"")]
    [TestCase("announce", """{"name":"a","address":"h:1","genre":"g","players":"x"}""", 400, "\"field\":\"players\",\"value\":\"\\u0022x\\u0022\",\"rule\":\"must be a whole number\"")]
    [TestCase("query", "[]", 400, "must be an object")]
    [TestCase("query", """{"minPlayers":70000}""", 400, "minPlayers")]
    [TestCase("query", "", 200, "[]")]
    [TestCase("lookup", """{"playerID":""}""", 400, "playerID")]
    [TestCase("lookup", """{"playerID":"nobody"}""", 200, """{"online":false}""")]
    [TestCase("nowhere", "{}", 404, "error")]
    public async Task What_is_posted_is_answered_with_json_and_what_is_wrong(string path, string body, int status, string content)
    {
        var (seen, answer) = await PostAsync(path, body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Is.EqualTo(status));
            Assert.That(answer, Does.Contain(content));
        }
    }

    [Test]
    public async Task A_name_in_use_a_body_too_long_a_wrong_method_and_a_foreign_page_are_refused()
    {
        await PostAsync("announce", Body(Server("Arena")));
        var taken = await PostAsync("announce", Body(Server("ARENA") with { Address = "192.0.2.66:1" }));
        var tooLong = await PostAsync("announce", new string(' ', 16 * 1024) + Body(Server("Long")));
        using HttpResponseMessage method = await _http.GetAsync("announce");
        using HttpResponseMessage delete = await _http.DeleteAsync("health");
        _http.DefaultRequestHeaders.Add("Origin", "https://evil.test");
        var foreign = await PostAsync("announce", Body(Server("Evil")));
        _http.DefaultRequestHeaders.Remove("Origin");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken.Status, Is.EqualTo(400));
            Assert.That(taken.Body, Does.Contain("\"field\":\"name\"").And.Contain("taken"));
            Assert.That(tooLong.Status, Is.EqualTo(413));
            Assert.That((int)method.StatusCode, Is.EqualTo(405));
            Assert.That(method.Content.Headers.Allow, Is.EqualTo(new[] { "POST" }));
            Assert.That((int)delete.StatusCode, Is.EqualTo(405));
            Assert.That(foreign.Status, Is.EqualTo(403));
            Assert.That((await QueryAsync("{}")).Select(server => server.Address), Is.EqualTo(new[] { Server("Arena").Address }));
        }
    }

    [Test]
    public async Task Players_of_a_servers_announcement_are_found_in_the_dht_up_to_the_limit_and_those_of_the_dht_by_the_hub()
    {
        await ServeAsync(new HubSettings { MostPublishedPlayers = 3 });
        ServerDirectory dht = new(Network[3]);
        await using ServerAnnouncement elsewhere = await dht.AnnounceAsync(Server("Elsewhere") with { Address = "192.0.2.9:1" });
        await elsewhere.SetPlayersAsync(["p-9"]);
        await PostAsync("announce", """{"name":"One","address":"192.0.2.1:1","genre":"horror","playerList":["p-1","p-2"]}""");
        await PlayerHoldsAsync(dht, "p-2", "192.0.2.1:1");
        await PostAsync("announce", """{"name":"Two","address":"192.0.2.1:2","genre":"horror","playerList":["p-2","p-3"]}""");
        await PlayerHoldsAsync(dht, "p-2", "192.0.2.1:2");

        var here = await PostAsync("lookup", """{"playerID":"p-3"}""");
        var there = await PostAsync("lookup", """{"playerID":"p-9"}""");
        PlayerLookupResult beyond = await dht.FindPlayerAsync("p-3");
        await PostAsync("announce", """{"name":"One","address":"192.0.2.1:1","genre":"horror"}""");
        await PlayerHoldsAsync(dht, "p-1", null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(here.Body, Does.Contain("192.0.2.1:2"));
            Assert.That(there.Body, Is.EqualTo("""{"online":true,"serverAddress":"192.0.2.9:1","serverName":"Elsewhere"}"""));
            Assert.That(beyond.Status, Is.EqualTo(PlayerLookupStatus.NotFound));
            Assert.That((await dht.FindPlayerAsync("p-2")).Place?.ServerAddress, Is.EqualTo("192.0.2.1:2"));
        }
    }

    private static Task<string?> PlayerHoldsAsync(ServerDirectory dht, string player, string? address) => Eventually.HoldsAsync(
        $"{player} is at {address ?? "no server"}",
        async token => (await dht.FindPlayerAsync(player, token)).Place?.ServerAddress,
        seen => seen == address);

    [Test]
    public async Task Health_peers_players_and_the_list_with_filters_are_told()
    {
        await ServeAsync(new HubSettings { Peers = ["http://hub1.example.com:8080"] });
        await PostAsync("announce", """{"name":"Full","address":"192.0.2.1:1","genre":"horror","players":8,"maxPlayers":8,"playerList":["p-1"]}""");
        await PostAsync("announce", """{"name":"Free","address":"192.0.2.1:2","genre":"horror","players":3,"maxPlayers":8}""");
        using var health = JsonDocument.Parse(await _http.GetStringAsync("health"));
        using var free = JsonDocument.Parse(await _http.GetStringAsync("api/v1/servers?genre=horror&hasFreeSlots=true"));
        using HttpResponseMessage wrong = await _http.GetAsync("api/v1/servers?genre=horror&colour=red");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(health.RootElement.GetProperty("serverCount").GetInt32(), Is.EqualTo(2));
            Assert.That(await _http.GetStringAsync("peers"), Is.EqualTo("""{"peers":["http://hub1.example.com:8080"]}"""));
            Assert.That((await PostAsync("lookup", """{"playerID":"p-1"}""")).Body, Is.EqualTo("""{"online":true,"serverAddress":"192.0.2.1:1","serverName":"Full"}"""));
            Assert.That(free.RootElement.GetProperty("servers").EnumerateArray().Select(row => row.GetProperty("name").GetString()), Is.EqualTo(new[] { "Free" }));
            Assert.That((int)wrong.StatusCode, Is.EqualTo(400));
            Assert.That((await PostAsync("query", "{}")).Body, Does.Not.Contain("p-1"));
        }
    }

    private async Task ServeAsync(HubSettings settings)
    {
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
            _http.Dispose();
        }

        _clock = new VirtualClock();
        _hub = await HubServer.StartAsync(
            Network[0], settings with { Http = new IPEndPoint(IPAddress.Loopback, 0), Time = _clock }, NullLoggerFactory.Instance, CancellationToken.None);
        _http = new HttpClient { BaseAddress = _hub.Address };
    }

    private static ServerInfo Server(string name, string genre = "horror") =>
        new() { Name = name, Address = "203.0.113.7:27015", Genre = genre, Players = 3, MaxPlayers = 16 };

    private static string Body(ServerInfo server) => JsonSerializer.Serialize(new
    {
        name = server.Name,
        address = server.Address,
        genre = server.Genre,
        region = server.Region,
        players = server.Players,
        maxPlayers = server.MaxPlayers,
    });

    private async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(path, content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<ServerInfo[]> QueryAsync(string query)
    {
        var (status, body) = await PostAsync("query", query);
        Assert.That(status, Is.EqualTo(200), body);
        using var rows = JsonDocument.Parse(body);
        return
        [
            .. rows.RootElement.EnumerateArray().Select(row =>
                HubAnnouncement.TryParse(Encoding.UTF8.GetBytes(row.GetRawText()), out HubAnnouncement? read, out _) ? read.Server : throw new FormatException()),
        ];
    }

    /// <summary>Asks when what was answered before is forgotten and the budget is full again.</summary>
    private Task<ServerInfo[]> QueryFreshAsync(string query)
    {
        _clock.Advance(TimeSpan.FromSeconds(2));
        return QueryAsync(query);
    }

    private Task<ServerLookupStatus> StatusHoldsAsync(string name, ServerLookupStatus expected) => Eventually.HoldsAsync(
        $"the lookup of {name} ends as {expected}",
        async token => (await new ServerDirectory(Network[3]).LookupAsync(name, token)).Status,
        status => status == expected);

    private static Task SendAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private static async Task<WebSocketCloseStatus?> CloseStatusAsync(ClientWebSocket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Deadline);
        WebSocketReceiveResult received = await socket.ReceiveAsync(new byte[16], limit.Token);
        return received.CloseStatus;
    }
}
