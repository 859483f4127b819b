using System.CommandLine;
using BenchmarkDotNet.Running;
using Violence.Kademlia.Benchmarks.Simulate;

namespace Violence.Kademlia.Benchmarks;

/// <summary>BenchmarkDotNet's switches, or one of our own commands.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Command simulate = SimulateCommand.Create();
        if (args.Length > 0 && args[0] == simulate.Name)
        {
            return simulate.Parse(args[1..]).Invoke();
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
    }
}
