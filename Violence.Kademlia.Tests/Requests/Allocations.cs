namespace Violence.Kademlia.Tests.Requests;

/// <summary>Bytes that an action allocates on this thread once it is warm.</summary>
internal static class Allocations
{
    private const int Rounds = 2000;

    /// <summary>The bytes of <see cref="Rounds"/> calls, after as many to warm up.</summary>
    public static long Of(Action action)
    {
        for (int i = 0; i < Rounds; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            action();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>The bytes that stay reachable from what the factory makes, or that it threw away in making it.</summary>
    public static long Once(Func<object> factory)
    {
        // Types, static fields and compiled code are not the object's own.
        GC.KeepAlive(factory());
        long before = GC.GetAllocatedBytesForCurrentThread();
        object made = factory();
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(made);
        return after - before;
    }
}
