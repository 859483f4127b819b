using System.CommandLine;
using System.CommandLine.Invocation;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node;

/// <summary>The program: parses the command line, runs one command, turns its end into an exit code.</summary>
internal static class Program
{
    public const string Name = "violence-kad";

    private static async Task<int> Main(string[] args)
    {
        using var signals = new StopSignals();
        var terminal = new Terminal(Console.Out, Console.Error, isInteractive: !Console.IsOutputRedirected, Browser.SystemConsole.Detect);
        return await RunAsync(args, terminal, signals.Token);
    }

    internal static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken stop)
    {
        // A server may be called "@home": no reading of arguments from files.
        var parsed = CommandTree.Build(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            foreach (string message in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            {
                terminal.Complain(message);
            }

            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            terminal.Complain($"'{Name}{command} --help' tells the options.");
            return ExitCodes.WrongUsage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            // Signals are StopSignals' business: withdrawing takes longer than the parser's own handler would wait.
            ProcessTerminationTimeout = null,
        };

        try
        {
            return await parsed.InvokeAsync(invocation, stop);
        }
        catch (UsageException wrong)
        {
            terminal.Complain(wrong.Message);
            return ExitCodes.WrongUsage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            terminal.Complain("stopped before it was done.");
            return ExitCodes.Failed;
        }
        catch (Exception failure) when (failure is KademliaException or IOException or UnauthorizedAccessException)
        {
            terminal.Complain(failure.Message);
            return ExitCodes.Failed;
        }
        catch (Exception defect)
        {
            terminal.Complain($"this is a defect of the program: {defect}");
            return ExitCodes.Failed;
        }
    }
}
