using System.Globalization;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>
/// The node that is killed: serves, and puts records of its own all the time. Tells on stdout where it listens with what it has
/// restored, and each of its puts that was stored. Ends when its parent does.
/// </summary>
internal static class ChildNode
{
    public const string CommandName = "child";
    public const string Network = "torture";

    /// <summary>How many keys its own records stand under.</summary>
    public const int OwnKeys = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    public static async Task<int> RunAsync(string directory, string[] bootstrap)
    {
        KademliaOptions options = KademliaOptions.LocalNetwork with { Network = Network, DataDirectory = directory, Bootstrap = bootstrap };
        await using KademliaNode node = await KademliaNode.StartAsync(options);
        Say($"ready {node.LocalEndPoint} {node.GetHeldRecords().Count} {node.GetOwnedRecords().Count}");
        Task<string> parent = Console.In.ReadToEndAsync();
        for (int i = 0; !parent.IsCompleted; i++)
        {
            RecordKey key = RecordKey.FromText("own", (i % OwnKeys).ToString(CultureInfo.InvariantCulture));
            PutResult put = await node.PutAsync(key, new byte[i % 300]);
            if (put.IsStored)
            {
                Say($"own {put.Record.Key} {put.Record.Sequence}");
            }

            await Task.Delay(Pause);
        }

        return 0;
    }

    private static void Say(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));
}
