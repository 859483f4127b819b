using Violence.Kademlia.Primitives;

namespace Violence.Kademlia.Admission;

/// <summary>A rate and how far a quiet source may run ahead of it.</summary>
/// <param name="PerSecond">Tokens that come back per second.</param>
/// <param name="Burst">Tokens in a full bucket.</param>
internal readonly record struct TokenRate(int PerSecond, int Burst)
{
    /// <summary>How long an empty bucket takes to fill.</summary>
    public TimeSpan RefillTime => new((Burst * TimeSpan.TicksPerSecond + PerSecond - 1) / PerSecond);
}

/// <summary>
/// A token bucket that refills by itself: 16 bytes, full by default, the rate handed in. Counts in tokens times ticks
/// per second, so that refilling is exact however the time is cut up.
/// </summary>
internal struct TokenBucket
{
    private const long Token = TimeSpan.TicksPerSecond;

    private long _missing;
    private Instant _asOf;

    /// <summary>When it was last asked for tokens.</summary>
    public readonly Instant LastAsked => _asOf;

    /// <summary>Takes <paramref name="cost"/> tokens, or none when there are fewer.</summary>
    public bool TryTake(TokenRate rate, Instant now, int cost = 1)
    {
        Refill(rate, now);
        long missing = _missing + cost * Token;
        if (missing > rate.Burst * Token)
        {
            return false;
        }

        _missing = missing;
        return true;
    }

    private void Refill(TokenRate rate, Instant now)
    {
        if (now <= _asOf)
        {
            return;
        }

        // Compared before it is multiplied: a long pause would overflow.
        long elapsed = now.Ticks - _asOf.Ticks;
        _missing = elapsed >= rate.RefillTime.Ticks ? 0 : Math.Max(0, _missing - elapsed * rate.PerSecond);
        _asOf = now;
    }
}
