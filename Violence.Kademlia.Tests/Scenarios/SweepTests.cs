using System.Globalization;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>Short runs with many seeds.</summary>
[TestFixture]
internal sealed class SweepTests
{
    /// <summary>How many seeds the sweep takes; more than the default in nightly runs.</summary>
    private const string SeedsVariable = "VIOLENCE_SWEEP_SEEDS";

    private const int SeedsUnlessTold = 200;

    [Test]
    public void A_sweep_over_seeds_repeats_every_trace_and_breaks_no_rule()
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable(SeedsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
            ? wanted
            : SeedsUnlessTold;
        var failures = new List<string>();

        SweepReport report = Sweep.Run(first: 1_000, seeds, failures.Add);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report, Is.EqualTo(new SweepReport(seeds, UnequalHashes: 0, Violations: 0, report.WallS)));
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
