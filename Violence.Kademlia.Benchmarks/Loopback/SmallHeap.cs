using System.Diagnostics;

namespace Violence.Kademlia.Benchmarks.Loopback;

/// <summary>
/// Settings for a process of many nodes, which the runtime takes at its start alone: so this program starts itself once more. Left
/// to itself the collector lets garbage grow to the size of the processor's largest cache, whatever the nodes need.
/// </summary>
internal static class SmallHeap
{
    // The first is hexadecimal: 384 KiB. The other spares code that counts how it is called, before it is compiled for good.
    private static readonly (string Name, string Value)[] Settings = [("DOTNET_GCGen0MaxBudget", "60000"), ("DOTNET_TieredPGO", "0")];

    /// <summary>Whether this process was started with settings of its own, by <see cref="RunAgainAsync"/> or by whoever called.</summary>
    public static bool IsSet => Array.TrueForAll(Settings, static setting => Environment.GetEnvironmentVariable(setting.Name) is not null);

    /// <summary>Does what this process was asked to in another one that has the settings.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAgainAsync()
    {
        // The first of them is the program itself.
        ProcessStartInfo start = ThisProgram.With(Environment.GetCommandLineArgs().Skip(1));
        foreach ((string name, string value) in Settings)
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        void End(object? sender, EventArgs e) => child.Kill();
        AppDomain.CurrentDomain.ProcessExit += End;
        await child.WaitForExitAsync();
        AppDomain.CurrentDomain.ProcessExit -= End;
        return child.ExitCode;
    }
}
