using System.CommandLine;
using System.Text.Json;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Benchmarks.Simulate;

/// <summary><c>simulate NAME</c>: plays one scenario in virtual time and tells what it measured.</summary>
internal static class SimulateCommand
{
    public const int WrongUsage = 2;

    public static Command Create()
    {
        var name = new Argument<string>("scenario") { Description = "The scenario's name, or 'list'." };
        var nodes = new Option<int?>("--nodes") { Description = "Nodes, 2 to 200,000: 1,000 unless the scenario says otherwise." };
        var seed = new Option<ulong>("--seed") { Description = "Decides everything.", DefaultValueFactory = static _ => 1 };
        var hours = new Option<double?>("--hours") { Description = "Virtual hours, where the scenario runs for a time: 1 unless the scenario says otherwise." };
        var median = new Option<double>("--median-minutes") { Description = "Median session.", DefaultValueFactory = static _ => 30 };
        var owners = new Option<string>("--owners") { Description = "up: owners stay; dead: they die at the start.", DefaultValueFactory = static _ => "up" };
        var share = new Option<double>("--share") { Description = "Share of nodes that an event hits, 0 to 1.", DefaultValueFactory = static _ => 0.5 };
        var records = new Option<int?>("--records") { Description = "Records put: 200 unless the scenario says otherwise." };
        var lookups = new Option<int?>("--lookups") { Description = "Lookups made: 1,000 unless the scenario says otherwise." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        owners.AcceptOnlyFromAmong("up", "dead");
        var command = new Command("simulate", "Plays a scenario in a simulated network; 'simulate list' explains them.")
        {
            name, nodes, seed, hours, median, owners, share, records, lookups, json,
            SweepCommand.Create(), GrowthCommand.Create(),
        };
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(name);
            if (wanted == "list")
            {
                List();
                return 0;
            }

            if (Scenario.All.FirstOrDefault(scenario => scenario.Name == wanted) is not { } found)
            {
                Console.Error.WriteLine($"'{wanted}' is not a scenario; 'simulate list' names them.");
                return WrongUsage;
            }

            var options = new ScenarioOptions
            {
                Nodes = parsed.GetValue(nodes) ?? found.Usual.Nodes,
                Seed = parsed.GetValue(seed),
                Hours = parsed.GetValue(hours),
                MedianMinutes = parsed.GetValue(median),
                OwnersUp = parsed.GetValue(owners) == "up",
                Share = parsed.GetValue(share),
                Records = parsed.GetValue(records) ?? found.Usual.Records,
                Lookups = parsed.GetValue(lookups) ?? found.Usual.Lookups,
            };
            if (options.Error is { } error)
            {
                Console.Error.WriteLine(error);
                return WrongUsage;
            }

            try
            {
                return Tell(new ScenarioRun(found, options).Play(), parsed.GetValue(json));
            }
            catch (SimulationException failed)
            {
                Console.Error.WriteLine(failed);
                return 1;
            }
        });
        return command;
    }

    private static void List()
    {
        foreach (Scenario scenario in Scenario.All)
        {
            Console.WriteLine($"{scenario.Name,-16} {scenario.Explanation}");
        }
    }

    private static int Tell(SimulationReport report, bool json)
    {
        string line = JsonSerializer.Serialize(report, ReportJson.Default.SimulationReport);
        if (json)
        {
            Console.WriteLine(line);
        }
        else
        {
            using JsonDocument document = JsonDocument.Parse(line);
            foreach (JsonProperty field in document.RootElement.EnumerateObject())
            {
                Console.WriteLine($"{field.Name,-24} {field.Value}");
            }
        }

        if (report.Failure is { } failure)
        {
            Console.Error.WriteLine(failure);
        }

        return report.Violations.Count == 0 ? 0 : 1;
    }
}
