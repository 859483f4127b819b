using System.Diagnostics;
using System.Text.Json.Serialization;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Simulation.Scenarios;

/// <summary>Many short runs, each seed twice: what breaks once in a thousand networks, and whether every run repeats itself.</summary>
internal static class Sweep
{
    /// <summary>What a seed plays: two of three the mix, the others any scenario, in a network of one or two dozen nodes.</summary>
    public static (Scenario Scenario, ScenarioOptions Options) Plan(ulong seed)
    {
        EntropySource entropy = EntropySource.Seeded(seed);
        Scenario any = Scenario.All[entropy.NextInt32(Scenario.All.Count)];
        Scenario scenario = entropy.NextInt32(3) == 0 ? any : Scenario.All.Single(static candidate => candidate is MixScenario);
        return (scenario, new ScenarioOptions
        {
            Nodes = 12 + entropy.NextInt32(9),
            Seed = seed,
            Hours = 0.1,
            MedianMinutes = 2 + entropy.NextInt32(29),
            OwnersUp = entropy.NextInt32(4) > 0,
            Share = Math.Round(0.5 * entropy.NextDouble(), 2),
            Records = 3,
            Lookups = 10,
        });
    }

    /// <param name="first">The first seed; the others follow it.</param>
    /// <param name="seeds">How many.</param>
    /// <param name="failed">Hears of every run that broke a rule or did not repeat itself, with the command that plays it again.</param>
    public static SweepReport Run(ulong first, int seeds, Action<string> failed)
    {
        var watch = Stopwatch.StartNew();
        int unequal = 0;
        int violations = 0;
        for (int i = 0; i < seeds; i++)
        {
            (Scenario scenario, ScenarioOptions options) = Plan(first + (ulong)i);
            try
            {
                SimulationReport report = new ScenarioRun(scenario, options) { MeasuresMemory = false }.Play();
                SimulationReport again = new ScenarioRun(scenario, options) { MeasuresMemory = false }.Play();
                if (again.TraceHash != report.TraceHash)
                {
                    unequal++;
                    failed($"the trace of {options.Command(scenario.Name)} differs from run to run: {report.TraceHash}, {again.TraceHash}");
                }

                violations += report.Violations.Count;
                if (report.Failure is { } failure)
                {
                    failed(failure);
                }
            }
            catch (SimulationException thrown)
            {
                violations++;
                failed(thrown.ToString());
            }
        }

        return new SweepReport(seeds, unequal, violations, Math.Round(watch.Elapsed.TotalSeconds, 2));
    }
}

/// <summary>What a sweep found.</summary>
/// <param name="Seeds">Seeds played, each twice.</param>
/// <param name="UnequalHashes">Seeds whose two runs differed.</param>
/// <param name="Violations">Rules broken, and runs that threw.</param>
/// <param name="WallS">Seconds of real time it took.</param>
internal sealed record SweepReport(int Seeds, int UnequalHashes, int Violations, double WallS);

/// <summary>The report as one line of JSON, fields in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SweepReport))]
internal sealed partial class SweepJson : JsonSerializerContext;
