namespace Violence.Kademlia.Requests;

/// <summary>
/// Smoothed round-trip time and its variation (RFC 6298, section 2), in whole microseconds so that one fits in 8 bytes.
/// The default value has measured nothing.
/// </summary>
internal struct RoundTripEstimator
{
    /// <summary>Samples are cut here: no answer is waited for half as long.</summary>
    private const int LongestSample = 10_000_000;

    private const int MostBackOffs = 6;

    // RFC 6298's G, in microseconds: round trips that never vary would have every answer called late in the moment it arrives.
    private const int Granularity = 10_000;

    // No sample is longer than 24 bits, and so nothing made of them is.
    private const int SampleBits = 24;

    // The back-offs stand above the variation.
    private int _smoothed;
    private int _rest;

    /// <summary>Whether anything was measured.</summary>
    public readonly bool IsMeasured => _smoothed > 0;

    /// <summary>SRTT; zero when nothing was measured.</summary>
    public readonly TimeSpan Smoothed => TimeSpan.FromMicroseconds(_smoothed);

    /// <summary>RTTVAR; zero when nothing was measured.</summary>
    public readonly TimeSpan Variation => TimeSpan.FromMicroseconds(RestVariation);

    /// <summary>SRTT + 4 RTTVAR, doubled for every time-out since the last sample (RFC 6298, 2.2, 2.3 and 5.5), without limits.</summary>
    public readonly TimeSpan Estimate =>
        TimeSpan.FromMicroseconds(((long)_smoothed + Math.Max(Granularity, 4L * RestVariation)) << BackOffs);

    /// <summary>Takes one measured round trip. Each request has a transaction of its own, so no sample is ambiguous (Karn).</summary>
    public void Observe(TimeSpan roundTrip)
    {
        // At least one microsecond: zero stands for "never measured".
        int sample = (int)Math.Clamp(roundTrip.Ticks / TimeSpan.TicksPerMicrosecond, 1, LongestSample);
        if (!IsMeasured)
        {
            _smoothed = sample;
            _rest = sample / 2;
        }
        else
        {
            _rest = (3 * RestVariation + Math.Abs(_smoothed - sample)) / 4;
            _smoothed = Math.Max(1, (int)((7L * _smoothed + sample) / 8));
        }
    }

    /// <summary>
    /// An answer did not come at all. Without this a peer whose path became slower than its hard time-out would fail forever.
    /// </summary>
    public void BackOff() => _rest = RestVariation | Math.Min(BackOffs + 1, MostBackOffs) << SampleBits;

    private readonly int RestVariation => _rest & ((1 << SampleBits) - 1);

    private readonly int BackOffs => _rest >> SampleBits;
}
