using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary><c>loopback</c>: measures a whole network of real sockets in this process, one line of JSON per metric.</summary>
internal static class LoopbackCommand
{
    private const int WrongUsage = 2;
    private const int NodesMax = 2_000;
    private const int OperationsMax = 1_000_000;
    private const int SettleMax = 60;

    public static Command Create()
    {
        var nodes = new Option<int>("--nodes") { Description = $"Nodes, 2 to {NodesMax}.", DefaultValueFactory = static _ => 128 };
        var puts = new Option<int>("--puts") { Description = "Records put.", DefaultValueFactory = static _ => 200 };
        var gets = new Option<int>("--gets") { Description = "Gets of each kind.", DefaultValueFactory = static _ => 500 };
        var size = new Option<int>("--value-size") { Description = "Bytes of each record's payload.", DefaultValueFactory = static _ => 200 };
        var seed = new Option<ulong>("--seed") { Description = "Who joins, publishes and asks.", DefaultValueFactory = static _ => 1 };
        var fresh = new Option<int>("--fresh") { Description = "Fresh nodes of each phase that starts some.", DefaultValueFactory = static _ => 20 };
        var settle = new Option<int>("--settle") { Description = $"Seconds of rest for the network before measuring, 0 to {SettleMax}.", DefaultValueFactory = static _ => 10 };
        var isAsIs = new Option<bool>("--runtime-as-is") { Description = "Leave the garbage collector's settings as they are, instead of making them fit for many nodes." };
        var command = new Command("loopback", "Measures a network of real sockets on loopback, all nodes in this process.")
        {
            nodes, puts, gets, size, seed, fresh, settle, isAsIs,
        };
        command.SetAction(async (parsed, _) =>
        {
            var options = new LoopbackOptions
            {
                Nodes = parsed.GetValue(nodes),
                Puts = parsed.GetValue(puts),
                Gets = parsed.GetValue(gets),
                ValueSize = parsed.GetValue(size),
                Seed = parsed.GetValue(seed),
                Fresh = parsed.GetValue(fresh),
                Settle = TimeSpan.FromSeconds(parsed.GetValue(settle)),
            };
            if (Refuse(options) is { } refusal)
            {
                await Console.Error.WriteLineAsync(refusal);
                return WrongUsage;
            }

            return parsed.GetValue(isAsIs) || SmallHeap.IsSet ? await TellAsync(new LoopbackRun(options)) : await SmallHeap.RunAgainAsync();
        });
        return command;
    }

    private static string? Refuse(LoopbackOptions options)
    {
        int sizeMax = RecordCodec.MaxPayload(labelSize: 0);
        (string Option, double Value, double Least, double Most)[] ranges =
        [
            ("--nodes", options.Nodes, 2, NodesMax),
            ("--puts", options.Puts, 1, OperationsMax),
            ("--gets", options.Gets, 1, OperationsMax),
            ("--value-size", options.ValueSize, 0, sizeMax),
            ("--fresh", options.Fresh, 1, NodesMax),
            ("--settle", options.Settle.TotalSeconds, 0, SettleMax),
        ];
        return ranges
            .Where(static range => range.Value < range.Least || range.Value > range.Most)
            .Select(static range => string.Create(CultureInfo.InvariantCulture, $"{range.Option} is {range.Value}; allowed: {range.Least:N0} to {range.Most:N0}."))
            .FirstOrDefault();
    }

    /// <summary>What gets do right after a crash is a figure, not a promise; any other failure is one of the harness.</summary>
    private static async Task<int> TellAsync(LoopbackRun run)
    {
        bool isFine = true;
        await foreach (MetricLine line in run.PlayAsync())
        {
            Console.WriteLine(JsonSerializer.Serialize(line, MetricJson.Default.MetricLine));
            if (line.HasFailures)
            {
                await Console.Error.WriteLineAsync($"{line.Metric}: {line.Total - line.Ok} of {line.Total} failed; the first: {line.Problem ?? "no time left"}");
                isFine &= line.Metric == LoopbackRun.AfterVanish;
            }
        }

        return isFine ? 0 : 1;
    }
}
