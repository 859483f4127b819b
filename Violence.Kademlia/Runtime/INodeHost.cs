using Violence.Kademlia.Engine;
using Violence.Kademlia.Engine.Operations;
using Violence.Kademlia.Identity;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Runtime;

/// <summary>
/// Where an engine lives, as <see cref="KademliaNode"/> needs it: on a socket and the system's clock (<see cref="NodeHost"/>), or in a
/// simulator. Everything above runs unchanged on both.
/// </summary>
internal interface INodeHost : IAsyncDisposable
{
    NodeIdentity Identity { get; }

    NodeEndpoint LocalEndpoint { get; }

    /// <summary>Completes when the node first found the network, or that there is none to join; fails when it stops before.</summary>
    Task<JoinOutcome> Joined { get; }

    /// <summary>
    /// Whether whoever waits for something is continued right where it happens, instead of on the thread pool: for simulators, which
    /// have one thread and call back only between two steps of an engine.
    /// </summary>
    bool ContinuesInline { get; }

    /// <summary>
    /// Wraps what the engine calls in the middle of a step, when who hears of it may not run there. A simulator calls it between two
    /// steps, at the same instant; on a socket it only writes to channels, and is handed back as it is.
    /// </summary>
    Action<T> Relay<T>(Action<T> callback);

    /// <summary>Randomness for those above, who may not have the engine's: each call gives a source of its own.</summary>
    EntropySource NewEntropy();

    /// <summary>
    /// Runs an operation to its end. Before the node has first known anybody it waits for that, on the loop: a caller that
    /// waited itself would be one more thread to be woken between the join and the first request.
    /// </summary>
    /// <param name="begin">Starts it.</param>
    /// <param name="conclude">Makes the result of the ended operation.</param>
    /// <param name="joinPatience">How long it waits for the join; then it begins with what there is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ObjectDisposedException">The node has stopped, or stops before the operation ends.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    Task<TResult> RunAsync<TOperation, TResult>(
        BeginOperation begin, Func<TOperation, TResult> conclude, TimeSpan joinPatience, CancellationToken cancellationToken)
        where TOperation : Operation;

    /// <summary>Reads something from the engine. After the stop it is as it was at the end.</summary>
    TResult Query<TResult>(Func<KademliaEngine, Instant, TResult> read);

    /// <summary>As <see cref="Query"/>, for what only a running node can do.</summary>
    /// <exception cref="ObjectDisposedException">The node has stopped.</exception>
    TResult QueryRunning<TResult>(Func<KademliaEngine, Instant, TResult> read);

    /// <summary>Completes when the node has stopped, whoever stopped it.</summary>
    Task StopAsync(bool sayGoodbye);
}
