using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary><c>torture</c>: mistreats a node and tells whether it kept what it promised. Exit code 1: it did not.</summary>
internal static class TortureCommand
{
    private const int WrongUsage = 2;

    public static Command Create()
    {
        var command = new Command("torture", "Mistreats a node and tells whether it kept what it promised.")
        {
            CreateKill(), CreateFlood(), CreateHolder(), CreateChild(),
        };
        return command;
    }

    private static Command CreateKill()
    {
        Option<int> rounds = Number("--rounds", "How often it is killed.", preset: 20);
        Option<ulong> seed = new("--seed") { Description = "What is stored, and roughly when it is killed.", DefaultValueFactory = static _ => 1 };
        Option<bool> json = Json();
        var command = new Command("kill", "Kills a node in a process of its own while it stores records, and looks for what it acknowledged.") { rounds, seed, json };
        command.SetAction(async (parsed, _) =>
        {
            if (Refuse(rounds.Name, parsed.GetValue(rounds), 1, 100_000))
            {
                return WrongUsage;
            }

            await using var torture = new KillTorture(parsed.GetValue(seed));
            KillReport report = await torture.RunAsync(parsed.GetValue(rounds));
            Tell(report, TortureJson.Default.KillReport, parsed.GetValue(json));
            return report is { Lost: 0, FailedStarts: 0, Acknowledged: > 0 } ? 0 : 1;
        });
        return command;
    }

    private static Command CreateFlood()
    {
        Option<int> puts = Number("--puts", "Records the attackers put.", preset: 1_000_000);
        Option<int> owners = Number("--owners", "Keys the attackers sign with.", preset: 10_000);
        Option<ulong> seed = new("--seed") { Description = "Decides everything.", DefaultValueFactory = static _ => 1 };
        Option<bool> json = Json();
        var command = new Command("flood", "Has a few networks flood one node with records while others put theirs.") { puts, owners, seed, json };
        command.SetAction(parsed =>
        {
            if (Refuse(puts.Name, parsed.GetValue(puts), 1_000, 100_000_000) || Refuse(owners.Name, parsed.GetValue(owners), 1, 1_000_000))
            {
                return WrongUsage;
            }

            FloodReport report = new FloodTorture(parsed.GetValue(puts), parsed.GetValue(owners), parsed.GetValue(seed)).Run();
            Tell(report, TortureJson.Default.FloodReport, parsed.GetValue(json));
            return report.StoreBytesMax <= report.StoreBytesCap && report.HonestAccepted >= 0.99 * report.HonestPuts ? 0 : 1;
        });
        return command;
    }

    private static Command CreateHolder()
    {
        Option<int> records = Number("--records", "Records held.", preset: 10_000);
        Option<int> requests = Number("--requests", "Requests to each of the two nodes.", preset: 20_000);
        Option<bool> json = Json();
        var command = new Command("holder", "Compares how fast a node answers that holds many records with one that holds none, over sockets.") { records, requests, json };
        command.SetAction(async (parsed, _) =>
        {
            if (Refuse(records.Name, parsed.GetValue(records), 1, 100_000) || Refuse(requests.Name, parsed.GetValue(requests), 1_000, 10_000_000))
            {
                return WrongUsage;
            }

            HolderReport report = await HolderLoad.RunAsync(parsed.GetValue(records), parsed.GetValue(requests));
            Tell(report, TortureJson.Default.HolderReport, parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static Command CreateChild()
    {
        Option<string> directory = new("--data-dir") { Required = true };
        Option<string[]> bootstrap = new("--bootstrap") { Required = true };
        var command = new Command(ChildNode.CommandName, "The node that 'kill' kills.") { directory, bootstrap };
        command.Hidden = true;
        command.SetAction((parsed, _) => ChildNode.RunAsync(parsed.GetRequiredValue(directory), parsed.GetRequiredValue(bootstrap)));
        return command;
    }

    private static Option<int> Number(string name, string description, int preset) => new(name) { Description = description, DefaultValueFactory = _ => preset };

    private static Option<bool> Json() => new("--json") { Description = "One line of JSON." };

    private static bool Refuse(string option, int value, int least, int most)
    {
        bool isWrong = value < least || value > most;
        if (isWrong)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; allowed: {least:N0} to {most:N0}."));
        }

        return isWrong;
    }

    private static void Tell<T>(T report, JsonTypeInfo<T> type, bool json)
    {
        string line = JsonSerializer.Serialize(report, type);
        if (json)
        {
            Console.WriteLine(line);
            return;
        }

        using JsonDocument document = JsonDocument.Parse(line);
        foreach (JsonProperty field in document.RootElement.EnumerateObject())
        {
            Console.WriteLine($"{field.Name,-24} {field.Value}");
        }
    }
}
