using System.CommandLine;
using BenchmarkDotNet.Running;
using Violence.Kademlia.Benchmarks.Loopback;
using Violence.Kademlia.Benchmarks.Simulate;
using Violence.Kademlia.Benchmarks.Torture;

namespace Violence.Kademlia.Benchmarks;

/// <summary>BenchmarkDotNet's switches, or one of our own commands.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Command[] commands = [SimulateCommand.Create(), LoopbackCommand.Create(), TortureCommand.Create()];
        if (args.Length > 0 && Array.Find(commands, command => command.Name == args[0]) is { } command)
        {
            return command.Parse(args[1..]).Invoke();
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
    }
}
