using System.Text.Json;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Tests.Persistence;

namespace Violence.Kademlia.Tests.Node;

/// <summary><c>put</c>, <c>get</c> and <c>records</c> against nodes in this process.</summary>
[TestFixture]
public sealed class RecordCommandsTests
{
    private TemporaryDirectory _directory = null!;
    private KademliaNode _node = null!;

    private string Network => $"commands-{TestContext.CurrentContext.Test.ID}";

    private KademliaOptions Options => KademliaOptions.LocalNetwork with { Network = Network, DataDirectory = _directory.Path };

    [SetUp]
    public async Task StartNode()
    {
        _directory = new TemporaryDirectory();
        _node = await KademliaNode.StartAsync(Options);
    }

    [TearDown]
    public async Task StopNode()
    {
        await _node.DisposeAsync();
        _directory.Dispose();
    }

    [Test]
    public async Task What_is_put_is_found_and_the_node_that_holds_it_lists_it_running_and_stopped()
    {
        var put = await AskAsync("put", "greeting", "Hello", "--label", "en", "--ttl", "600", "--json");
        var get = await AskAsync("get", "greeting", "--json");
        var running = await ListAsync();
        await _node.StopAsync();
        var stopped = await ListAsync();
        await _node.DisposeAsync();
        _node = await KademliaNode.StartAsync(Options);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((put.GetProperty("event").GetString(), put.GetProperty("acks").GetInt32()), Is.EqualTo(("put", 1)));
            Assert.That(put.GetProperty("key").GetString(), Is.EqualTo($"{RecordKey.FromText("text", "greeting")}"));
            JsonElement found = get.GetProperty("records").EnumerateArray().Single();
            Assert.That(found.GetProperty("text").GetString(), Is.EqualTo("Hello"));
            Assert.That(found.GetProperty("payload").GetBytesFromBase64(), Is.EqualTo("Hello"u8.ToArray()));
            Assert.That(found.GetProperty("label").GetString(), Is.EqualTo("en"));
            Assert.That(found.GetProperty("owner").GetString(), Is.EqualTo(put.GetProperty("owner").GetString()));
            foreach (JsonElement list in new[] { running, stopped })
            {
                JsonElement held = list.GetProperty("held").EnumerateArray().Single();
                Assert.That(held.GetProperty("sequence").GetUInt64(), Is.EqualTo(put.GetProperty("sequence").GetUInt64()));
                Assert.That(held.GetProperty("remaining").GetDouble(), Is.InRange(0, 600));
                Assert.That(list.GetProperty("owned").GetArrayLength(), Is.Zero);
            }

            Assert.That(_node.GetHeldRecords(), Has.Count.EqualTo(1), "looking has not changed anything");
        }
    }

    [Test]
    public async Task A_key_may_be_a_position_or_have_another_purpose_and_an_owner_be_asked_for()
    {
        RecordKey key = RecordKey.FromText("motd", "arena");
        await AskAsync("put", "arena", "by purpose", "--purpose", "motd", "--json");
        await AskAsync("put", $"{key}", "by position", "--json");

        var all = await AskAsync("get", $"{key}", "--json");
        string owner = all.GetProperty("records")[0].GetProperty("owner").GetString()!;
        var one = await AskAsync("get", "arena", "--purpose", "motd", "--owner", owner, "--json");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Texts(all), Is.EquivalentTo(["by purpose", "by position"]));
            Assert.That(Texts(one), Is.EqualTo(Texts(all).Take(1)));
        }
    }

    [Test]
    public async Task A_file_is_put_as_it_is_and_one_that_is_too_long_is_wrong_usage()
    {
        string file = _directory.File("content");
        await File.WriteAllBytesAsync(file, [0, 255, 27, 91]);
        string huge = _directory.File("huge");
        await File.WriteAllBytesAsync(huge, new byte[1_001]);

        await AskAsync("put", "bytes", "--file", file, "--json");
        var found = (await AskAsync("get", "bytes", "--json")).GetProperty("records")[0];
        var table = await RunAsync("get", "bytes");
        var refused = await RunAsync("put", "bytes", "--file", huge);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.GetProperty("payload").GetBytesFromBase64(), Is.EqualTo(new byte[] { 0, 255, 27, 91 }));
            Assert.That(found.GetProperty("text").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(table.Output, Does.Contain("4 bytes that are no text"));
            Assert.That((refused.ExitCode, refused.Error.Contains("1001 bytes", StringComparison.Ordinal)), Is.EqualTo((2, true)));
        }
    }

    [Test]
    public async Task Nothing_under_a_key_exits_with_3()
    {
        var run = await RunAsync("get", "nothing");

        Assert.That((run.ExitCode, run.Error.Contains("nothing under", StringComparison.Ordinal)), Is.EqualTo((3, true)));
    }

    [Test]
    public async Task A_directory_without_state_or_with_the_database_of_another_exits_with_1_and_is_named()
    {
        using var elsewhere = new TemporaryDirectory();
        var empty = await CommandLineRun.OfAsync("records", "--data-dir", elsewhere.Path);
        await File.WriteAllTextAsync(elsewhere.File("state.db"), string.Concat(Enumerable.Repeat("no database ", 1_000)));
        var foreign = await CommandLineRun.OfAsync("records", "--data-dir", elsewhere.Path);

        foreach (CommandLineRun run in new[] { empty, foreign })
        {
            Assert.That((run.ExitCode, run.Error.Contains(elsewhere.File("state.db"), StringComparison.Ordinal)), Is.EqualTo((1, true)), run.Error);
        }
    }

    [Test]
    public async Task A_record_that_is_kept_is_still_owned_in_the_directory_after_the_program_was_killed()
    {
        using var kept = new TemporaryDirectory();
        await using (ProgramProcess program = ProgramProcess.Start(Complete(["put", "kept", "text", "--keep", "--json", "--data-dir", kept.Path])))
        {
            using var put = JsonDocument.Parse(await program.ReadLineAsync());
            Assert.That(put.RootElement.GetProperty("stored").GetBoolean(), Is.True);
            await program.KillAsync();
        }

        var run = await CommandLineRun.OfAsync("records", "--json", "--data-dir", kept.Path);
        using var list = JsonDocument.Parse(run.Output);
        JsonElement owned = list.RootElement.GetProperty("owned").EnumerateArray().Single();
        var table = await CommandLineRun.OfAsync("records", "--data-dir", kept.Path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(owned.GetProperty("key").GetString(), Is.EqualTo($"{RecordKey.FromText("text", "kept")}"));
            Assert.That(owned.GetProperty("holders").EnumerateArray().Single().GetString(), Is.EqualTo($"{_node.LocalEndPoint}"));
            Assert.That(table.Output, Does.Contain("own").And.Contain(owned.GetProperty("fingerprint").GetString()));
        }
    }

    private static IEnumerable<string?> Texts(JsonElement get) =>
        get.GetProperty("records").EnumerateArray().Select(static record => record.GetProperty("text").GetString());

    private string[] Complete(string[] args) =>
        [.. args, "--network", Network, "--listen", "127.0.0.1:0", "--bootstrap", $"{_node.LocalEndPoint}", "--timeout", "20"];

    private Task<CommandLineRun> RunAsync(params string[] args) => CommandLineRun.OfAsync(Complete(args));

    private async Task<JsonElement> AskAsync(params string[] args)
    {
        CommandLineRun run = await RunAsync(args);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private async Task<JsonElement> ListAsync()
    {
        CommandLineRun run = await CommandLineRun.OfAsync("records", "--json", "--data-dir", _directory.Path);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }
}
