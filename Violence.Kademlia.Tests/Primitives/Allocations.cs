namespace Violence.Kademlia.Tests.Primitives;

/// <summary>
/// Bytes that code allocates on this thread. What the runtime itself allocates there now and then, while it compiles or widens a table of
/// its own, is not the code's: so each figure is the least of several tries. What the code allocates shows in every one.
/// </summary>
internal static class Allocations
{
    private const int Tries = 5;
    private const int Rounds = 2000;

    /// <summary>The bytes of at least <see cref="Rounds"/> calls, after as many to warm up.</summary>
    public static long Of(Action action)
    {
        int rounds = Rounds;
        Repeat(action, rounds);

        // Each try makes as many calls as there were before it, so that a list which doubles as it grows does so in every one.
        return Least(
            () => rounds,
            calls =>
            {
                Repeat(action, calls);
                rounds += calls;
            });
    }

    /// <summary>The bytes of what the factory makes, with all that it threw away in making it.</summary>
    public static long Once(Func<object> factory)
    {
        // Types, static fields and compiled code are not the object's own.
        GC.KeepAlive(factory());
        return Least(() => factory, static make => GC.KeepAlive(make()));
    }

    /// <summary>The bytes of one use of what is prepared anew for each try; preparing is not counted.</summary>
    public static long Least<T>(Func<T> prepare, Action<T> use)
    {
        long least = long.MaxValue;
        for (int time = 0; time < Tries && least > 0; time++)
        {
            T prepared = prepare();
            long before = GC.GetAllocatedBytesForCurrentThread();
            use(prepared);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void Repeat(Action action, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            action();
        }
    }
}
