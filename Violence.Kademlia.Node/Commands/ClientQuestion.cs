using System.CommandLine;
using Violence.Kademlia.Federation;
using Violence.Kademlia.Node.CommandLine;

namespace Violence.Kademlia.Node.Commands;

/// <summary>Joins as a client, asks one thing, and is done within the time the command line gives.</summary>
internal static class ClientQuestion
{
    public static Option<double> Timeout() => Options.Seconds(
        "--timeout",
        "How long joining and asking may take together.",
        least: 0.1,
        most: 300,
        preset: 5);

    public static Task<int> AskAsync(
        ParseResult parsed,
        CommonOptions common,
        TimeSpan timeout,
        Func<ServerDirectory, CancellationToken, Task<int>> ask,
        CancellationToken stop) =>
        AskAsync(parsed, common, timeout, (KademliaNode node, CancellationToken token) => ask(new ServerDirectory(node), token), stop);

    public static Task<int> AskAsync(
        ParseResult parsed,
        CommonOptions common,
        TimeSpan timeout,
        Func<KademliaNode, CancellationToken, Task<int>> ask,
        CancellationToken stop) =>
        NodeSession.RunAsync(
            parsed,
            common,
            NodeMode.Client,
            async (node, token) =>
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
                limit.CancelAfter(timeout);
                await NodeSession.JoinWithinAsync(node, common.Bootstrap(parsed), timeout, token);
                try
                {
                    return await ask(node, limit.Token);
                }
                catch (OperationCanceledException) when (!token.IsCancellationRequested)
                {
                    throw new KademliaException(FormattableString.Invariant(
                        $"the network did not answer within {timeout.TotalSeconds} s; --timeout gives it longer."));
                }
            },
            stop);
}
