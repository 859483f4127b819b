using Microsoft.Extensions.Logging;

namespace Violence.Kademlia.Diagnostics;

/// <summary>Everything the library writes to a log, with stable event ids.</summary>
internal static partial class KademliaLog
{
    [LoggerMessage(1, LogLevel.Information, "Node {Id} listens on {Endpoint} as {Mode} in network '{Network}'")]
    public static partial void Started(this ILogger logger, string id, string endpoint, string mode, string network);

    [LoggerMessage(2, LogLevel.Information, "Joined the network; {Peers} nodes known")]
    public static partial void Joined(this ILogger logger, int peers);

    [LoggerMessage(3, LogLevel.Warning, "All known nodes are gone; trying the seeds again until one answers")]
    public static partial void Lost(this ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "No seeds: this node is the first of its network")]
    public static partial void Alone(this ILogger logger);

    [LoggerMessage(5, LogLevel.Warning, "Seed {Seed} could not be resolved: {Problem}")]
    public static partial void SeedNotResolved(this ILogger logger, string seed, string problem);

    [LoggerMessage(6, LogLevel.Debug, "Trying to join through {Count} addresses")]
    public static partial void Joining(this ILogger logger, int count);

    [LoggerMessage(7, LogLevel.Information, "Node {Id} stopped")]
    public static partial void Stopped(this ILogger logger, string id);

    [LoggerMessage(8, LogLevel.Error, "A fault inside the engine; the datagram or command that caused it was given up")]
    public static partial void EngineFault(this ILogger logger, Exception fault);

    [LoggerMessage(9, LogLevel.Information, "New identity {Fingerprint} written to {Directory}")]
    public static partial void IdentityCreated(this ILogger logger, string fingerprint, string directory);

    [LoggerMessage(10, LogLevel.Warning, "Others could read the identity in {Directory} ({Access}). Whoever read it can act as this node: make a new one if in doubt")]
    public static partial void IdentityWasExposed(this ILogger logger, string directory, string access);

    [LoggerMessage(13, LogLevel.Warning, "None of the {Count} seed addresses can be reached: the socket speaks {Families} only")]
    public static partial void SeedsOutOfReach(this ILogger logger, int count, string families);

    [LoggerMessage(14, LogLevel.Information, "Restored {Records} records held, {Owned} owned and {Contacts} contacts from the last run")]
    public static partial void StateRestored(this ILogger logger, int records, int owned, int contacts);

    [LoggerMessage(15, LogLevel.Warning, "The state of the last run could not be used and was set aside: {Reason}")]
    public static partial void StateSetAside(this ILogger logger, string reason);

    [LoggerMessage(16, LogLevel.Warning, "Of the saved state {Damaged} rows were damaged and were left out")]
    public static partial void StateDamaged(this ILogger logger, int damaged);

    [LoggerMessage(17, LogLevel.Warning, "{Problem}")]
    public static partial void StateProblem(this ILogger logger, string problem);

    [LoggerMessage(18, LogLevel.Error, "State is not saved any more, the node goes on in memory and keeps trying: {Problem}")]
    public static partial void StateNotSaved(this ILogger logger, string problem);

    [LoggerMessage(19, LogLevel.Information, "State is saved again")]
    public static partial void StateSavedAgain(this ILogger logger);
}
