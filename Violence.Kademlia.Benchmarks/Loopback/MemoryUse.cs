using System.Runtime;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>What the process takes at one moment.</summary>
internal readonly record struct MemoryUse(long Resident, long Heap)
{
    /// <summary>Collects first and gives free memory back to the system: the state to measure growth from.</summary>
    public static MemoryUse AfterCollecting()
    {
        long heap = LiveHeap();
        return new MemoryUse(Environment.WorkingSet, heap);
    }

    /// <summary>The resident memory as it is, garbage and all, and then the live heap.</summary>
    public static MemoryUse AsItIs()
    {
        long resident = Environment.WorkingSet;
        return new MemoryUse(resident, LiveHeap());
    }

    private static long LiveHeap()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        // Not GC.GetTotalMemory: what is pinned, as every receive buffer is, throws it off by megabytes.
        GCMemoryInfo after = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return after.HeapSizeBytes - after.FragmentedBytes;
    }
}
