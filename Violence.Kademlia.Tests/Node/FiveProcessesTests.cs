using System.Text.Json;

namespace Violence.Kademlia.Tests.Node;

/// <summary>The program as people use it: separate processes on one host, which know nothing but an address to start from.</summary>
[TestFixture]
public sealed class FiveProcessesTests
{
    private const string Anywhere = "127.0.0.1:0";
    private const string ServerName = "Five Processes";
    private const string ServerAddress = "203.0.113.7:27015";

    private readonly List<ProgramProcess> _started = [];

    [TearDown]
    public async Task KillAll()
    {
        foreach (var process in _started)
        {
            await process.DisposeAsync();
        }

        _started.Clear();
    }

    [Test]
    public async Task They_find_each_other_survive_a_crash_and_forget_a_withdrawn_server()
    {
        var (first, firstAddress) = await RunNodeAsync();
        var (second, secondAddress) = await RunNodeAsync(firstAddress);
        var (third, thirdAddress) = await RunNodeAsync(firstAddress);
        var announcer = await AnnounceAsync(secondAddress);

        await AssertListedAsync(thirdAddress);

        // The announcer's only bootstrap node vanishes; nobody is told.
        await second.KillAsync();
        await AssertListedAsync(thirdAddress);
        await AssertFoundAsync(thirdAddress);
        await AssertFoundAsync(firstAddress);

        if (OperatingSystem.IsWindows())
        {
            // There is no SIGTERM to send to another process.
            return;
        }

        await announcer.TerminateAsync();
        var end = await announcer.EndAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(end.ExitCode, Is.Zero, end.Error);
            Assert.That(end.Output, Does.Contain("withdrawn"));
        }

        await AssertGoneAsync(thirdAddress);
        await AssertGoneAsync(firstAddress);
        await AssertEndsWellAsync(third);
        await AssertEndsWellAsync(first);
    }

    [Test]
    public async Task A_node_that_listens_on_a_port_in_use_ends_with_1()
    {
        var (_, address) = await RunNodeAsync();

        var run = await ProgramProcess.RunAsync("run", "--listen", address);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Error, Does.Contain(address).And.Contain("in use"));
        }
    }

    private async Task<(ProgramProcess Node, string Address)> RunNodeAsync(params string[] seeds)
    {
        var node = Start(["run", "--json", "--listen", Anywhere, .. seeds.SelectMany(seed => new[] { "--bootstrap", seed })]);
        using var ready = JsonDocument.Parse(await node.ReadLineAsync());
        Assert.That(ready.RootElement.GetProperty("event").GetString(), Is.EqualTo("ready"));
        return (node, ready.RootElement.GetProperty("address").GetString()!);
    }

    private async Task<ProgramProcess> AnnounceAsync(string seed)
    {
        var announcer = Start(
            "announce", "--json", "--listen", Anywhere, "--bootstrap", seed, "--name", ServerName, "--address", ServerAddress,
            "--genre", "duel", "--region", "eu-west", "--players", "3", "--max-players", "16", "--tag", "ranked");
        using var announced = JsonDocument.Parse(await announcer.ReadLineAsync());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(announced.RootElement.GetProperty("event").GetString(), Is.EqualTo("announced"));
            Assert.That(announced.RootElement.GetProperty("acks").GetInt32(), Is.GreaterThanOrEqualTo(1));
        }

        return announcer;
    }

    private ProgramProcess Start(params string[] args)
    {
        var process = ProgramProcess.Start(args);
        _started.Add(process);
        return process;
    }

    private static Task<CommandLineRun> LookupAsync(string seed) =>
        ProgramProcess.RunAsync("lookup", ServerName, "--json", "--listen", Anywhere, "--bootstrap", seed, "--timeout", "20");

    private static async Task AssertListedAsync(string seed)
    {
        var query = await ProgramProcess.RunAsync(
            "query", "--genre", "duel", "--region", "eu-west", "--json", "--listen", Anywhere, "--bootstrap", seed, "--timeout", "20");
        Assert.That(query.ExitCode, Is.Zero, query.Error);
        using var rows = JsonDocument.Parse(query.Output);
        Assert.That(rows.RootElement.GetArrayLength(), Is.EqualTo(1));
        AssertServer(rows.RootElement[0]);
    }

    private static async Task AssertFoundAsync(string seed)
    {
        var lookup = await LookupAsync(seed);
        Assert.That(lookup.ExitCode, Is.Zero, lookup.Error);
        using var found = JsonDocument.Parse(lookup.Output);
        Assert.That(found.RootElement.GetProperty("status").GetString(), Is.EqualTo("found"));
        AssertServer(found.RootElement.GetProperty("server"));
    }

    private static async Task AssertGoneAsync(string seed)
    {
        var lookup = await LookupAsync(seed);
        Assert.That(lookup.ExitCode, Is.EqualTo(3), lookup.Error);
    }

    private static async Task AssertEndsWellAsync(ProgramProcess node)
    {
        await node.TerminateAsync();
        var end = await node.EndAsync();
        Assert.That(end.ExitCode, Is.Zero, end.Error);
    }

    private static void AssertServer(JsonElement server)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.GetProperty("name").GetString(), Is.EqualTo(ServerName));
            Assert.That(server.GetProperty("address").GetString(), Is.EqualTo(ServerAddress));
            Assert.That(server.GetProperty("players").GetInt32(), Is.EqualTo(3));
            Assert.That(server.GetProperty("max_players").GetInt32(), Is.EqualTo(16));
        }
    }
}
