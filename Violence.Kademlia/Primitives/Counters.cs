namespace Violence.Kademlia.Primitives;

/// <summary>
/// What a node has counted since it started. Written by the node's loop only; readers may see a value a moment old.
/// </summary>
internal sealed class Counters
{
    public static readonly int DropReasons = Enum.GetValues<DropReason>().Length;

    private readonly long[] _dropped = new long[DropReasons];

    public long DatagramsReceived;
    public long DatagramsSent;
    public long BytesReceived;
    public long BytesSent;
    public long RequestsServed;
    public long RequestsSent;
    public long RepliesMatched;
    public long RequestsTimedOut;
    public long RequestsRetransmitted;
    public long RecordsRefused;
    public long SignaturesVerified;
    public long NewsSent;
    public long NewsHeldBack;
    public long NewsReceived;

    public void Drop(DropReason reason) => Interlocked.Increment(ref _dropped[(int)reason]);

    public long Dropped(DropReason reason) => Volatile.Read(ref _dropped[(int)reason]);

    public long DroppedTotal => _dropped.Sum();
}
