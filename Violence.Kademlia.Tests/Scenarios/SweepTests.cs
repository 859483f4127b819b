using System.Globalization;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>Short runs with many seeds. Nothing in a run knows of the time or of other runs, so they may run side by side.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SweepTests
{
    /// <summary>How many seeds the sweep takes; more than the default in nightly runs.</summary>
    private const string SeedsVariable = "VIOLENCE_SWEEP_SEEDS";

    private const int SeedsUnlessTold = 200;

    private const int Parts = 4;

    [Test]
    public void A_sweep_over_seeds_repeats_every_trace_and_breaks_no_rule([Range(0, Parts - 1)] int part)
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable(SeedsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
            ? wanted
            : SeedsUnlessTold;
        var failures = new List<string>();

        int begin = seeds * part / Parts;
        int end = seeds * (part + 1) / Parts;

        SweepReport report = Sweep.Run(first: 1_000 + (ulong)begin, end - begin, failures.Add);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report, Is.EqualTo(new SweepReport(end - begin, UnequalHashes: 0, Violations: 0, report.WallS)));
            Assert.That(failures, Is.Empty);
        }
    }

    [Test]
    public void Seeds_play_different_stories_and_one_seed_always_the_same()
    {
        (Scenario Scenario, ScenarioOptions Options)[] plans = [.. Enumerable.Range(0, 300).Select(seed => Sweep.Plan((ulong)seed))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(plans.Select(plan => plan.Scenario).Distinct(), Is.EquivalentTo(Scenario.All));
            Assert.That(plans.Select(plan => plan.Options.Error), Is.All.Null);
            Assert.That(Sweep.Plan(17), Is.EqualTo(plans[17]));
        }
    }
}
