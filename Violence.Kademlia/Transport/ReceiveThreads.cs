namespace Violence.Kademlia.Transport;

/// <summary>How many transports may still have a receive thread of their own. Threads may call it side by side.</summary>
internal sealed class ReceiveThreads(int max)
{
    private int _taken;

    /// <summary>Few: who runs more nodes than this in one process wants them small.</summary>
    public static ReceiveThreads OfProcess { get; } = new(max: 4);

    /// <summary>Takes one.</summary>
    /// <returns>False when all are taken; otherwise <see cref="GiveBack"/> is to be called once.</returns>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= max)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    /// <summary>A transport that had one is closed.</summary>
    public void GiveBack() => Interlocked.Decrement(ref _taken);
}
