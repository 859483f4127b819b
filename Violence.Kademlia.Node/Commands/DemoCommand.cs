using System.CommandLine;
using System.Globalization;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Demo;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>demo</c>: a whole network on this host, put through everything that matters.</summary>
internal static class DemoCommand
{
    private const double MostSeconds = 3_600;

    public static Command Create(Terminal terminal)
    {
        var command = new Command("demo", "Runs a network on this host: nodes join, announce, look up, query, crash; exits with 0 only if all went well.");
        var nodes = Options.Integer(
            "--nodes", "N", "How many nodes.", DemoSettings.LeastNodes, DemoSettings.MostNodes, DemoSettings.PresetNodes);
        var servers = Options.Integer(
            "--servers", "N", "How many game servers they announce.", DemoSettings.LeastServers, DemoSettings.MostServers, DemoSettings.PresetServers);
        var seed = Options.Integer(
            "--seed", "N", "Decides who joins through whom, who announces what and who crashes.", 0, int.MaxValue, preset: 1);
        var timeout = Options.Seconds("--timeout", "How long all of it may take.", least: 0.1, most: MostSeconds, DemoSettings.PresetTimeoutSeconds);
        command.Add(nodes);
        command.Add(servers);
        command.Add(seed);
        command.Add(timeout);
        var common = CommonOptions.AddOutput(command);
        command.SetAction(async (parsed, stop) =>
        {
            var settings = new DemoSettings(
                parsed.GetValue(nodes), parsed.GetValue(servers), parsed.GetValue(seed), TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            using var logging = LogOutput.Create(common.MinimumLevel(parsed));
            bool json = common.Json(parsed);
            IDemoProgress progress = json ? new SilentProgress() : terminal.IsInteractive ? new LiveProgress(terminal) : new PlainProgress(terminal);
            var outcome = await progress.ShowAsync(() => DemoRunner.RunAsync(settings, progress, logging, stop));
            Report(outcome, json, terminal);
            return outcome.Report.Ok ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static void Report(DemoOutcome outcome, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.WriteJson(outcome.Report, Documents.Default.DemoReport);
        }
        else
        {
            Table(outcome).WriteTo(terminal);
            terminal.WriteLine(outcome.Report.Ok ? "Everything did what it should." : "Not everything did what it should.");
        }

        foreach (string reason in outcome.Report.Reasons)
        {
            terminal.Complain(reason);
        }
    }

    private static TextTable Table(DemoOutcome outcome)
    {
        var table = new TextTable("step", "done", "p50 ms", "p95 ms", "result");
        foreach (var step in outcome.Steps)
        {
            table.Add(
                step.Title,
                string.Create(CultureInfo.InvariantCulture, $"{step.Done}/{step.Expected}"),
                Milliseconds(step, 50),
                Milliseconds(step, 95),
                step.IsGood ? "ok" : "failed");
        }

        return table;
    }

    private static string Milliseconds(StepLog step, double percent) =>
        Statistics.Percentile(step.Milliseconds, percent)?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";
}
