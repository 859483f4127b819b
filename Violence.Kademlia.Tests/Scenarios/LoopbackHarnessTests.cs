using System.Text.Json;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>The benchmarks' <c>loopback</c> command in small: that it measures everything and that everything is found, not how fast.</summary>
[TestFixture]
internal sealed class LoopbackHarnessTests
{
    private static readonly string[] Fields =
    [
        "metric", "nodes", "ok", "total", "p50", "p95", "p99", "max", "mean", "cpu_ms_per_op", "datagrams_per_op", "ops_per_s",
    ];

    private static readonly string[] FieldsOfTheNetwork =
        ["all_know_8_ms", "rss_kb_per_node", "rss_cold_kb_per_node", "heap_kb_per_node", "allocated_kb_per_node"];

    [Test]
    public void Eight_nodes_give_every_metric_with_all_of_its_fields_and_find_everything()
    {
        (int exitCode, string output, string error) = BenchmarksProgram.Run(
            "loopback", "--nodes", "8", "--puts", "5", "--gets", "10", "--fresh", "3", "--settle", "0");

        JsonElement[] lines =
            [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That((exitCode, error), Is.EqualTo((0, "")));
            Assert.That(
                lines.Select(static line => (line.GetProperty("metric").GetString(), line.GetProperty("total").GetInt32())),
                Is.EqualTo(new[]
                {
                    ("network", 8), ("idle_5s", 8), ("put", 5), ("get_first", 10), ("get_complete", 10), ("get_32_in_flight", 2_000),
                    ("get_absent", 10), ("query_50_servers", 10), ("stream_50_servers", 10), ("join_know_3", 3), ("fresh_node_first_get", 3), ("get_after_25pct_vanish", 40),
                }));
            Assert.That(
                lines.Select(static line => line.GetProperty("ok").GetInt32()),
                Is.EqualTo(lines.Select(static line => line.GetProperty("total").GetInt32())));
            Assert.That(NamesOf(lines[0]), Is.EqualTo(Fields.Concat(FieldsOfTheNetwork)));
            Assert.That(lines[1..].Select(NamesOf), Is.All.EqualTo(Fields));
            Assert.That(lines[^1].GetProperty("nodes").GetInt32(), Is.EqualTo(6));
        }
    }

    [TestCase("--nodes", "1", "--nodes is 1; allowed: 2 to 2,000.")]
    [TestCase("--value-size", "2000", "--value-size is 2000; allowed: 0 to 846.")]
    public void A_value_out_of_range_is_refused_with_what_is_allowed(string option, string value, string refusal)
    {
        (int exitCode, string output, string error) = BenchmarksProgram.Run("loopback", option, value);

        Assert.That((exitCode, output, error.TrimEnd()), Is.EqualTo((2, "", refusal)));
    }

    private static IEnumerable<string> NamesOf(JsonElement line) => line.EnumerateObject().Select(static field => field.Name);
}
