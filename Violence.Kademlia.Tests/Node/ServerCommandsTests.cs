using System.Text.Json;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Tests.Persistence;

namespace Violence.Kademlia.Tests.Node;

/// <summary><c>announce</c> with a file, <c>query</c> in an order and as a watch, <c>lookup</c> of a name that changed hands: against a node in this process.</summary>
[TestFixture]
public sealed class ServerCommandsTests
{
    private TemporaryDirectory _directory = null!;
    private KademliaNode _node = null!;

    private string Network => $"servers-{TestContext.CurrentContext.Test.ID}";

    [SetUp]
    public async Task StartNode()
    {
        _directory = new TemporaryDirectory();
        _node = await KademliaNode.StartAsync(KademliaOptions.LocalNetwork with { Network = Network });
    }

    [TearDown]
    public async Task StopNode()
    {
        await _node.DisposeAsync();
        _directory.Dispose();
    }

    [Test]
    public async Task A_server_file_is_followed_and_options_win()
    {
        string file = _directory.File("server.json");
        await File.WriteAllTextAsync(file, """{"name":"Arena","genre":"duel","address":"203.0.113.7:1","region":"eu","players":1,"max_players":8,"tags":["a"],"has_password":true}""");
        await using ProgramProcess program = ProgramProcess.Start(
            ["announce", "--server-file", file, "--region", "us", "--json", "--bootstrap", $"{_node.LocalEndPoint}", "--network", Network, "--listen", "127.0.0.1:0"]);
        await program.ReadLineAsync();

        await SaysAsync(server => server is { Region: "us", Players: 1, HasPassword: true } && server.Tags.SequenceEqual(["a"]));
        await File.WriteAllTextAsync(file, """{"name":"Arena","genre":"duel","address":"203.0.113.7:1","players":5,"max_players":8,"region":"eu"}""");
        await SaysAsync(server => server is { Region: "us", Players: 5, HasPassword: false });
    }

    [Test]
    public async Task A_watch_prints_a_line_for_who_is_there_and_for_every_change()
    {
        await using ServerAnnouncement arena = await AnnounceAsync("Arena");
        await using ProgramProcess watch = ProgramProcess.Start(["query", "--genre", "duel", "--watch", "--json", .. Common()]);

        using (JsonDocument joined = JsonDocument.Parse(await watch.ReadLineAsync()))
        {
            Assert.That(joined.RootElement.EnumerateObject().Select(field => field.Name), Is.EqualTo(["event", "reason", "server"]));
            Assert.That(joined.RootElement.GetProperty("event").GetString(), Is.EqualTo("joined"));
        }

        await arena.UpdateAsync(arena.Server with { Players = 3 });
        using JsonDocument changed = JsonDocument.Parse(await watch.ReadLineAsync());
        Assert.That(changed.RootElement.GetProperty("event").GetString(), Is.EqualTo("changed"));
        Assert.That(changed.RootElement.GetProperty("server").GetProperty("players").GetInt32(), Is.EqualTo(3));

        await arena.WithdrawAsync();
        using JsonDocument left = JsonDocument.Parse(await watch.ReadLineAsync());
        Assert.That(left.RootElement.GetProperty("event").GetString(), Is.EqualTo("left"));
        Assert.That(left.RootElement.GetProperty("reason").GetString(), Is.EqualTo("withdrawn"));
    }

    [Test]
    public async Task Ordered_by_ping_the_servers_round_trips_are_told()
    {
        await using KademliaNode server = await KademliaNode.StartAsync(KademliaOptions.LocalNetwork with { Network = Network, Bootstrap = [$"{_node.LocalEndPoint}"] });
        await using ServerAnnouncement near = await new ServerDirectory(server).AnnounceAsync(
            new ServerInfo { Name = "Near", Address = $"{server.LocalEndPoint.Address}:7777", Genre = "duel" });
        await using ServerAnnouncement elsewhere = await AnnounceAsync("Elsewhere");

        CommandLineRun run = await CommandLineRun.OfAsync(["query", "--genre", "duel", "--order", "ping", "--json", .. Common()]);
        CommandLineRun text = await CommandLineRun.OfAsync(["query", "--genre", "duel", "--order", "ping", .. Common()]);

        using JsonDocument json = JsonDocument.Parse(run.Output);
        JsonElement[] rows = [.. json.RootElement.EnumerateArray()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.Select(row => row.GetProperty("name").GetString()), Is.EqualTo(["Near", "Elsewhere"]));
            Assert.That(rows.Select(row => row.GetProperty("ping_ms").ValueKind), Is.EqualTo([JsonValueKind.Number, JsonValueKind.Null]));
            Assert.That(text.Output, Does.Contain(" ms").And.Contain("?"));
        }
    }

    [Test]
    public async Task A_name_that_another_owner_holds_is_told_with_its_owner_and_exit_code_3()
    {
        await using ServerAnnouncement arena = await AnnounceAsync("Arena");

        CommandLineRun run = await CommandLineRun.OfAsync(["lookup", "arena#aaaa-aaaa-aaaa", "--json", .. Common()]);

        using JsonDocument json = JsonDocument.Parse(run.Output);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(3));
            Assert.That(json.RootElement.GetProperty("status").GetString(), Is.EqualTo("owner_changed"));
            Assert.That(run.Error, Does.Contain($"Arena#{_node.Fingerprint}"));
        }
    }

    private async Task<ServerAnnouncement> AnnounceAsync(string name) =>
        await new ServerDirectory(_node).AnnounceAsync(new ServerInfo { Name = name, Address = "203.0.113.7:1", Genre = "duel" });

    private Task<ServerInfo?> SaysAsync(Func<ServerInfo, bool> holds) => Eventually.HoldsAsync(
        "the server says what its file says",
        async token => (await new ServerDirectory(_node).LookupAsync("Arena", token)).Server?.Server,
        server => server is not null && holds(server));

    private string[] Common() => ["--bootstrap", $"{_node.LocalEndPoint}", "--network", Network, "--timeout", "60"];
}
