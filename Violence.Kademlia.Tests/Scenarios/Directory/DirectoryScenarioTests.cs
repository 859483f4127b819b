using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Tests.Scenarios.Directory;

/// <summary>The scenarios of the server directory in small, with a fixed seed.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DirectoryScenarioTests
{
    [Test]
    public void Servers_announced_at_the_same_moment_are_all_listed_and_so_are_the_rest()
    {
        SimulationReport report = Play("genre", new() { Nodes = 80, Seed = 3, Records = 60, Lookups = 20 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Servers, Is.EqualTo(60));
            Assert.That(report.ConcurrentFoundShare, Is.EqualTo(1));
            Assert.That(report.RowsFoundShare, Is.GreaterThan(0.99), report.Again);
            Assert.That(report.First50MsP50, Is.GreaterThan(0).And.LessThan(report.AllMsP99 ?? 0), report.Again);
            Assert.That(report.HolderRecordsMaxOverMean, Is.GreaterThanOrEqualTo(1), report.Again);
        }
    }

    [Test]
    public void A_player_who_hops_is_found_on_the_newest_server_within_three_seconds()
    {
        SimulationReport report = Play("players", new() { Nodes = 60, Seed = 3, Records = 5, Hours = 0.15 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Finds, Is.GreaterThan(30), report.Again);
            Assert.That(report.FoundNewestShare, Is.EqualTo(1), report.Again);
            Assert.That(report.FirstFindNewestShare, Is.GreaterThan(0.9), report.Again);
        }
    }

    [Test]
    public void Under_churn_lists_have_the_servers_that_live_and_show_few_of_the_others_as_live()
    {
        SimulationReport report = Play("directory", new() { Nodes = 40, Seed = 3, Records = 80, Hours = 0.25, MedianMinutes = 15 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.RecallMean, Is.GreaterThanOrEqualTo(0.99), report.Again);
            Assert.That(report.LiveButDeadShare, Is.LessThanOrEqualTo(0.01), report.Again);
            Assert.That(report.DeadRowsShare, Is.GreaterThan(0.05), "servers did die");
            Assert.That(report.AnnounceBytesPerServerS / report.AnnounceDatagramsPerServerS, Is.InRange(40, 1_200), "bytes of a datagram");
        }
    }

    [Test]
    public void Those_who_watch_a_genre_hear_of_nearly_every_change_within_a_second_and_of_all_within_a_lease()
    {
        SimulationReport report = Play("watch", new() { Nodes = 60, Seed = 3, Records = 15, Hours = 0.04 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Failure, Is.Null);
            Assert.That(report.Changes, Is.EqualTo(36));
            Assert.That(report.HeardIn1sShare, Is.GreaterThan(0.7), report.Again);
            Assert.That(report.HeardInLeaseShare, Is.GreaterThan(0.99), report.Again);
            Assert.That(report.DatagramsPerChange, Is.GreaterThan(0), report.Again);
        }
    }

    [Test]
    public void The_directory_plays_the_same_in_another_process_which_gives_no_work_to_the_thread_pool()
    {
        ScenarioOptions options = new() { Nodes = 20, Seed = 5, Records = 4, Lookups = 10, Hours = 0.05 };
        using (Assert.EnterMultipleScope())
        {
            foreach (string scenario in new[] { "players", "directory", "genre", "watch" })
            {
                string here = Play(scenario, options).TraceHash;
                string there = BenchmarksProgram.Run(
                    "simulate", scenario, "--nodes", "20", "--records", "4", "--lookups", "10", "--hours", "0.05", "--seed", "5", "--json").Output;
                Assert.That(there, Does.Contain($"\"trace_hash\":\"{here}\""));
                Assert.That(there, Does.Contain("\"thread_pool_items\":0,"));
            }
        }
    }

    private static SimulationReport Play(string name, ScenarioOptions options) =>
        new ScenarioRun(Scenario.All.Single(scenario => scenario.Name == name), options) { MeasuresMemory = false }.Play();
}
