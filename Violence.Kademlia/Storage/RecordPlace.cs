using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// Where a record stands among those of its key: by owner, then by label, both as bytes. Readers page in this order
/// (docs/protocol.md, "FIND_VALUE"), so every holder must have the same.
/// </summary>
internal static class RecordPlace
{
    public static int Compare(NodeId owner, string label, NodeId otherOwner, string otherLabel)
    {
        int byOwner = owner.CompareTo(otherOwner);
        return byOwner != 0 ? byOwner : CompareLabels(label, otherLabel);
    }

    /// <summary>
    /// Whether a place stands after <paramref name="from"/> and before <paramref name="to"/> on the ring of places, where the first
    /// comes after the last; from a place to itself is all the way around.
    /// </summary>
    public static bool IsBetween(RecordCursor from, RecordCursor place, RecordCursor to)
    {
        bool isAfter = Compare(from, place) < 0;
        bool isBefore = Compare(place, to) < 0;
        return Compare(from, to) < 0 ? isAfter && isBefore : isAfter || isBefore;
    }

    private static int Compare(RecordCursor left, RecordCursor right) => Compare(left.Owner, left.Label, right.Owner, right.Label);

    /// <summary>Orders labels as their UTF-8 bytes, without encoding them.</summary>
    public static int CompareLabels(string left, string right)
    {
        int shared = left.AsSpan().CommonPrefixLength(right);
        if (shared == left.Length || shared == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return CodePointRank(left[shared]).CompareTo(CodePointRank(right[shared]));
    }

    // UTF-8 sorts like code points. UTF-16 does too, except that surrogates, which stand for the code points above
    // U+FFFF, are numerically below U+E000 to U+FFFF: lift them over those.
    private static int CodePointRank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
