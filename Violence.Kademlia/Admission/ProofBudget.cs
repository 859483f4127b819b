using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Admission;

/// <summary>
/// How many signatures the node makes or checks for others: they are the one expensive thing a datagram can ask for
/// (14 and 41 µs), so they have a budget of their own, over all sources together.
/// </summary>
/// <param name="rate">Signatures per second, and at once after a quiet time.</param>
internal sealed class ProofBudget(TokenRate rate)
{
    public static TokenRate DefaultRate => new(PerSecond: 500, Burst: 1000);

    private TokenBucket _bucket;

    public bool TryTake(Instant now, int signatures = 1) => _bucket.TryTake(rate, now, signatures);
}
