using System.CommandLine;
using System.Text.Json;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Benchmarks.Simulate;

/// <summary><c>simulate sweep</c>: many short runs with fresh seeds, each played twice.</summary>
internal static class SweepCommand
{
    public static Command Create()
    {
        var seeds = new Option<int>("--seeds") { Description = "How many seeds.", DefaultValueFactory = static _ => 1_000 };
        var first = new Option<ulong>("--seed") { Description = "The first of them.", DefaultValueFactory = static _ => 1 };
        var command = new Command("sweep", "Plays short scenarios with many seeds, each twice, and tells as JSON whether hashes differ or rules break.") { seeds, first };
        command.SetAction(parsed =>
        {
            int count = parsed.GetValue(seeds);
            if (count is < 1 or > 10_000_000)
            {
                Console.Error.WriteLine("allowed: --seeds 1 to 10,000,000.");
                return SimulateCommand.WrongUsage;
            }

            SweepReport report = Sweep.Run(parsed.GetValue(first), count, Console.Error.WriteLine);
            Console.WriteLine(JsonSerializer.Serialize(report, SweepJson.Default.SweepReport));
            return report is { UnequalHashes: 0, Violations: 0 } ? 0 : 1;
        });
        return command;
    }
}
