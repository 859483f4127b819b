using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Engine.Operations;

/// <summary>A stretch of the ring of places that is still to be read from one holder, page by page.</summary>
internal sealed class Arc(HolderWalk walk, RecordCursor at, RecordCursor end)
{
    public HolderWalk Walk { get; } = walk;

    /// <summary>Read up to here, this place included.</summary>
    public RecordCursor At { get; set; } = at;

    /// <summary>The last place that belongs to it.</summary>
    public RecordCursor End { get; set; } = end;

    /// <summary>Whether its next page is under way.</summary>
    public bool IsAsked { get; set; }

    public double Width => OwnerRing.Width(At, End);
}
