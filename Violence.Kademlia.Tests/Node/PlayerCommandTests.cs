using System.Text.Json;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Tests.Networks;
using Violence.Kademlia.Tests.Persistence;

namespace Violence.Kademlia.Tests.Node;

/// <summary><c>player</c>, and the players of <c>announce</c>, against nodes in this process.</summary>
[TestFixture]
public sealed class PlayerCommandTests
{
    private TemporaryDirectory _directory = null!;
    private KademliaNode _node = null!;

    private string Network => $"players-{TestContext.CurrentContext.Test.ID}";

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
    public async Task Players_of_the_command_line_and_of_a_file_are_found_and_those_taken_from_the_file_are_not()
    {
        string file = _directory.File("players");
        await File.WriteAllTextAsync(file, "bob\n\ncid\r\n");
        await using ProgramProcess program = ProgramProcess.Start(
            ["announce", "--name", "Arena", "--address", "203.0.113.7:1", "--genre", "arena", "--player", "ann", "--players-file", file, "--json", .. Common()]);
        await program.ReadLineAsync();
        ServerDirectory directory = new(_node);
        await HoldsAsync(directory, "cid", "Arena");
        await HoldsAsync(directory, "ann", "Arena");

        JsonElement found = JsonDocument.Parse((await AskAsync("ann", "--json")).Output).RootElement;
        CommandLineRun text = await AskAsync("bob");
        await File.WriteAllTextAsync(file, "bob\n");
        await HoldsAsync(directory, "cid", null);
        await HoldsAsync(directory, "bob", "Arena");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.GetProperty("status").GetString(), Is.EqualTo("found"));
            Assert.That(found.GetProperty("place").GetProperty("server_address").GetString(), Is.EqualTo("203.0.113.7:1"));
            Assert.That(found.EnumerateObject().Select(field => field.Name), Is.EqualTo(["status", "place", "others", "elapsed_ms", "requests", "hops"]));
            Assert.That(
                found.GetProperty("place").EnumerateObject().Select(field => field.Name),
                Is.EqualTo(["server_name", "server_address", "owner", "fingerprint", "since", "holders"]));
            Assert.That((text.ExitCode, text.Output.Contains("203.0.113.7:1", StringComparison.Ordinal)), Is.EqualTo((0, true)));
        }
    }

    [Test]
    public async Task A_player_is_found_with_the_secret_of_the_file_only()
    {
        string file = _directory.File("secret");
        await File.WriteAllTextAsync(file, "hush\n");
        await using KademliaNode server = await KademliaNode.StartAsync(
            KademliaOptions.LocalNetwork with { Network = Network, Bootstrap = [$"{_node.LocalEndPoint}"] });
        await using ServerAnnouncement arena = await new ServerDirectory(server, new ServerDirectoryOptions { PlayerSecret = "hush" })
            .AnnounceAsync(new ServerInfo { Name = "Arena", Address = "203.0.113.7:1", Genre = "arena" });
        await arena.SetPlayersAsync(["ann"]);

        CommandLineRun with = await AskAsync("ann", "--player-secret-file", file);
        CommandLineRun without = await AskAsync("ann");

        Assert.That((with.ExitCode, without.ExitCode), Is.EqualTo((0, 3)), with.Error);
        Assert.That(without.Error, Does.Contain("no server says that 'ann' is on it"));
    }

    [Test]
    public async Task A_wrong_id_or_file_is_refused()
    {
        string file = _directory.File("players");
        await File.WriteAllTextAsync(file, new string('x', 65));

        CommandLineRun id = await AskAsync(new string('x', 65));
        CommandLineRun missing = await AskAsync("ann", "--player-secret-file", _directory.File("missing"));
        CommandLineRun list = await CommandLineRun.OfAsync(
            ["announce", "--name", "Arena", "--address", "203.0.113.7:1", "--genre", "arena", "--players-file", file, .. Common()]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((id.ExitCode, id.Error.Contains("1 to 64 printable ASCII", StringComparison.Ordinal)), Is.EqualTo((2, true)), id.Error);
            Assert.That((missing.ExitCode, missing.Error.Contains("missing", StringComparison.Ordinal)), Is.EqualTo((1, true)), missing.Error);
            Assert.That((list.ExitCode, list.Error.Contains("--players-file", StringComparison.Ordinal)), Is.EqualTo((2, true)), list.Error);
        }
    }

    private string[] Common() => ["--network", Network, "--listen", "127.0.0.1:0", "--bootstrap", $"{_node.LocalEndPoint}"];

    private Task<CommandLineRun> AskAsync(params string[] args) => CommandLineRun.OfAsync(["player", .. args, "--timeout", "20", .. Common()]);

    private static Task<string?> HoldsAsync(ServerDirectory directory, string player, string? server) => Eventually.HoldsAsync(
        $"{player} is on {server ?? "no server"}",
        async token => (await directory.FindPlayerAsync(player, token)).Place?.ServerName,
        seen => seen == server);
}
