using System.Diagnostics;
using System.Globalization;
using Violence.Kademlia.Benchmarks.Loopback;
using Violence.Kademlia.Engine;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;
using Violence.Kademlia.Wire;

namespace Violence.Kademlia.Benchmarks.Torture;

/// <summary>
/// Two nodes with data directories on loopback, one of which holds many records: FIND_VALUE for keys that nobody has, and that one
/// has, to both by turns in blocks, so that whatever else the machine does slows down both.
/// </summary>
internal static class HolderLoad
{
    private const string Network = "holder";
    private const int Owners = 50;
    private const int WarmUp = 5_000;
    private const int Block = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<HolderReport> RunAsync(int records, int requests)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("violence-kad-holder-");
        try
        {
            KademliaOptions options = KademliaOptions.LocalNetwork with { Network = Network };
            await using KademliaNode empty = await KademliaNode.StartAsync(options with { DataDirectory = Path.Combine(directory.FullName, "empty") });
            await using KademliaNode full = await KademliaNode.StartAsync(options with { DataDirectory = Path.Combine(directory.FullName, "full") });
            using NodeClient toEmpty = Open(empty);
            using NodeClient toFull = Open(full);
            RecordKey[] keys = [.. Enumerable.Range(0, records).Select(static i => RecordKey.FromText("holder", i.ToString(CultureInfo.InvariantCulture)))];
            Measure(toEmpty, toFull, keys, WarmUp);

            MemoryUse before = MemoryUse.AfterCollecting();
            Fill(toFull, keys);
            MemoryUse after = MemoryUse.AsItIs();
            (double ofEmpty, double ofFull) = Measure(toEmpty, toFull, keys, requests);
            return new HolderReport
            {
                Records = full.GetHeldRecords().Count,
                EmptyUs = Math.Round(ofEmpty, 1),
                FullUs = Math.Round(ofFull, 1),
                Ratio = Math.Round(ofFull / ofEmpty, 3),
                ResidentGrowthBytes = after.Resident - before.Resident,
                HeapGrowthBytes = after.Heap - before.Heap,
            };
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static NodeClient Open(KademliaNode node)
    {
        var client = new NodeClient(node.LocalEndPoint, NetworkIds.Of(Network), EntropySource.System());
        return client.TryOpen(Patience) ? client : throw new InvalidOperationException("The node does not answer.");
    }

    private static void Fill(NodeClient client, RecordKey[] keys)
    {
        NodeIdentity[] owners = [.. Enumerable.Range(0, Owners).Select(static _ => NodeIdentity.Create())];
        RecordAuthor[] authors = [.. owners.Select(static owner => new RecordAuthor(owner, NetworkIds.Of(Network)))];
        for (int i = 0; i < keys.Length; i++)
        {
            Record record = authors[i % Owners].Write(keys[i], "", new byte[200], Record.MaxTimeToLive, TimeProvider.System.GetUtcNow());
            while (client.Store(record) is null || !client.TryReceive(Patience) || client.Message.Status is not (StoreStatus.Stored or StoreStatus.Refreshed))
            {
                // Lost on the way, or a late answer to an earlier one: once more.
            }
        }

        Array.ForEach(owners, static owner => owner.Dispose());
    }

    private static (double Empty, double Full) Measure(NodeClient toEmpty, NodeClient toFull, RecordKey[] keys, int requests)
    {
        double empty = double.MaxValue;
        double full = double.MaxValue;
        for (int first = 0; first < requests; first += Block)
        {
            empty = Math.Min(empty, MedianOfBlock(toEmpty, keys, first));
            full = Math.Min(full, MedianOfBlock(toFull, keys, first));
        }

        return (empty, full);
    }

    private static double MedianOfBlock(NodeClient client, RecordKey[] keys, int first)
    {
        double[] times = new double[Block];
        for (int i = 0; i < Block; i++)
        {
            times[i] = RoundTrip(client, keys[(first + i) * 7 % keys.Length]);
        }

        Array.Sort(times);
        return times[Block / 2];
    }

    private static double RoundTrip(NodeClient client, RecordKey key)
    {
        long start = Stopwatch.GetTimestamp();
        if (!client.FindValue(key) || !client.TryReceive(Patience))
        {
            throw new InvalidOperationException("The node does not answer.");
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }
}
