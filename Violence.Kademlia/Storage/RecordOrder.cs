using System.Security.Cryptography;
using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>
/// The one order that decides between records of one key, on write, read and repair alike (docs/protocol.md, "Which record
/// wins"). A total order over verified records: only the same bytes compare as equal, so every holder chooses the same
/// winner in whatever order records arrived.
/// </summary>
internal static class RecordOrder
{
    /// <summary>Whether <paramref name="challenger"/> takes the place of <paramref name="holder"/>.</summary>
    public static bool Wins(Record challenger, Record holder) => Compare(challenger, holder) < 0;

    /// <summary>Negative when <paramref name="left"/> wins, positive when <paramref name="right"/> does, zero for the same bytes.</summary>
    /// <param name="left">A verified record.</param>
    /// <param name="right">A verified record of the same key.</param>
    /// <param name="wanted">The owner that was asked for, if one was: its records win over all others.</param>
    public static int Compare(Record left, Record right, NodeId? wanted = null)
    {
        if (wanted is { } owner)
        {
            int byOwner = (right.Owner == owner).CompareTo(left.Owner == owner);
            if (byOwner != 0)
            {
                return byOwner;
            }
        }

        int bySequence = right.Sequence.CompareTo(left.Sequence);
        return bySequence != 0 ? bySequence : CompareHashes(left, right);
    }

    private static int CompareHashes(Record left, Record right)
    {
        if (left.SameBytes(right))
        {
            return 0;
        }

        Span<byte> leftHash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> rightHash = stackalloc byte[SHA256.HashSizeInBytes];
        left.Hash(leftHash);
        right.Hash(rightHash);
        return leftHash.SequenceCompareTo(rightHash);
    }
}
