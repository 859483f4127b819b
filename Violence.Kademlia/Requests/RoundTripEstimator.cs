namespace Violence.Kademlia.Requests;

/// <summary>
/// Smoothed round-trip time and its variation (RFC 6298, section 2), in whole microseconds so that one fits in 12 bytes.
/// The default value has measured nothing.
/// </summary>
internal struct RoundTripEstimator
{
    /// <summary>Samples are cut here: no answer is waited for half as long.</summary>
    private const int LongestSample = 10_000_000;

    private const int MostBackOffs = 6;

    // RFC 6298's G, in microseconds: round trips that never vary would have every answer called late in the moment it arrives.
    private const int Granularity = 10_000;

    private int _smoothed;
    private int _variation;
    private byte _backOffs;

    /// <summary>Whether anything was measured.</summary>
    public readonly bool IsMeasured => _smoothed > 0;

    /// <summary>SRTT; zero when nothing was measured.</summary>
    public readonly TimeSpan Smoothed => TimeSpan.FromMicroseconds(_smoothed);

    /// <summary>RTTVAR; zero when nothing was measured.</summary>
    public readonly TimeSpan Variation => TimeSpan.FromMicroseconds(_variation);

    /// <summary>SRTT + 4 RTTVAR, doubled for every time-out since the last sample (RFC 6298, 2.2, 2.3 and 5.5), without limits.</summary>
    public readonly TimeSpan Estimate =>
        TimeSpan.FromMicroseconds(((long)_smoothed + Math.Max(Granularity, 4L * _variation)) << _backOffs);

    /// <summary>Takes one measured round trip. Each request has a transaction of its own, so no sample is ambiguous (Karn).</summary>
    public void Observe(TimeSpan roundTrip)
    {
        // At least one microsecond: zero stands for "never measured".
        int sample = (int)Math.Clamp(roundTrip.Ticks / TimeSpan.TicksPerMicrosecond, 1, LongestSample);
        if (!IsMeasured)
        {
            _smoothed = sample;
            _variation = sample / 2;
        }
        else
        {
            _variation = (3 * _variation + Math.Abs(_smoothed - sample)) / 4;
            _smoothed = Math.Max(1, (int)((7L * _smoothed + sample) / 8));
        }

        _backOffs = 0;
    }

    /// <summary>
    /// An answer did not come at all. Without this a peer whose path became slower than its hard time-out would fail forever.
    /// </summary>
    public void BackOff() => _backOffs = (byte)Math.Min(_backOffs + 1, MostBackOffs);
}
