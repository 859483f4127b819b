namespace Violence.Kademlia;

/// <summary>How to watch a key.</summary>
public sealed record WatchOptions
{
    /// <summary>The largest <see cref="QueueLength"/>.</summary>
    internal const int MaxQueueLength = 10_000;

    /// <summary>How many changes may wait unread: 1 to 10,000, default 1,000. Further ones are dropped, and <see cref="OnGap"/> is called.</summary>
    public int QueueLength { get; init; } = 1_000;

    /// <summary>
    /// Called, by the enumeration and not beside it, when changes may have been missed: the queue was full, or no holder tells
    /// any more. Read the key anew. Default null.
    /// </summary>
    public Action? OnGap { get; init; }
}
