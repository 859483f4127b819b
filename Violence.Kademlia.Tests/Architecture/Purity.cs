namespace Violence.Kademlia.Tests.Architecture;

/// <summary>What the engine and everything below it may not touch: they get bytes, commands and the time handed in.</summary>
internal static class Purity
{
    /// <summary>The engine's level; adapters with input, output and tasks start above it.</summary>
    public const int HighestPureLevel = 2;

    private static readonly string[] Namespaces =
    [
        "Microsoft.Extensions.Logging",
        "System.Collections.Concurrent",
        "System.IO",
        "System.Net.Http",
        "System.Net.NetworkInformation",
        "System.Net.Sockets",
        "System.Threading",
    ];

    private static readonly string[] Types =
    [
        "System.Console",
        "System.Diagnostics.Process",
        "System.Diagnostics.Stopwatch",
        "System.Net.Dns",
        "System.Random",
        "System.TimeProvider",
        "System.Runtime.CompilerServices.IAsyncStateMachine",
    ];

    private static readonly string[] Allowed =
    [
        // An IPAddress tells its family by this enumeration.
        "System.Net.Sockets.AddressFamily",
        // Counters may be read from another thread; neither of these two waits.
        "System.Threading.Interlocked",
        "System.Threading.Volatile",
    ];

    public static string? Objection(string folder, TypeName used)
    {
        int level = Layers.LevelOf(folder);
        if (level < 0 || level > HighestPureLevel || !Forbidden(level, used))
        {
            return null;
        }

        return $"{folder} (level {level}) is pure and may not use {used}";
    }

    private static bool Forbidden(int level, TypeName used)
    {
        string name = used.ToString();
        if (Allowed.Contains(name) || (used.Namespace == "System.IO" && used.Name.EndsWith("Exception", StringComparison.Ordinal)))
        {
            return false;
        }

        // The source of entropy itself is a primitive; who needs random bits above it is handed one.
        return Types.Contains(name)
            || Namespaces.Any(ns => used.Namespace == ns || used.Namespace.StartsWith(ns + ".", StringComparison.Ordinal))
            || (level > 0 && name == "System.Security.Cryptography.RandomNumberGenerator");
    }
}
