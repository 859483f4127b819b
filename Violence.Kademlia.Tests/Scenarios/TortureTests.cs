using System.Text.Json;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>The benchmarks' <c>torture</c> in small: that nothing is lost and nobody crowded out, not how fast.</summary>
[TestFixture]
internal sealed class TortureTests
{
    [Test]
    public void Twenty_kills_of_a_process_at_random_moments_lose_nothing_that_it_had_acknowledged()
    {
        JsonElement report = Run("kill", "--rounds", "20");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(NamesOf(report), Is.EqualTo(["rounds", "acknowledged", "lost", "failed_starts"]));
            Assert.That(report.GetProperty("rounds").GetInt32(), Is.EqualTo(20));
            Assert.That(report.GetProperty("acknowledged").GetInt64(), Is.Positive);
            Assert.That(report.GetProperty("lost").GetInt64(), Is.Zero);
            Assert.That(report.GetProperty("failed_starts").GetInt32(), Is.Zero);
        }
    }

    [Test]
    public void A_flood_from_a_few_networks_neither_fills_the_memory_nor_crowds_out_the_others()
    {
        // Half as much again as the store may hold.
        JsonElement report = Run("flood", "--puts", "150000", "--owners", "2000");

        long honest = report.GetProperty("honest_puts").GetInt64();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                NamesOf(report).Take(7),
                Is.EqualTo(["puts", "accepted_attacker", "honest_puts", "honest_accepted", "store_bytes_max", "store_bytes_cap", "resident_growth_bytes"]));
            Assert.That(honest, Is.EqualTo(7_500));
            Assert.That(report.GetProperty("honest_accepted").GetInt64(), Is.GreaterThanOrEqualTo(0.99 * honest));
            Assert.That(report.GetProperty("honest_held").GetInt64(), Is.GreaterThanOrEqualTo(0.99 * honest));
            Assert.That(report.GetProperty("accepted_attacker").GetInt64(), Is.LessThan(150_000), "or the store was not full");
            Assert.That(report.GetProperty("store_bytes_max").GetInt64(), Is.LessThanOrEqualTo(report.GetProperty("store_bytes_cap").GetInt64()));
        }
    }

    [Test]
    public void A_holder_of_many_records_is_compared_with_one_that_holds_none()
    {
        JsonElement report = Run("holder", "--records", "500", "--requests", "1000");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.GetProperty("records").GetInt32(), Is.EqualTo(500));
            Assert.That(report.GetProperty("ratio").GetDouble(), Is.Positive);
        }
    }

    [TestCase("kill", "--rounds", "0", "--rounds is 0; allowed: 1 to 100,000.")]
    [TestCase("flood", "--puts", "10", "--puts is 10; allowed: 1,000 to 100,000,000.")]
    public void A_value_out_of_range_is_refused_with_what_is_allowed(string what, string option, string value, string refusal)
    {
        (int exitCode, string output, string error) = BenchmarksProgram.Run("torture", what, option, value);

        Assert.That((exitCode, output, error.TrimEnd()), Is.EqualTo((2, "", refusal)));
    }

    private static JsonElement Run(string what, params string[] args)
    {
        (int exitCode, string output, string error) = BenchmarksProgram.Run(["torture", what, .. args, "--json"]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        return JsonDocument.Parse(output).RootElement;
    }

    private static IEnumerable<string> NamesOf(JsonElement report) => report.EnumerateObject().Select(static field => field.Name);
}
