using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Storage;

/// <summary>How much something holds, or may hold.</summary>
/// <param name="Records">Records.</param>
/// <param name="Bytes">Their bytes as they travel.</param>
internal readonly record struct Tally(int Records, long Bytes)
{
    // Keeps products in Weigh from overflowing, whatever limits are configured.
    private const long MostBytes = 1L << 60;

    public static Tally Of(Record record) => new(1, record.Size);

    public bool Exceeds(Tally limit) => Records > limit.Records || Bytes > limit.Bytes;

    /// <summary>
    /// One number for both: bytes, or as many as its records have of the limit on average, whichever is more. So whoever takes
    /// most of what is scarcer is the heaviest, with few large records as with many small ones.
    /// </summary>
    public long Weigh(Tally limit) =>
        Math.Max(Bytes, Records * Math.Max(1, Math.Min(limit.Bytes, MostBytes) / Math.Max(1, limit.Records)));

    public static Tally operator +(Tally left, Tally right) => new(left.Records + right.Records, left.Bytes + right.Bytes);

    public static Tally operator -(Tally left, Tally right) => new(left.Records - right.Records, left.Bytes - right.Bytes);
}
