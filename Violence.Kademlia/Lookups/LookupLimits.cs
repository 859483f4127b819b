namespace Violence.Kademlia.Lookups;

/// <summary>How wide and how long a lookup searches. Counts of nodes or of requests.</summary>
internal sealed record LookupLimits
{
    /// <summary>The most contacts taken from one reply (docs/protocol.md, "Messages").</summary>
    public const int MaxContactsPerReply = 32;

    /// <summary>The widest <see cref="Spread"/>.</summary>
    public const int SpreadMax = 32;

    public static LookupLimits Default { get; } = new();

    /// <summary>The paper's alpha: requests in flight, those past their soft time-out not counted.</summary>
    public int Parallelism { get; init; } = 3;

    /// <summary>
    /// Requests in flight once the closest candidate has answered: the search has arrived, and what is left is to hear of
    /// those around, who may as well be asked together. Below <see cref="Parallelism"/> it changes nothing.
    /// </summary>
    public int ArrivedParallelism { get; init; }

    /// <summary>
    /// Out of so many of the closest candidates the next to ask is drawn by chance. With 1 it is always the closest; with as many as hold a record
    /// the readers of a popular key come to all its holders alike, and not to the same few closest.
    /// </summary>
    public int Spread { get; init; } = 1;

    /// <summary>The paper's k: the most that <see cref="ClosestAnswered"/> and <see cref="Lookup.Require"/> can ask for.</summary>
    public int Width { get; init; } = 20;

    /// <summary>The lookup is complete when so many of the closest candidates answered.</summary>
    public int ClosestAnswered { get; init; } = 3;

    /// <summary>Candidates that are kept without having been asked; the farthest go first.</summary>
    public int ShortlistSize { get; init; } = 64;

    /// <summary>Requests in all, so that a liar who invents ever closer nodes is given up.</summary>
    public int MaxRequests { get; init; } = 200;

    /// <summary>Whether all are positive and the closest that must answer fit into the width.</summary>
    public bool AreConsistent =>
        Parallelism > 0 && Spread is > 0 and <= SpreadMax && ClosestAnswered > 0 && ClosestAnswered <= Width && ShortlistSize > 0 && MaxRequests > 0;
}
