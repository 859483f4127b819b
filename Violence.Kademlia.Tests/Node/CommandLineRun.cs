using Violence.Kademlia.Node;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Tests.Node;

/// <summary>Runs the program inside the test process.</summary>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    public static async Task<CommandLineRun> OfAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = await Program.RunAsync(args, new Terminal(output, error, isInteractive: false), CancellationToken.None);
        return new CommandLineRun(exitCode, output.ToString(), error.ToString());
    }
}
