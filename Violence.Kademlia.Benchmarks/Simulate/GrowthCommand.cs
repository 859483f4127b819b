using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Violence.Kademlia.Simulation.Scenarios;

namespace Violence.Kademlia.Benchmarks.Simulate;

/// <summary><c>simulate growth</c>: what a lookup costs in networks of several sizes, as a table and a picture.</summary>
internal static class GrowthCommand
{
    public static Command Create()
    {
        var sizes = new Option<string>("--sizes") { Description = "Nodes, by commas.", DefaultValueFactory = static _ => "100,1000,10000" };
        var seed = new Option<ulong>("--seed") { Description = "Decides everything.", DefaultValueFactory = static _ => 1 };
        var records = new Option<int>("--records") { Description = "Records put.", DefaultValueFactory = static _ => 200 };
        var lookups = new Option<int>("--lookups") { Description = "Lookups made in each network.", DefaultValueFactory = static _ => 1_000 };
        var plot = new Option<FileInfo?>("--plot") { Description = "Draws hops and datagrams over the size into this PNG." };
        var json = new Option<bool>("--json") { Description = "One line of JSON a size, as of a scenario." };
        var command = new Command("growth", "Tells hops and datagrams of a lookup in networks of several sizes.") { sizes, seed, records, lookups, plot, json };
        command.SetAction(parsed =>
        {
            var options = new List<ScenarioOptions>();
            foreach (string size in parsed.GetValue(sizes)!.Split(',', StringSplitOptions.TrimEntries))
            {
                options.Add(new ScenarioOptions
                {
                    Nodes = int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out int nodes) ? nodes : 0,
                    Seed = parsed.GetValue(seed),
                    Records = parsed.GetValue(records),
                    Lookups = parsed.GetValue(lookups),
                });
            }

            if (options.Find(static each => each.Error is not null) is { } wrong)
            {
                Console.Error.WriteLine(wrong.Error);
                return SimulateCommand.WrongUsage;
            }

            return Run(options, parsed.GetValue(json), parsed.GetValue(plot));
        });
        return command;
    }

    private static int Run(List<ScenarioOptions> sizes, bool json, FileInfo? picture)
    {
        var reports = new List<SimulationReport>();
        if (!json)
        {
            Console.WriteLine("| nodes | found | hops | datagrams per lookup | p50 ms | p99 ms | wall s |");
            Console.WriteLine("|---|---|---|---|---|---|---|");
        }

        try
        {
            foreach (ScenarioOptions options in sizes)
            {
                SimulationReport report = new ScenarioRun(new LargeScenario(), options).Play();
                reports.Add(report);
                Console.WriteLine(json ? JsonSerializer.Serialize(report, ReportJson.Default.SimulationReport) : Row(report));
                if (report.Failure is { } failure)
                {
                    Console.Error.WriteLine(failure);
                }
            }
        }
        catch (SimulationException failed)
        {
            Console.Error.WriteLine(failed);
            return 1;
        }

        if (picture is not null)
        {
            GrowthPlot.Save(reports, picture.FullName);
        }

        return reports.TrueForAll(static report => report.Failure is null) ? 0 : 1;
    }

    private static string Row(SimulationReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {report.Nodes:n0} | {report.Success:p1} | {report.HopsMean:f2} | {report.DatagramsPerLookup:f1} | {report.LatencyMsP50:n0} | {report.LatencyMsP99:n0} | {report.WallS:n0} |");
}
