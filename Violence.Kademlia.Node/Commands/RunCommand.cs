using System.CommandLine;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary><c>run</c>: a node until it is stopped, for example a bootstrap node.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("run", "Runs a node until SIGINT or SIGTERM; then it says goodbye and exits with 0.");
        var common = CommonOptions.AddNode(command, needsBootstrap: false);
        command.SetAction((parsed, stop) => NodeSession.RunAsync(
            parsed,
            common,
            mode: null,
            (node, token) => RunAsync(node, common.Bootstrap(parsed), common.Json(parsed), terminal, token),
            stop));
        return command;
    }

    private static async Task<int> RunAsync(KademliaNode node, IReadOnlyList<string> seeds, bool json, Terminal terminal, CancellationToken stop)
    {
        var ready = new ReadyDocument(
            "ready",
            node.Id.ToString(),
            node.Fingerprint,
            node.LocalEndPoint.ToString(),
            node.Network,
            node.Mode == NodeMode.Server ? "server" : "client");
        if (json)
        {
            terminal.WriteJson(ready, Documents.Default.ReadyDocument);
        }
        else
        {
            terminal.WriteLine($"ready id={ready.Id} fingerprint={ready.Fingerprint} address={ready.Address}");
        }

        try
        {
            await NodeSession.JoinAsync(node, seeds, terminal, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while still joining: that is a good end too.
        }

        await NodeSession.UntilStoppedAsync(stop);
        return ExitCodes.Done;
    }
}
