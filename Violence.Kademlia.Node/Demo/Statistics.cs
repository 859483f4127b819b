namespace Violence.Kademlia.Node.Demo;

/// <summary>Percentiles of measured times.</summary>
internal static class Statistics
{
    /// <summary>
    /// The smallest measured value that at least <paramref name="percent"/> % of the values don't exceed (nearest rank);
    /// null when nothing was measured.
    /// </summary>
    /// <param name="values">The values, in any order.</param>
    /// <param name="percent">Above 0, at most 100.</param>
    public static double? Percentile(IEnumerable<double> values, double percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[(int)Math.Ceiling(percent / 100 * sorted.Length) - 1];
    }

    /// <summary>Milliseconds to the microsecond: more digits would only pretend.</summary>
    public static double? Round(double? milliseconds) => milliseconds is { } value ? Math.Round(value, 3) : null;
}
