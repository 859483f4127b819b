using System.CommandLine;
using Violence.Kademlia.Node.CommandLine;
using Violence.Kademlia.Node.Output;

namespace Violence.Kademlia.Node.Commands;

/// <summary>Starts a node for a command, and stops it within bounded time whatever happens.</summary>
internal static class NodeSession
{
    /// <summary>How long saying goodbye may take.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long nobody may answer before the person at the terminal is told.</summary>
    private static readonly TimeSpan JoinNotice = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="body"/> with a started node.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="common">Its common options.</param>
    /// <param name="mode">The node's mode; null: as the command line says.</param>
    /// <param name="body">What to do; its result is the exit code.</param>
    /// <param name="stop">Cancelled by a signal.</param>
    public static async Task<int> RunAsync(
        ParseResult parsed,
        CommonOptions common,
        NodeMode? mode,
        Func<KademliaNode, CancellationToken, Task<int>> body,
        CancellationToken stop)
    {
        using var logging = LogOutput.Create(common.MinimumLevel(parsed));
        var node = await StartAsync(common.Bind(parsed, mode, logging), stop);
        try
        {
            return await body(node, stop);
        }
        finally
        {
            await StopAsync(node);
        }
    }

    /// <summary>Waits until the node has joined, and says so on stderr when that takes long. It keeps trying.</summary>
    public static async Task<BootstrapResult> JoinAsync(KademliaNode node, IReadOnlyList<string> seeds, Terminal terminal, CancellationToken stop)
    {
        var joining = node.BootstrapAsync(stop);
        if (await Task.WhenAny(joining, Task.Delay(JoinNotice, stop)) != joining && !stop.IsCancellationRequested)
        {
            terminal.Complain(FormattableString.Invariant(
                $"no bootstrap node has answered within {JoinNotice.TotalSeconds} s ({string.Join(", ", seeds)}); still trying."));
        }

        return await joining;
    }

    /// <summary>Waits until the node has joined, but not longer than a time; a failure tells which nodes were tried.</summary>
    public static async Task JoinWithinAsync(KademliaNode node, IReadOnlyList<string> seeds, TimeSpan patience, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        try
        {
            await node.BootstrapAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new KademliaException(FormattableString.Invariant(
                $"no bootstrap node answered within {patience.TotalSeconds} s: {string.Join(", ", seeds)}."));
        }
    }

    /// <summary>Completes when the token is cancelled; never faults.</summary>
    public static async Task UntilStoppedAsync(CancellationToken stop) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static async Task<KademliaNode> StartAsync(KademliaOptions options, CancellationToken stop)
    {
        try
        {
            return await KademliaNode.StartAsync(options, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong);
        }
    }

    private static async Task StopAsync(KademliaNode node)
    {
        using var limit = new CancellationTokenSource(StopPatience);
        try
        {
            await node.StopAsync(sayGoodbye: true, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The others will notice by themselves that the node is gone.
        }
    }
}
