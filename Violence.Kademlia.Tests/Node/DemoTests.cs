using System.Text.Json;

namespace Violence.Kademlia.Tests.Node;

[TestFixture]
public sealed class DemoTests
{
    [Test]
    public async Task The_demo_does_what_it_should_and_prints_one_object()
    {
        var run = await ProgramProcess.RunAsync("demo", "--nodes", "8", "--servers", "4", "--json", "--timeout", "50");

        Assert.That(run.ExitCode, Is.Zero, run.Error);
        using var json = JsonDocument.Parse(run.Output);
        var report = json.RootElement;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.GetProperty("ok").GetBoolean(), Is.True);
            Assert.That(report.GetProperty("nodes").GetInt32(), Is.EqualTo(8));
            Assert.That(report.GetProperty("servers").GetInt32(), Is.EqualTo(4));
            Assert.That(report.GetProperty("peers_min").GetInt32(), Is.GreaterThanOrEqualTo(3));
            Assert.That(report.GetProperty("announce_acks_min").GetInt32(), Is.GreaterThanOrEqualTo(3));
            Assert.That(report.GetProperty("lookups_found").GetInt32(), Is.EqualTo(4));
            Assert.That(report.GetProperty("queries_found").GetInt32(), Is.EqualTo(4));
            Assert.That(report.GetProperty("filtered_found").GetInt32(), Is.EqualTo(report.GetProperty("filtered_expected").GetInt32()).And.Positive);
            Assert.That(report.GetProperty("watch_events_heard").GetInt32(), Is.EqualTo(2));
            Assert.That(report.GetProperty("player_lookups_found").GetInt32(), Is.EqualTo(3));
            Assert.That(report.GetProperty("after_crash_lookups_found").GetInt32(), Is.EqualTo(4));
            Assert.That(report.GetProperty("stale_refused").GetBoolean(), Is.True);
            Assert.That(report.GetProperty("forged_refused").GetBoolean(), Is.True);
            Assert.That(report.GetProperty("withdrawn_gone").GetBoolean(), Is.True);
            Assert.That(report.GetProperty("reasons").GetArrayLength(), Is.Zero);
        }
    }

    [Test]
    public async Task A_demo_that_runs_out_of_time_fails_and_says_so()
    {
        // 200 nodes can't join, announce and find 200 servers within the least time there is.
        var run = await ProgramProcess.RunAsync("demo", "--nodes", "200", "--servers", "200", "--json", "--timeout", "0.1");

        using var json = JsonDocument.Parse(run.Output);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(json.RootElement.GetProperty("ok").GetBoolean(), Is.False);
            Assert.That(run.Error, Does.Contain("not done within 0.1 s"));
        }
    }

    [Test]
    public async Task Redirected_the_demo_prints_plain_lines_and_a_table()
    {
        var run = await ProgramProcess.RunAsync("demo", "--nodes", "5", "--servers", "2");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(run.Output, Does.Contain("p95 ms").And.Contain("withdrawal"));
            Assert.That(run.Output.Replace("\n", "", StringComparison.Ordinal).Any(char.IsControl), Is.False);
        }
    }
}
