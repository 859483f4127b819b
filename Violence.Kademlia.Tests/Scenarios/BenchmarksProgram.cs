using System.Diagnostics;

namespace Violence.Kademlia.Tests.Scenarios;

/// <summary>The benchmarks' own commands as a process of their own, built next to the tests. The wait for it is bounded.</summary>
internal static class BenchmarksProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        string configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Release"
            : "Debug";
        string program = Path.Combine(
            AppContext.BaseDirectory, "..", "..", "..", "..", "Violence.Kademlia.Benchmarks", "bin", configuration, "net10.0", "Violence.Kademlia.Benchmarks.dll");
        if (!File.Exists(program))
        {
            Assert.Ignore("The benchmarks are not built: build the solution, not the tests alone.");
        }

        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{string.Join(' ', args)}' did not end within {Patience.TotalSeconds} s.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
